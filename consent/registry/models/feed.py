"""The change feed: what each organization has to be told, numbered without gaps.

The database itself writes these rows, in the transaction of the event and while the log's head is locked (a trigger
of `log_event`; decision 16): so no operation can forget to, and numbers follow the order of the history.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text, optional_id, relation


class GrantRecipient(models.Model):
    """An organization that a grant names as a recipient; written with the grant, from its terms."""

    livemode = models.BooleanField()
    grant = relation("registry.Grant", db_index=False)
    organization = relation("registry.Organization", db_index=False)
    licensee = relation("registry.Organization", db_index=False)
    performer = relation("registry.Performer")

    class Meta:
        """A grant names an organization once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["grant", "organization"], name="grant_recipient_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organization", "livemode", "licensee", "performer"], name="grant_recipient_by_side"
            )
        ]


class FeedCounter(models.Model):
    """How far an organization's counter has come on one side; no row: nothing was told yet."""

    organization = relation("registry.Organization", db_index=False)
    livemode = models.BooleanField()
    n = models.BigIntegerField()

    class Meta:
        """One counter a side."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "livemode"], name="feed_counter_once")
        ]


class FeedEntry(models.Model):
    """One event for one organization: it touched the facts of `performer` towards `licensee`.

    `reference` is what the licensee calls the performer; `event` what the organization is told of it.
    """

    organization = relation("registry.Organization", db_index=False)
    livemode = models.BooleanField()
    n = models.BigIntegerField()
    seq = models.BigIntegerField()
    event = id_text()
    performer = relation("registry.Performer", db_index=False)
    licensee = relation("registry.Organization", db_index=False)
    reference = id_text(max_length=64)
    grant = optional_id()
    at = models.DateTimeField()

    class Meta:
        """A number is given once; a side is followed by seq."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "livemode", "n"], name="feed_entry_once"),
            models.CheckConstraint(condition=Q(n__gte=1), name="feed_entry_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "livemode", "seq"], name="feed_entry_by_place"),
            models.Index(fields=["livemode", "seq"], name="feed_entry_by_seq"),
        ]


class FeedStart(models.Model):
    """Up to which seq a side's history was written before there was a feed; no row: all of it is in the feed."""

    livemode = models.BooleanField(primary_key=True)
    seq = models.BigIntegerField()
