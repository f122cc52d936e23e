"""Performers' keys, and proofs of possession that were spent."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, one_of, optional_id, relation, side_key

KINDS = ("ed25519", "passkey")
STATES = ("active", "blocked", "pending")
INTRODUCERS = ("performer", "registry")


class Credential(models.Model):
    """A public key of a performer. The registry never holds the private one."""

    id = id_key()
    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    thumbprint = id_text(unique=True)  # RFC 7638; unique over both sides: a test key is never a live one
    public_key = models.JSONField()  # JWK
    kind = id_text(max_length=16)
    backup_eligible = models.BooleanField(null=True)  # a passkey's BE flag at registration
    state = id_text(max_length=16)
    introduced_by = optional_id(max_length=16)
    statement = optional_id()  # the credential statement that introduced it
    label = models.CharField(max_length=100)
    usable_from = models.DateTimeField(null=True)  # from when it may sign more than an ending
    created_at = models.DateTimeField()
    blocked_at = models.DateTimeField(null=True)

    class Meta:
        """An active key says who introduced it; a blocked one says since when."""

        constraints: ClassVar = [
            side_key("credential_side", "id", "performer"),
            one_of("kind", KINDS, "credential_kind"),
            one_of("state", STATES, "credential_state"),
            models.CheckConstraint(
                condition=Q(kind="ed25519", backup_eligible=None)
                | Q(kind="passkey", backup_eligible__isnull=False),
                name="credential_backup_of_passkeys",
            ),
            models.CheckConstraint(
                condition=Q(introduced_by=None) | Q(introduced_by__in=INTRODUCERS),
                name="credential_introducer",
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | Q(usable_from__isnull=False, introduced_by__isnull=False, statement__isnull=False),
                name="credential_active_was_introduced",
            ),
            models.CheckConstraint(
                condition=Q(state="blocked", blocked_at__isnull=False)
                | (~Q(state="blocked") & Q(blocked_at=None)),
                name="credential_blocked_since",
            ),
            models.CheckConstraint(
                condition=Q(usable_from=None) | Q(usable_from__gte=F("created_at")), name="credential_window"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["performer"], name="credential_by_performer")]


class SpentProof(models.Model):
    """The id of a proof of possession that was accepted; kept until it could no longer be replayed."""

    livemode = models.BooleanField()
    jti = id_text(max_length=128)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        """Once a side."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["livemode", "jti"], name="spent_proof_once")]
