"""The code on a performer's recovery sheet. The sheet has the code; here is its digest."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import octets, relation


class RecoveryCode(models.Model):
    """One sheet: it opens a recovery once, unless a newer sheet took its place."""

    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        """One sheet at a time, used or replaced."""

        constraints: ClassVar = [
            octets("digest", 32, 32, "recovery_code_digest"),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(replaced_at=None), name="recovery_code_ends_once"
            ),
            models.UniqueConstraint(
                fields=["performer"],
                condition=Q(used_at=None, replaced_at=None),
                name="recovery_code_one_sheet",
            ),
        ]
