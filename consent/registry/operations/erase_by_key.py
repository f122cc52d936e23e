"""Being forgotten by a key of one's own, without a page: as guarded as the page, and told the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.log.errors import KeyStoreError, StoreError
from consent.registry.answers import enforced, seen
from consent.registry.errors import CredentialBlocked, CredentialUnknown, CredentialWaiting
from consent.registry.models import Credential, Erasure
from consent.registry.operations.erase_performer import ForgetElsewhere, erase_performer
from consent.registry.ports import RegistryPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureAsked:
    """What was decided. `erased_at` is None while a store does not answer: the relay goes on with it."""

    erasure: str
    enforced_at: datetime | None
    erased_at: datetime | None
    complete_from: datetime | None


def key_may_from(*, performer: UUID, thumbprint: str) -> datetime | None:
    """From when a key of this performer may ask for it; None while no identity check covers it.

    Raises:
        CredentialUnknown: it is not one of theirs. CredentialBlocked: it is off.
    """
    row = Credential.objects.filter(performer_id=performer, thumbprint=thumbprint).first()
    if row is None:
        raise CredentialUnknown("this key is not one of the performer's")
    if row.state == "blocked":
        raise CredentialBlocked("this key is off")
    return row.usable_from


def erase_by_key(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    thumbprint: str,
    elsewhere: Sequence[ForgetElsewhere],
) -> ErasureAsked:
    """Forget the performer who has shown, for this very request, that they hold the key of `thumbprint`.

    A key that somebody else may have added yesterday does not do: it waits as long as for a signature (DESIGN §10).

    Raises:
        CredentialUnknown, CredentialBlocked, CredentialWaiting: this key may not, or not yet.
        NotFound, OnLegalHold: as of `erase_performer`.
        KeyStoreError, StoreError: a store failed before anything was decided.
    """
    usable_from = key_may_from(performer=performer, thumbprint=thumbprint)
    if usable_from is None:
        raise CredentialBlocked("no identity check covers this key yet")
    if usable_from > ports.clock():
        raise CredentialWaiting(f"this key may ask for it from {usable_from:%Y-%m-%d %H:%M} UTC")
    try:
        done = erase_performer(ports, livemode=livemode, performer=performer, elsewhere=elsewhere)
    except (KeyStoreError, StoreError):
        begun = Erasure.objects.filter(performer=performer, livemode=livemode).first()
        if begun is None or begun.event is None:
            raise
        told = enforced(seen(begun.event, ports=ports), ports)
        return ErasureAsked(erasure=begun.id, enforced_at=told, erased_at=None, complete_from=None)
    return ErasureAsked(
        erasure=done.erasure,
        enforced_at=done.enforced_at,
        erased_at=done.erased_at,
        complete_from=done.complete_from,
    )
