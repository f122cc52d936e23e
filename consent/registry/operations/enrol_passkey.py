"""Passkeys come in: a performer's first, one more before the identity check, and one for a recovery."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from consent.core.ids import new_id
from consent.log.transaction import history_transaction
from consent.registry.errors import Invalid, StateConflict
from consent.registry.locks import lock_performer, lock_side
from consent.registry.models import Credential, IdentityCheck
from consent.registry.notices import notify
from consent.registry.operations.enrol_performer import (
    NewPerson,
    insert_pending_credential,
    insert_person,
    new_person,
)
from consent.registry.operations.invitations import Redeemed, find_code, take_up
from consent.registry.passkey_rows import keep_registration
from consent.registry.ports import RegistryPorts
from consent.registry.queries.identity import is_adult
from consent.registry.text import required
from signing.attestation import RegisteredCredential

MAX_PENDING = 10  # of one performer: more than anybody needs, and an examiner can still read them


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledByPasskey:
    """Somebody new, their first key, and the offer that their code brought them to."""

    performer: UUID
    credential: str
    thumbprint: str
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewKey:
    """A registration on its way into the tables."""

    registration: RegisteredCredential
    user_handle: bytes
    transports: Sequence[str]
    label: str


def enrol_passkey_performer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    registration: RegisteredCredential,
    user_handle: bytes,
    transports: Sequence[str],
    legal_name: str,
    birth_date: date,
    email: str,
    stage_names: Sequence[str],
    label: str,
    code: str | None = None,
) -> EnrolledByPasskey:
    """Record a person with the passkey that was just made on the signing origin, and redeem their code.

    All of it or nothing: with a code that does not work nothing is kept.

    Raises:
        Invalid: as `enrol_performer`, no such user handle, or somebody under 18 by the date they give (`adult`).
        CredentialTaken: the key or its WebAuthn id is registered, for whomever.
        InvitationSpent: the code is unknown, used, revoked, expired, or of the other side.
    """
    if not is_adult(birth_date, on=ports.clock().date()):
        raise Invalid(
            pointer="/identity/birth_date", rule="adult", expected="18 years or older", got="a later date"
        )
    invitation = None if code is None else find_code(code, livemode=livemode)
    key = _NewKey(
        registration=registration,
        user_handle=user_handle,
        transports=transports,
        label=required(label, "/label", max_chars=100),
    )
    person = new_person(
        ports,
        livemode=livemode,
        legal_name=legal_name,
        birth_date=birth_date,
        email=email,
        stage_names=stage_names,
    )
    redeemed: Redeemed | None = None
    if invitation is None:
        with transaction.atomic(durable=True):
            credential = _insert(ports, person, key)
    else:
        with history_transaction(livemode, ports.log) as tx:
            lock_side(invitation.organization_id, livemode=livemode)
            credential = _insert(ports, person, key)
            redeemed = take_up(tx, ports, invitation, person.performer)
    return EnrolledByPasskey(
        performer=person.performer.id,
        credential=credential,
        thumbprint=registration.public_key.thumbprint,
        offer=None if redeemed is None else redeemed.offer,
    )


def add_pending_passkey(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    registration: RegisteredCredential,
    user_handle: bytes,
    transports: Sequence[str],
    label: str,
    recovering: bool = False,
) -> str:
    """A further passkey that no key of the performer vouches for; returns the credential's id.

    Before the first identity check it is covered by it. Once somebody was examined it is a recovery, which
    switches every other key off when it is approved: so `recovering` has to be said, and only after a
    recovery code or link was used. The performer is told by mail that it began, while they can still stop it.

    Raises:
        NotFound: no such performer on this side.
        StateConflict: the performer was examined already, and this is no recovery; or many keys wait already.
        CredentialTaken: the key is registered already. Invalid: no label, or another person's handle.
    """
    key = _NewKey(
        registration=registration,
        user_handle=user_handle,
        transports=transports,
        label=required(label, "/label", max_chars=100),
    )
    with transaction.atomic(durable=True):
        person = lock_performer(performer, livemode=livemode)
        if not recovering and IdentityCheck.objects.filter(performer=person, over_18=True).exists():
            raise StateConflict("a further key is now added by signing with one that the performer has")
        if Credential.objects.filter(performer=person, state="pending").count() >= MAX_PENDING:
            raise StateConflict("too many keys wait for an identity check", expected=f"below {MAX_PENDING}")
        credential = _insert_key(ports, person.id, key, livemode=livemode)
        if recovering:
            notify(
                "recovery",
                livemode=livemode,
                performer=person.id,
                credential=registration.public_key.thumbprint,
            )
    return credential


def _insert(ports: RegistryPorts, person: NewPerson, key: _NewKey) -> str:
    row = insert_person(person)
    return _insert_key(ports, row.id, key, livemode=row.livemode)


def _insert_key(ports: RegistryPorts, performer: UUID, key: _NewKey, *, livemode: bool) -> str:
    credential = new_id("cre", random=ports.log.random)
    insert_pending_credential(
        credential,
        performer=performer,
        livemode=livemode,
        public_key=key.registration.public_key,
        kind="passkey",
        backup_eligible=key.registration.backup_eligible,
        label=key.label,
        ports=ports,
    )
    keep_registration(
        credential=credential,
        performer=performer,
        livemode=livemode,
        registration=key.registration,
        user_handle=key.user_handle,
        transports=key.transports,
    )
    return credential
