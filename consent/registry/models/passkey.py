"""What a passkey's key alone does not say: its WebAuthn id, the handle it was made for, its counter."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import octets, relation

MAX_WEBAUTHN_ID_BYTES = 1023  # WebAuthn L3 §4, "Credential ID": at most 1023 bytes
HANDLE_BYTES = (32, 64)  # WebAuthn L3 §5.4.3: at most 64; ours are random, so at least 32


class Passkey(models.Model):
    """The authenticator's half of a performer's credential. Members and operators have `AccountPasskey`."""

    credential = models.OneToOneField(
        "registry.Credential",
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="passkey",
    )
    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    webauthn_id = models.BinaryField(max_length=MAX_WEBAUTHN_ID_BYTES, unique=True)
    user_handle = models.BinaryField(max_length=HANDLE_BYTES[1])
    aaguid = models.BinaryField(max_length=16)
    sign_count = models.BigIntegerField()
    backed_up = models.BooleanField()
    transports = models.JSONField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        """Lengths as WebAuthn has them; a counter never goes below zero."""

        constraints: ClassVar = [
            octets("webauthn_id", 1, MAX_WEBAUTHN_ID_BYTES, "passkey_webauthn_id"),
            octets("user_handle", *HANDLE_BYTES, "passkey_user_handle"),
            octets("aaguid", 16, 16, "passkey_aaguid"),
            models.CheckConstraint(condition=Q(sign_count__gte=0), name="passkey_counter_natural"),
        ]
        indexes: ClassVar = [models.Index(fields=["user_handle"], name="passkey_by_handle")]
