"""Decisions as they were answered, with their receipts."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_key, id_text, one_of, relation


class DecisionRecord(models.Model):
    """Opaque ids, digests and the signed receipt; no value of the asked context."""

    id = id_key()
    livemode = models.BooleanField()
    organization = relation("registry.Organization")
    outcome = id_text(max_length=8)
    record_sha256 = id_text()
    receipt = models.TextField()
    seq = models.BigIntegerField()
    decided_at = models.DateTimeField()

    class Meta:
        """Allow or deny, nothing between."""

        constraints: ClassVar = [one_of("outcome", ("allow", "deny"), "decision_outcome")]
        indexes: ClassVar = [
            models.Index(fields=["organization", "livemode", "-decided_at"], name="decision_by_side")
        ]
