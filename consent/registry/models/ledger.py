"""What the database knows of the decision ledger: which segments were shipped, and how often was asked."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text, relation


class LedgerSegment(models.Model):
    """A segment in the object store: its place in its boot, and what its root says. One row a segment, for ever."""

    livemode = models.BooleanField()
    boot = id_text(max_length=12)
    segment = models.IntegerField()
    node = id_text(max_length=100)
    first = models.BigIntegerField()
    count = models.IntegerField()
    root = id_text()
    previous = id_text()
    chain = id_text()
    dropped = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    shipped_at = models.DateTimeField()

    class Meta:
        """A segment is shipped and counted once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["boot", "segment", "livemode"], name="ledger_segment_once"),
            models.CheckConstraint(
                condition=Q(segment__gte=0, first__gte=0, count__gt=0, dropped__gte=0),
                name="ledger_segment_natural",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["shipped_at"], name="ledger_segment_shipped")]


class CheckCount(models.Model):
    """How often an organization asked about a performer on a UTC day, and what it was told.

    `grant` is the one that allowed, empty for every deny. Rows go with the performer when they are erased.
    """

    livemode = models.BooleanField()
    day = models.DateField()
    organization = relation("registry.Organization")
    performer = relation("registry.Performer")
    grant = id_text()
    allowed = models.BigIntegerField()
    denied = models.BigIntegerField()

    class Meta:
        """One row a day, organization, performer and grant."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["performer", "day", "organization", "grant"], name="check_count_once"
            ),
            models.CheckConstraint(condition=Q(allowed__gte=0, denied__gte=0), name="check_count_natural"),
        ]
        indexes: ClassVar = [models.Index(fields=["grant", "day"], name="check_count_by_grant")]
