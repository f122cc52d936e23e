"""The rows of the one history per side: its head, its events, and what still waits to be enforced."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.db.models.lookups import Exact


class Octets(models.Func):
    """`octet_length(column)`, for CHECK constraints on fixed-size bytes."""

    function = "octet_length"
    output_field = models.IntegerField()


class LogHead(models.Model):
    """The end of one side's history: the only row that every change of an answer locks, last.

    `seq` is -1 before the genesis event. `chain` folds all entries: SHA-256(chain ‖ entry), from 32
    zero bytes. `before` is the chain before the latest append: RETURNING gives new values only, and
    a range has to be folded from the old one. Nodes may answer from memory for `l_node_ms`; a denial
    waits `1.05 × l_wait_ms`. Changed by `consent.log.bounds` only.
    """

    livemode = models.BooleanField(primary_key=True)
    seq = models.BigIntegerField(default=-1)
    chain = models.BinaryField(max_length=32)
    before = models.BinaryField(max_length=32)
    l_node_ms = models.PositiveIntegerField(default=300)
    l_wait_ms = models.PositiveIntegerField(default=300)
    database_id = models.TextField(db_collation="C")
    key_store_id = models.TextField(db_collation="C")

    class Meta:
        db_table = "log_head"
        constraints = (
            models.CheckConstraint(condition=Q(seq__gte=-1), name="log_head_seq_from_minus_one"),
            models.CheckConstraint(
                condition=Q(l_node_ms__lte=F("l_wait_ms")), name="log_head_l_node_within_l_wait"
            ),
            models.CheckConstraint(condition=Q(l_wait_ms__gte=1), name="log_head_l_wait_positive"),
            models.CheckConstraint(
                condition=Q(Exact(Octets("chain"), 32)),
                name="log_head_chain_32_bytes",
            ),
        )

    def __str__(self) -> str:
        return f"{'live' if self.livemode else 'test'} head at {self.seq}"


class Event(models.Model):
    """One entry of a history. Append-only; no foreign keys and no deferred triggers, on purpose.

    A foreign key would be checked at COMMIT, after the head is locked, and deadlock (DESIGN §7).
    `sealed` is the salt and canonical event under the key of `record`; `entry` the 33 bytes of
    DESIGN §9; `performer_id`, `organization_id` and `grant_id` are opaque ids of the registry's rows.
    """

    event_id = models.TextField(primary_key=True, db_collation="C")
    livemode = models.BooleanField()
    seq = models.BigIntegerField()
    kind = models.TextField(db_collation="C")
    performer_id = models.TextField(null=True, db_collation="C")
    organization_id = models.TextField(null=True, db_collation="C")
    grant_id = models.TextField(null=True, db_collation="C")  # of a grant's own events, since 0004
    record = models.TextField(db_collation="C")
    sealed = models.BinaryField()
    entry = models.BinaryField(max_length=33)
    chain = models.BinaryField(max_length=32)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "log_event"
        constraints = (
            models.UniqueConstraint(fields=["livemode", "seq"], name="log_event_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=0), name="log_event_seq_from_zero"),
            models.CheckConstraint(
                condition=Q(Exact(Octets("entry"), 33)),
                name="log_event_entry_33_bytes",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Octets("chain"), 32)),
                name="log_event_chain_32_bytes",
            ),
        )
        indexes = (
            models.Index(
                fields=["performer_id", "seq"],
                name="log_event_performer",
                condition=Q(performer_id__isnull=False),
            ),
            models.Index(
                fields=["organization_id", "seq"],
                name="log_event_organization",
                condition=Q(organization_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_id} {self.kind} at {self.seq}"


class Enforcement(models.Model):
    """A denial: `enforced_at` is set once, by the database's clock, after every node must know it."""

    event_id = models.TextField(primary_key=True, db_collation="C")
    livemode = models.BooleanField()
    noted_at = models.DateTimeField(db_default=Now())
    enforced_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "log_enforcement"
        indexes = (
            models.Index(
                fields=["noted_at"], name="log_enforcement_waiting", condition=Q(enforced_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_id} enforced at {self.enforced_at}"


class Outbox(models.Model):
    """A notice to a person, written with the event it tells of; this table is the queue of record.

    It holds ids only: addresses are opened when the notice is composed, and a secret that has to travel is
    in `sealed`, under `record`, whose key is destroyed once the notice has left. Who works on a row claims
    it until `claimed_until`; `attempts` counts the claims and tells a late worker that it was overtaken.
    """

    id = models.TextField(primary_key=True, db_collation="C")
    livemode = models.BooleanField()
    kind = models.TextField(db_collation="C")
    event_id = models.TextField(null=True, db_collation="C")
    performer_id = models.TextField(null=True, db_collation="C")
    grant = models.TextField(null=True, db_collation="C")
    offer = models.TextField(null=True, db_collation="C")
    invitation = models.TextField(null=True, db_collation="C")
    credential = models.TextField(null=True, db_collation="C")
    record = models.TextField(null=True, db_collation="C")
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    hinted_until = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", db_collation="C")

    class Meta:
        db_table = "log_outbox"
        constraints = (
            models.UniqueConstraint(
                fields=["event_id", "kind"],
                name="log_outbox_once_an_event",
                condition=Q(event_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(given_up_at=None), name="log_outbox_one_outcome"
            ),
            models.CheckConstraint(
                condition=Q(record=None, sealed=None) | Q(record__isnull=False, sealed__isnull=False),
                name="log_outbox_sealed_under_a_record",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_attempt_at"],
                name="log_outbox_waiting",
                condition=Q(sent_at=None, given_up_at=None),
            ),
            models.Index(fields=["id"], name="log_outbox_secrets", condition=Q(record__isnull=False)),
            models.Index(fields=["created_at"], name="log_outbox_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class ErasurePermit(models.Model):
    """That an erasure runs, and whom it is about: what the append-only tables ask before they let a row go.

    Written and committed before the first row is touched. `subject` is blanked with the erasure's completion, for
    good: then it permits nothing, and no row of the registry is about that person.
    """

    erasure = models.TextField(primary_key=True, db_collation="C")
    livemode = models.BooleanField()
    subject = models.TextField(null=True, db_collation="C")
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "log_erasurepermit"
        constraints = (
            models.CheckConstraint(
                condition=Q(subject=None, closed_at__isnull=False) | Q(subject__isnull=False, closed_at=None),
                name="log_erasurepermit_open_or_closed",
            ),
        )

    def __str__(self) -> str:
        return self.erasure


class Publication(models.Model):
    """How far one log is published: a side's history under one origin.

    `size` and `root` are committed before they are signed, and move by condition only (`consent.log.publishing`).
    `published_*` is the checkpoint that stands in the object store; partial tiles below `tidied_size` are removed.
    `leader` may publish until `leader_until`, which saves work and nothing else; `halted` says why it stopped.
    """

    origin = models.TextField(primary_key=True, db_collation="C")
    livemode = models.BooleanField()
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    published_size = models.BigIntegerField(default=0)
    published_note = models.BinaryField(null=True)
    published_at = models.DateTimeField(null=True)
    tidied_size = models.BigIntegerField(default=0)
    leader = models.TextField(default="", db_default="", db_collation="C")
    leader_until = models.DateTimeField(null=True)
    halted = models.TextField(default="", db_default="")
    begun_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "log_publication"
        constraints = (
            models.CheckConstraint(
                condition=Q(published_size__gte=0, published_size__lte=F("size")),
                name="log_publication_published_within",
            ),
            models.CheckConstraint(
                condition=Q(tidied_size__gte=0, tidied_size__lte=F("published_size")),
                name="log_publication_tidied_within",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Octets("root"), 32)), name="log_publication_root_32_bytes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.origin} at {self.size}, published to {self.published_size}"


class SignedRoot(models.Model):
    """What the log key signed: one root for each size of a log, for ever. Written before the signature leaves."""

    origin = models.TextField(db_collation="C")
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.BinaryField()
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "log_signed_root"
        constraints = (
            models.UniqueConstraint(fields=["origin", "size"], name="log_signed_root_once"),
            models.CheckConstraint(
                condition=Q(Exact(Octets("root"), 32)), name="log_signed_root_root_32_bytes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.origin} at {self.size}"
