"""Counted limits of grants."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text, one_of, relation

KINDS = ("max_outputs", "rate")


class Counter(models.Model):
    """How much of one line's counted limit is used; `day` is the UTC day of a rate, else null."""

    grant = relation("registry.Grant")
    livemode = models.BooleanField()
    line = id_text()
    kind = id_text(max_length=16)
    day = models.DateField(null=True)
    used = models.BigIntegerField()

    class Meta:
        """One row a count."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["grant", "line", "kind", "day"], nulls_distinct=False, name="counter_once"
            ),
            one_of("kind", KINDS, "counter_kind"),
            models.CheckConstraint(condition=Q(used__gte=0), name="counter_natural"),
        ]


class CounterUse(models.Model):
    """One request's use, so that the same nonce counts once."""

    livemode = models.BooleanField()
    organization = relation("registry.Organization")
    nonce = id_text(max_length=200)
    claims_sha256 = id_text()
    used_at = models.DateTimeField()

    class Meta:
        """Idempotent by the asking organization's nonce."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "livemode", "nonce"], name="counter_use_once")
        ]
