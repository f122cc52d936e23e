"""Operators, and the passkeys with which operators and members sign in. These sign no statement, ever."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_key, octets, relation
from consent.registry.models.passkey import HANDLE_BYTES, MAX_WEBAUTHN_ID_BYTES


class Operator(models.Model):
    """A person who runs the registry."""

    id = id_key()
    display_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)


class AccountPasskey(models.Model):
    """A passkey of exactly one operator or member, made and used on the main origin."""

    operator = relation("registry.Operator", null=True)
    member = relation("registry.Member", null=True)
    webauthn_id = models.BinaryField(max_length=MAX_WEBAUTHN_ID_BYTES, unique=True)
    user_handle = models.BinaryField(max_length=HANDLE_BYTES[1])
    public_key = models.JSONField()  # JWK
    sign_count = models.BigIntegerField()
    backup_eligible = models.BooleanField()
    backed_up = models.BooleanField()
    label = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    blocked_at = models.DateTimeField(null=True)

    class Meta:
        """One owner; lengths as WebAuthn has them."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(operator=None, member__isnull=False) | Q(operator__isnull=False, member=None),
                name="account_passkey_one_owner",
            ),
            octets("webauthn_id", 1, MAX_WEBAUTHN_ID_BYTES, "account_passkey_webauthn_id"),
            octets("user_handle", *HANDLE_BYTES, "account_passkey_user_handle"),
            models.CheckConstraint(condition=Q(sign_count__gte=0), name="account_passkey_counter_natural"),
        ]
        indexes: ClassVar = [models.Index(fields=["user_handle"], name="account_passkey_by_handle")]
