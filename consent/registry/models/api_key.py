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

    class Meta:
        """A digest is 32 bytes, and a key ends after it began."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="api_key_window"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_event=None)
                | Q(revoked_at__isnull=False, revoked_event__isnull=False),
                name="api_key_revocation_has_event",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "livemode"], name="api_key_by_side")]
