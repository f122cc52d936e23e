"""API keys: shown once, stored as digests."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, optional_id, relation


class ApiKey(models.Model):
    """A key of one organization on one side, with scopes, standing context and declared capabilities."""

    id = id_key()
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    name = models.CharField(max_length=100)
    hint = id_text(max_length=20)  # the first characters, to recognise a key by
    digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the secret
    scopes = models.JSONField()
    context = models.JSONField()
    capabilities = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_event = optional_id()
    daily_quota = models.BigIntegerField(null=True)  # rows asked in one UTC day; null: as many as they like
    rate_per_s = models.IntegerField(null=True)  # rows asked in one second; null: as many as they like
    # The key on whose account it counts: a successor, and a key that a limited key made, shares an account.
    account = optional_id()  # null: its own

    class Meta:
        """A digest is 32 bytes, a key ends after it began, and its limits let something through."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="api_key_window"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_event=None)
                | Q(revoked_at__isnull=False, revoked_event__isnull=False),
                name="api_key_revocation_has_event",
            ),
            models.CheckConstraint(
                condition=(Q(daily_quota=None) | Q(daily_quota__gte=1))
                & (Q(rate_per_s=None) | Q(rate_per_s__gte=1)),
                name="api_key_limits_positive",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "livemode"], name="api_key_by_side")]


class KeyUse(models.Model):
    """How many rows were asked on one key's account in one UTC day, as far as check processes have told.

    Each tells about once a second. Only keys with a limit are counted.
    """

    account = id_text()
    day = models.DateField()
    used = models.BigIntegerField()

    class Meta:
        """One row an account and day."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="key_use_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="key_use_natural"),
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="key_use_by_day")]
