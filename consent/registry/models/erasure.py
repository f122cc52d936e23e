"""Erasures, of which only a tombstone is left, and legal holds, which stand against them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, one_of, optional_id, relation

GROUNDS = ("operator", "order", "performer", "restored")


class Erasure(models.Model):
    """The decision to erase somebody, and how far it has come; complete, it is a tombstone that names nobody.

    `ground`: the performer asked, an order says so, the operator decided, or a restored backup had brought the
    person back. `event` is the first step in the history, from which every check denies.
    """

    id = id_key()
    livemode = models.BooleanField()
    performer = models.UUIDField(null=True)  # blanked with the completion
    ground = id_text(max_length=16)
    decided_by = id_text(max_length=100)  # "performer", or the account of an operator
    event = optional_id()
    begun_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)  # keys are destroyed, rows are gone
    complete_from = models.DateTimeField(null=True)  # when the last backup of the key store has expired
    completed_at = models.DateTimeField(null=True)

    class Meta:
        """One at a time; steps follow each other."""

        constraints: ClassVar = [
            one_of("ground", GROUNDS, "erasure_ground"),
            models.UniqueConstraint(
                fields=["performer"], condition=Q(performer__isnull=False), name="erasure_one_a_performer"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None, complete_from=None)
                | Q(erased_at__isnull=False, complete_from__gt=F("erased_at")),
                name="erasure_complete_after_erased",
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None, performer__isnull=False)
                | Q(completed_at__isnull=False, erased_at__isnull=False, performer=None),
                name="erasure_tombstone_names_nobody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["begun_at"], condition=Q(completed_at=None), name="erasure_waiting")
        ]


class LegalHold(models.Model):
    """A duty to keep what there is about a performer, until a day. `sealed` is the ground, in words."""

    id = id_key()
    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    record = id_text()
    sealed = models.BinaryField()
    until = models.DateTimeField()
    placed_by = id_text(max_length=100)
    placed_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=100, db_collation="C", blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        """It ends after it began; whoever lifts it is named."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gt=F("placed_at")), name="legal_hold_window"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="") | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="legal_hold_lifted_by_somebody",
            ),
        ]
