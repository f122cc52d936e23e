"""Decisions as they were answered, with their receipts."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_key, id_text, one_of, relation, side_key


class KeptReceipt(models.Model):
    """A signed receipt as it was answered; a batch's serves all of its rows."""

    livemode = models.BooleanField()
    jws = models.TextField()

    class Meta:
        """Target of the decisions' foreign key."""

        constraints: ClassVar = [side_key("kept_receipt_side", "id")]


class DecisionRecord(models.Model):
    """Opaque ids, digests and the signed receipt; no value of the asked context."""

    id = id_key()
    livemode = models.BooleanField()
    organization = relation("registry.Organization")
    outcome = id_text(max_length=8)
    record_sha256 = id_text()
    receipt = relation("registry.KeptReceipt")
    seq = models.BigIntegerField()
    decided_at = models.DateTimeField()

    class Meta:
        """Allow or deny, nothing between."""

        constraints: ClassVar = [one_of("outcome", ("allow", "deny"), "decision_outcome")]
        indexes: ClassVar = [
            models.Index(fields=["organization", "livemode", "-decided_at"], name="decision_by_side")
        ]
