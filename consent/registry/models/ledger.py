"""What the database knows of the decision ledger: what was shipped and committed to, and how often was asked."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_text, optional_id, relation


class LedgerSegment(models.Model):
    """A segment in the object store that no commitment names yet: its place in its boot, and what its root says.

    Some seconds later it is part of a `LedgerRun`, and its row goes. `object_sha256` is of its file, None where it
    was shipped by a version that did not write it down.
    """

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
    object_sha256 = optional_id()
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


class LedgerCommitment(models.Model):
    """A list of segments that the history commits to, the `number`-th of its side (SPEC §13 of `signing`)."""

    livemode = models.BooleanField()
    number = models.BigIntegerField()
    count = models.IntegerField()
    list = id_text()
    root = id_text()
    previous = id_text()
    event = id_text()
    committed_at = models.DateTimeField()

    class Meta:
        """Numbers of a side have no gap."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["livemode", "number"], name="ledger_commitment_once"),
            models.CheckConstraint(condition=Q(number__gte=0, count__gt=0), name="ledger_commitment_natural"),
        ]
        indexes: ClassVar = [models.Index(fields=["committed_at"], name="ledger_commitment_by_time")]


class LedgerRun(models.Model):
    """Segments of a boot that follow each other and are committed to, from `first_segment` to `last_segment`.

    It holds `count` records from number `first` on; `previous` and `chain` are the hash chain before and after.
    Commitments from `first_commitment` to `last_commitment` name them. It grows while segments come in time.
    """

    livemode = models.BooleanField()
    boot = id_text(max_length=12)
    node = id_text(max_length=100)
    first_segment = models.IntegerField()
    last_segment = models.IntegerField()
    first = models.BigIntegerField()
    count = models.BigIntegerField()
    previous = id_text()
    chain = id_text()
    first_commitment = models.BigIntegerField()
    last_commitment = models.BigIntegerField()
    began_at = models.DateTimeField()
    shipped_at = models.DateTimeField()

    class Meta:
        """A segment is committed to once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["boot", "first_segment", "livemode"], name="ledger_run_once"),
            models.UniqueConstraint(fields=["boot", "last_segment", "livemode"], name="ledger_run_end_once"),
            models.CheckConstraint(
                condition=Q(
                    first_segment__gte=0,
                    last_segment__gte=F("first_segment"),
                    first__gte=0,
                    count__gt=0,
                    last_commitment__gte=F("first_commitment"),
                ),
                name="ledger_run_natural",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["shipped_at"], name="ledger_run_shipped")]


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
