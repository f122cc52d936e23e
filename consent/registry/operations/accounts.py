"""Operators come and go; operators and members get passkeys, with which they sign in and sign nothing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from consent.core.ids import new_id
from consent.registry.errors import CredentialTaken, Invalid, NotFound, StateConflict
from consent.registry.models import AccountPasskey, Credential, Member, Operator, Passkey
from consent.registry.operations.passkeys import went_back
from consent.registry.passkey_rows import check_handle, claim_webauthn_id, foreign_handle
from consent.registry.ports import RegistryPorts
from consent.registry.text import required
from signing.attestation import RegisteredCredential
from signing.keys import PublicKey
from signing.webauthn import VerifiedAssertion

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccountPasskey:
    """A passkey of one operator or one member. `id` names it on pages.

    `may_sign_in`: neither the key is off nor whoever has it was removed.
    """

    id: int
    operator: str | None
    member: str | None
    organization: str | None
    role: str | None
    display_name: str
    webauthn_id: bytes
    user_handle: bytes
    public_key: PublicKey
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    label: str
    created_at: datetime
    last_used_at: datetime | None
    blocked_at: datetime | None
    may_sign_in: bool


def create_operator(ports: RegistryPorts, *, display_name: str) -> str:
    """Record an operator, who comes in by a one-use link; returns the id. Invalid: an empty name."""
    required(display_name, "/display_name", max_chars=200)
    operator = new_id("opr", random=ports.log.random)
    Operator.objects.create(id=operator, display_name=display_name, created_at=ports.clock())
    return operator


def remove_operator(ports: RegistryPorts, *, operator: str) -> None:
    """End an operator's part; their passkeys and links open nothing any more.

    Raises:
        NotFound: no such operator, or removed already.
    """
    changed = Operator.objects.filter(id=operator, removed_at=None).update(removed_at=ports.clock())
    if changed != 1:
        raise NotFound("no such operator")


def register_account_passkey(
    ports: RegistryPorts,
    *,
    operator: str | None = None,
    member: str | None = None,
    registration: RegisteredCredential,
    user_handle: bytes,
    label: str,
) -> int:
    """Keep a passkey of exactly one operator or member, made on the main origin; returns its id.

    Raises:
        NotFound: no such operator or member, or removed.
        CredentialTaken: the passkey is registered, for whomever; a performer's key is nobody else's.
        Invalid: both or neither, no label, or another account's handle.
    """
    required(label, "/label", max_chars=100)
    check_handle(user_handle)
    if (operator is None) == (member is None):
        raise Invalid(pointer="/operator", rule="one_of", expected="an operator or a member", got="the other")
    try:
        with transaction.atomic():
            _lock_account(operator=operator, member=member)
            claim_webauthn_id(registration.credential_id)
            _check_unshared(registration, user_handle, operator=operator, member=member)
            row = AccountPasskey.objects.create(
                operator_id=operator,
                member_id=member,
                webauthn_id=registration.credential_id,
                user_handle=user_handle,
                public_key=registration.public_key.to_jwk(),
                sign_count=registration.sign_count,
                backup_eligible=registration.backup_eligible,
                backed_up=registration.backed_up,
                label=label,
                created_at=ports.clock(),
            )
    except IntegrityError as exc:
        raise CredentialTaken("this passkey is registered already") from exc
    return row.pk


def find_account_passkey(webauthn_id: bytes) -> FoundAccountPasskey | None:
    """The account passkey with this WebAuthn id, whether or not it still opens anything."""
    row = _rows().filter(webauthn_id=webauthn_id).first()
    return None if row is None else _found(row)


def account_passkeys_of(
    *, operator: str | None = None, member: str | None = None
) -> Sequence[FoundAccountPasskey]:
    """The passkeys of one operator or one member, oldest first, those that are off included."""
    if operator is None and member is None:
        return []
    return [_found(row) for row in _rows().filter(operator=operator, member=member).order_by("id")]


def block_account_passkey(
    ports: RegistryPorts, *, passkey: int, operator: str | None = None, member: str | None = None
) -> None:
    """Switch a passkey of this operator or member off for good.

    Raises:
        NotFound: not theirs. StateConflict: it is off already.
    """
    own = AccountPasskey.objects.filter(id=passkey, operator=operator, member=member)
    if not own.exists():
        raise NotFound("no such passkey")
    if own.filter(blocked_at=None).update(blocked_at=ports.clock()) != 1:
        raise StateConflict("this passkey is off already")


def note_account_use(ports: RegistryPorts, *, webauthn_id: bytes, verified: VerifiedAssertion) -> None:
    """Keep counter, backup state and instant of a sign-in; see `passkeys.note_use`."""
    with transaction.atomic():
        row = AccountPasskey.objects.select_for_update(no_key=True).filter(webauthn_id=webauthn_id).first()
        if row is None:
            return
        if went_back(row.sign_count, verified.sign_count):
            _log.warning(
                "the counter of account passkey %d went back from %d to %d",
                row.pk,
                row.sign_count,
                verified.sign_count,
            )
        row.sign_count = max(row.sign_count, verified.sign_count)
        row.backed_up = verified.backed_up
        row.last_used_at = ports.clock()
        row.save(update_fields=["sign_count", "backed_up", "last_used_at"])


def _lock_account(*, operator: str | None, member: str | None) -> None:
    rows: QuerySet[Operator] | QuerySet[Member] = Operator.objects.filter(id=operator)
    if member is not None:
        rows = Member.objects.filter(id=member)
    if rows.select_for_update(no_key=True).filter(removed_at=None).first() is None:
        raise NotFound("no such account")


def _check_unshared(
    registration: RegisteredCredential, user_handle: bytes, *, operator: str | None, member: str | None
) -> None:
    """Neither the key is a performer's, nor the handle somebody else's."""
    if Credential.objects.filter(thumbprint=registration.public_key.thumbprint).exists():
        raise CredentialTaken("this passkey is registered already")
    others = AccountPasskey.objects.filter(user_handle=user_handle).exclude(operator=operator, member=member)
    if others.exists() or Passkey.objects.filter(user_handle=user_handle).exists():
        raise foreign_handle()


def _rows() -> QuerySet[AccountPasskey]:
    return AccountPasskey.objects.select_related("operator", "member")


def _found(row: AccountPasskey) -> FoundAccountPasskey:
    account: Operator | Member = row.member if row.operator is None else row.operator
    return FoundAccountPasskey(
        id=row.pk,
        operator=row.operator_id,
        member=row.member_id,
        organization=account.organization_id if isinstance(account, Member) else None,
        role=account.role if isinstance(account, Member) else None,
        display_name=account.display_name,
        webauthn_id=bytes(row.webauthn_id),
        user_handle=bytes(row.user_handle),
        public_key=PublicKey.from_jwk(row.public_key),
        sign_count=row.sign_count,
        backup_eligible=row.backup_eligible,
        backed_up=row.backed_up,
        label=row.label,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        blocked_at=row.blocked_at,
        may_sign_in=row.blocked_at is None and account.removed_at is None,
    )
