"""Finding a performer by the passkey they present, and remembering that it was used."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.registry.introduction import public_key_of
from consent.registry.models import IdentityCheck, Passkey
from consent.registry.ports import RegistryPorts
from signing.keys import PublicKey
from signing.webauthn import VerifiedAssertion

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPasskey:
    """A performer's passkey as a ceremony needs it.

    `credential` is the `cre_…` id, `state` "active", "pending" or "blocked"; `examined` says whether an
    examiner ever vouched for the performer.
    """

    performer: UUID
    livemode: bool
    credential: str
    thumbprint: str
    public_key: PublicKey
    webauthn_id: bytes
    user_handle: bytes
    transports: tuple[str, ...]
    state: str
    usable_from: datetime | None
    label: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None
    examined: bool

    @property
    def may_sign_in(self) -> bool:
        """A key that is off opens nothing."""
        return self.state != "blocked"

    @property
    def only_waits(self) -> bool:
        """It may see that it waits for an examiner, and nothing of the account."""
        return self.state == "pending"


def find_passkey(webauthn_id: bytes) -> FoundPasskey | None:
    """The performer's passkey with this WebAuthn id, whatever its state; None if there is none."""
    row = Passkey.objects.select_related("credential").filter(webauthn_id=webauthn_id).first()
    return None if row is None else _found(row, examined=_examined(row.performer_id))


def passkeys_of(performer: UUID) -> Sequence[FoundPasskey]:
    """A performer's passkeys, oldest first, those that are off included."""
    rows = Passkey.objects.select_related("credential").filter(performer_id=performer)
    examined = _examined(performer)
    return [_found(row, examined=examined) for row in rows.order_by("credential__created_at", "credential")]


def note_use(ports: RegistryPorts, *, webauthn_id: bytes, verified: VerifiedAssertion) -> None:
    """Keep what a verified assertion said of its authenticator: counter, backup state, and when.

    A counter that does not go forward may mean a copied key, and proves nothing (WebAuthn L3 §6.1.1): it is
    logged, nobody is refused, and the highest value is kept.
    """
    with transaction.atomic():
        row = Passkey.objects.select_for_update(no_key=True).filter(webauthn_id=webauthn_id).first()
        if row is None:
            return
        if went_back(row.sign_count, verified.sign_count):
            _log.warning(
                "the counter of %s went back from %d to %d",
                row.credential_id,
                row.sign_count,
                verified.sign_count,
            )
        row.sign_count = max(row.sign_count, verified.sign_count)
        row.backed_up = verified.backed_up
        row.last_used_at = ports.clock()
        row.save(update_fields=["sign_count", "backed_up", "last_used_at"])


def went_back(stored: int, told: int) -> bool:
    """Whether a counter that is kept at all did not go forward; synced passkeys always say 0."""
    return stored != 0 and told != 0 and told <= stored


def _examined(performer: UUID) -> bool:
    return IdentityCheck.objects.filter(performer_id=performer, over_18=True).exists()


def _found(row: Passkey, *, examined: bool) -> FoundPasskey:
    key = row.credential
    return FoundPasskey(
        performer=row.performer_id,
        livemode=row.livemode,
        credential=key.id,
        thumbprint=key.thumbprint,
        public_key=public_key_of(key),
        webauthn_id=bytes(row.webauthn_id),
        user_handle=bytes(row.user_handle),
        transports=tuple(row.transports),
        state=key.state,
        usable_from=key.usable_from,
        label=key.label,
        sign_count=row.sign_count,
        backup_eligible=bool(key.backup_eligible),
        backed_up=row.backed_up,
        created_at=key.created_at,
        last_used_at=row.last_used_at,
        examined=examined,
    )
