"""Wire everything together, once a process. Nothing else in the server makes a port."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from consent.api.paging import Cursors
from consent.api.ports import ApiPorts
from consent.check.lane.lane import Lane
from consent.log.derive import derive_key
from consent.log.ports import log_ports
from consent.registry.clock import database_clock
from consent.registry.contact_digests import ContactDigests
from consent.registry.ports import RegistryPorts
from consent.server.checking import make_checking
from consent.server.keys.derivation import derivation_secret
from consent.server.keys.errors import KeysError
from consent.server.keys.published import issuer_of, trust_bytes
from consent.server.keys.ring import KeyRing, Signers
from consent.server.mail.ports import MailPorts, mail_ports
from consent.server.metrics import Metrics
from consent.server.readiness import missing
from consent.server.request_log import RequestLog
from consent.server.security_headers import security_headers
from consent.server.settings import Settings, read_settings
from consent.server.settings.database import LOCAL_HOSTS
from consent.server.settings.web import host_of
from consent.server.stores import open_key_store, open_objects
from consent.web.forgetting import forget_browser
from consent.web.ports import WebPorts
from signing.note import NoteSigner
from signing.webauthn import RelyingParty

DISTRIBUTION = "consent-registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What one process works with."""

    settings: Settings
    ring: KeyRing
    registry: RegistryPorts
    api: ApiPorts
    lane: Lane | None
    web: WebPorts
    mail: MailPorts
    metrics: Metrics
    request_log: RequestLog
    ledger_folder: Path

    def trust(self) -> bytes:
        """The published trust file as it is now."""
        return trust_bytes(self.ring.index(), origin=self.registry.origin)


def make_wiring(settings: Settings) -> Wiring:
    """The ports of this process; make them after a fork, never before.

    Raises:
        KeysError, LogError: keys or stores cannot be opened.
    """
    web, secrets = settings.web, settings.secrets
    lasting = derivation_secret(settings.storage.keys, opens=secrets.opening)
    ring = KeyRing(
        settings.storage.keys,
        secret=secrets.key_secret,
        also=secrets.key_secret_also,
        wall=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
    )
    _check_fit(ring, settings)
    registry = RegistryPorts(
        log=log_ports(
            key_store=open_key_store(settings),
            objects=open_objects(settings),
            key_secret=secrets.key_secret,
            also=secrets.key_secret_also,
            derivation=lasting,
        ),
        signers=Signers(ring, issuers={side: issuer_of(web.origin, livemode=side) for side in (True, False)}),
        origin=web.origin,
        signing_origin=web.signing_origin,
        rp=RelyingParty(rp_id=web.rp_id, signing_origins=frozenset({web.signing_origin})),
        contacts=ContactDigests(derive_key(lasting, purpose="consent-registry/contact/v1")),
        clock=database_clock,
    )
    ledger_folder = settings.storage.data_dir / "ledger"
    checking = make_checking(
        registry,
        headers=security_headers(secure=web.secure),
        folder=ledger_folder,
        key_secret=lasting,
        memory_bytes=settings.check_memory_bytes,
    )
    api = ApiPorts(
        registry=registry,
        checks=checking.checks,
        changes=checking.changes,
        proofs=checking.proofs,
        cursors=Cursors(
            derive_key(settings.secrets.secret_key.encode(), purpose="consent-registry/cursor/v1")
        ),
        trust=lambda: trust_bytes(ring.index(), origin=web.origin),
        version=version(DISTRIBUTION),
        limits=checking.limits,
        forget_elsewhere=[forget_browser],
    )
    web_ports = WebPorts(
        registry=registry,
        trust=lambda: trust_bytes(ring.index(), origin=web.origin),
        version=version(DISTRIBUTION),
        laptop=host_of(web.origin) in LOCAL_HOSTS,
        missing=lambda: dict(missing(registry.log, ring)),
        log_keys=lambda origin, livemode: [
            NoteSigner.for_log(each, origin=origin).verifier.text
            for each in ring.signers("log", livemode=livemode)
        ],
    )
    metrics = Metrics(settings.storage.data_dir / "run" / "metrics", registry.log.figures)
    return Wiring(
        settings=settings,
        ring=ring,
        registry=registry,
        api=api,
        lane=checking.lane,
        web=web_ports,
        mail=mail_ports(settings, registry=registry, metrics=metrics),
        metrics=metrics,
        request_log=RequestLog(metrics),
        ledger_folder=ledger_folder,
    )


def _check_fit(ring: KeyRing, settings: Settings) -> None:
    """The key files open under this secret, and belong to this relying party; KeysError otherwise."""
    ring.signer("registry", livemode=True)
    parties, web = ring.index().relying_parties, settings.web
    if parties and (parties[-1].rp_id, parties[-1].signing_origin) != (web.rp_id, web.signing_origin):
        raise KeysError(
            f"these keys were prepared for CONSENT_RP_ID={parties[-1].rp_id} and "
            f"CONSENT_SIGNING_ORIGIN={parties[-1].signing_origin}: set them back, or run `consent-server migrate`"
        )


@cache
def wiring() -> Wiring:
    """This process's wiring, from its environment, made at the first call."""
    return make_wiring(read_settings(os.environ))
