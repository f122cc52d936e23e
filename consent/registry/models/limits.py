"""A performer's standing prohibitions, version by version. Append-only."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text, relation


class Limits(models.Model):
    """One version; the performer's row says which is current. `terms` are the compiled limits."""

    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    version = models.IntegerField()
    statement = relation("registry.Statement")
    body_sha256 = id_text()
    terms = models.BinaryField()
    set_at = models.DateTimeField()

    class Meta:
        """Versions count from one without gaps (the operation) and without doubles (here)."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["performer", "version"], name="limits_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="limits_version_natural"),
        ]
