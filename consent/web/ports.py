"""What the pages are made from, handed in once by the composition root."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from consent.registry.ports import RegistryPorts
from consent.web.origins import Origins
from signing.webauthn import RelyingParty


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPorts:
    """The registry and the two origins. `laptop`: it runs on localhost for one person, so that pages may point
    at /mail. `missing`: what the process cannot use now, by name, with a code of the reason.
    `log_keys`: the verifier keys of the log of an origin and side, the one to pin first. `trust`: the published trust
    file, which evidence encloses."""

    registry: RegistryPorts
    version: str
    laptop: bool = False
    missing: Callable[[], Mapping[str, str]] = dict
    log_keys: Callable[[str, bool], Sequence[str]] = lambda origin, livemode: ()
    trust: Callable[[], bytes] = bytes

    @property
    def origins(self) -> Origins:
        """Where people come in, and where they sign."""
        return Origins(main=self.registry.origin, signing=self.registry.signing_origin)

    @property
    def sign_in_party(self) -> RelyingParty:
        """Whom sign-ins are made for: the same RP id, and the main origin only, where no signature counts."""
        return RelyingParty(rp_id=self.registry.rp.rp_id, signing_origins=frozenset({self.registry.origin}))
