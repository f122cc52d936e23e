"""What the pages are made from, handed in once by the composition root."""

from dataclasses import dataclass

from consent.registry.ports import RegistryPorts
from consent.web.origins import Origins
from signing.webauthn import RelyingParty


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPorts:
    """The registry and the two origins. `laptop`: it runs on localhost for one person, so that pages may point
    at /mail."""

    registry: RegistryPorts
    version: str
    laptop: bool = False

    @property
    def origins(self) -> Origins:
        """Where people come in, and where they sign."""
        return Origins(main=self.registry.origin, signing=self.registry.signing_origin)

    @property
    def sign_in_party(self) -> RelyingParty:
        """Whom sign-ins are made for: the same RP id, and the main origin only, where no signature counts."""
        return RelyingParty(rp_id=self.registry.rp.rp_id, signing_origins=frozenset({self.registry.origin}))
