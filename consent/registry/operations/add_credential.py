"""A further key, vouched for by one the performer has; and switching a key off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from consent.core.ids import new_id
from consent.log.transaction import history_transaction
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementResult, Written, written
from consent.registry.errors import CredentialTaken, Invalid, StateConflict
from consent.registry.history import performer_event
from consent.registry.locks import lock_credential, lock_performer
from consent.registry.models import Credential
from consent.registry.notices import notify
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_loosen
from signing.bodies.credential import read_public_key
from signing.instants import format_instant

KEY_WAIT = timedelta(hours=72)  # DESIGN §10
_DENYING = ("key", "link", "operator", "passkey", "session")


def add_credential(
    ports: RegistryPorts, *, signed: Signed, backup_eligible: bool | None = None
) -> StatementResult:
    """Enrol the key in the body. It may deny at once and anything else after 72 hours.

    `backup_eligible` is the BE flag of a new passkey's registration, which the caller verified. Without
    it a passkey cannot be added.

    Raises:
        CredentialBlocked, CredentialWaiting: the vouching key may not loosen.
        CredentialTaken: the key is enrolled already. Invalid: a passkey without its registration.
    """
    return accept(ports, signed, lambda acting: add_key(acting, backup_eligible=backup_eligible))


def add_key(acting: Acting, *, backup_eligible: bool | None) -> Done:
    """Store the key in the body of a credential statement, within its transaction."""
    require_may_loosen(acting.credential, at=acting.at)
    body: Any = acting.signed.body
    key = read_public_key(body["public_key"], pointer="/body/public_key")
    kind = str(body["kind"])
    if (kind == "passkey") != (backup_eligible is not None):
        raise Invalid("a passkey is added with its registration", pointer="/body/kind", rule="registration")
    usable_from = acting.at + KEY_WAIT
    said = {
        **acting.said(),
        "credential": key.thumbprint,
        "introduced_by": "performer",
        "by_credential": acting.credential.thumbprint,
        "usable_from": format_instant(usable_from),
    }
    event = acting.tx.append(performer_event("credential.introduced", acting.person, said, denies=False))
    notify(
        "new_key",
        livemode=acting.person.livemode,
        performer=acting.person.id,
        credential=key.thumbprint,
        event=event,
    )
    statement = acting.keep(event)
    try:
        with transaction.atomic():
            Credential.objects.create(
                id=new_id("cre", random=acting.ports.log.random),
                performer=acting.person,
                livemode=acting.person.livemode,
                thumbprint=key.thumbprint,
                public_key=key.to_jwk(),
                kind=kind,
                backup_eligible=backup_eligible,
                state="active",
                introduced_by="performer",
                statement=statement.id,
                label=str(body.get("label", "")),
                usable_from=usable_from,
                created_at=acting.at,
            )
    except IntegrityError as exc:
        raise CredentialTaken("this key is enrolled already", pointer="/body/public_key") from exc
    return Done(event=event)


def block_credential(
    ports: RegistryPorts, *, livemode: bool, performer: UUID, thumbprint: str, authority: str
) -> Written:
    """Switch a key off for good: lost, stolen, replaced. Grants that it signed stand. Wait with `enforced`.

    Raises:
        NotFound, CredentialUnknown: not this performer's key. StateConflict: it is off already.
        Invalid: no such authority.
    """
    if authority not in _DENYING:
        raise Invalid(pointer="/authority", rule="known", expected=", ".join(_DENYING), got=authority[:16])
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        row = lock_credential(performer, thumbprint)
        changed = Credential.objects.filter(id=row.id, state__in=("active", "pending")).update(
            state="blocked", blocked_at=ports.clock()
        )
        if changed != 1:
            raise StateConflict("this key is off already")
        said = {"credential": thumbprint, "authority": authority}
        event = tx.append(performer_event("credential.blocked", person, said, denies=True))
        notify("key_off", livemode=livemode, performer=performer, credential=thumbprint, event=event)
    return written(tx, event, denies=True, ports=ports)
