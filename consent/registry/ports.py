"""What the registry needs from outside, handed in once by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from consent.log.ports import LogPorts
from consent.registry.contact_digests import ContactDigests
from signing.keys import PublicKey
from signing.signer import Signer
from signing.webauthn import RelyingParty


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSigners:
    """The issuer and the signing keys of one side; `registry_retired` still verify what they once signed."""

    issuer: str
    registry: Signer
    receipt: Signer
    status: Signer
    registry_retired: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPorts:
    """History, signers by `livemode`, the two origins, the relying party, and the clock.

    `clock` returns an aware UTC instant; production passes `consent.registry.clock.database_clock`, because
    the primary's clock is the registry's clock. `contacts` finds performers by their address.
    """

    log: LogPorts
    signers: Mapping[bool, SideSigners]
    origin: str
    signing_origin: str
    rp: RelyingParty
    contacts: ContactDigests
    clock: Callable[[], datetime]
