"""The publisher's process: each side's log and status lists, on threads of their own, about once a second."""

import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections

from consent.log.derive import derive_key
from consent.log.errors import PublicationHaltedError, QuorumMissedError
from consent.log.families import side_label
from consent.log.new_history import generation
from consent.log.publishing.leading import lead, leave
from consent.log.publishing.origins import origin_of
from consent.log.publishing.ports import PublishingPorts
from consent.log.publishing.publisher import Publisher
from consent.log.publishing.witnessing import PolicyWitnesses
from consent.registry.ports import RegistryPorts
from consent.registry.status_lists.issuing import StatusIssuer
from consent.server.keys.derivation import derivation_secret
from consent.server.relay import Relay, Timer, side_by_side
from signing.note import NoteSigner, VerifierKey
from signing.tlog_policy import Policy, parse_policy
from signing.verifier_key import ED25519

if TYPE_CHECKING:
    from consent.server.wiring import Wiring

SIDES = (True, False)
EVERY_S = 1.0
TIDY_EVERY_S = 300.0
POLICY = "log-policy"
DECOYS = "consent-registry/status-decoys/v1"
_logger = logging.getLogger(__name__)


def note_signers(wiring: "Wiring") -> Callable[[str, bool], Sequence[NoteSigner]]:
    """The log keys of a side, under an origin's name. All that are valid sign, so that a rotation breaks no policy."""

    def signers(origin: str, livemode: bool) -> Sequence[NoteSigner]:
        return [
            NoteSigner.for_log(each, origin=origin) for each in wiring.ring.signers("log", livemode=livemode)
        ]

    return signers


def log_keys(wiring: "Wiring", origin: str, *, livemode: bool) -> list[VerifierKey]:
    """Every key that ever signed the log of `origin`, retired ones included."""
    return [
        VerifierKey(name=origin, algorithm=ED25519, public=each.public.parts[0])
        for each in wiring.ring.index().keys
        if each.role == "log" and each.livemode == livemode
    ]


def publishing_ports(wiring: "Wiring") -> PublishingPorts:
    """Store, keys and figures of this process's publishers."""
    log = wiring.registry.log
    return PublishingPorts(objects=log.objects, signers=note_signers(wiring), figures=log.figures)


def read_policy(path: Path) -> Policy | None:
    """The policy in the data folder that names this log's witnesses; None where there is none.

    Raises:
        MalformedError: names the line at fault.
    """
    return parse_policy(path.read_bytes()) if path.exists() else None


def run_publishers(wiring: "Wiring", stop: threading.Event) -> None:
    """Publish both sides until `stop` is set."""
    ports, me = publishing_ports(wiring), f"{os.getpid()}-{secrets.token_hex(8)}"
    policy = read_policy(wiring.settings.storage.data_dir / POLICY)
    publishers = [
        Publisher(
            ports,
            origin=origin_here(wiring, livemode=side),
            livemode=side,
            witnesses=None
            if policy is None
            else PolicyWitnesses(policy, objects=ports.objects, figures=ports.figures),
        )
        for side in SIDES
    ]
    relays = []
    for publisher in publishers:
        publisher.begin()
        turn = Timer(name=f"publish {publisher.origin}", every_s=EVERY_S, work=_turn(publisher, me=me))
        tidy = Timer(name=f"tidy {publisher.origin}", every_s=TIDY_EVERY_S, work=_tidy(publisher))
        relays.append(Relay((turn, tidy), run=lambda timer: timer.work(wiring.registry)))
    relays += [_status_lists(wiring, livemode=side) for side in SIDES]
    try:
        side_by_side(relays, stop)
    finally:
        for publisher in publishers:
            with closing(publisher):
                _leave(publisher.origin, me=me)


def origin_here(wiring: "Wiring", *, livemode: bool) -> str:
    """The log of one side as this registry publishes it now."""
    # A loss is declared only while every process is stopped, so the generation stays while this one runs.
    return origin_of(wiring.registry.origin, livemode=livemode, generation=generation(livemode))


def _status_lists(wiring: "Wiring", *, livemode: bool) -> Relay:
    """What issues one side's status lists. It does not wait for the log, nor the log for it."""
    secret = derivation_secret(wiring.settings.storage.keys, opens=wiring.settings.secrets.opening)
    issuer = StatusIssuer(wiring.registry, livemode=livemode, decoy_key=derive_key(secret, purpose=DECOYS))

    def work(ports: RegistryPorts) -> int:
        issuer.turn()
        return 0  # all day long; not worth a line in the log

    turn = Timer(name=f"status lists {side_label(livemode)}", every_s=EVERY_S, work=work)
    return Relay((turn,), run=lambda timer: timer.work(wiring.registry))


def _turn(publisher: Publisher, *, me: str) -> Callable[[RegistryPorts], int]:
    def work(ports: RegistryPorts) -> int:
        if not lead(publisher.origin, me=me):
            return 0
        try:
            publisher.turn()
        except PublicationHaltedError as exc:
            _logger.error("publishing has halted: %s", exc)
        except QuorumMissedError as exc:
            _logger.warning("%s", exc)
        return 0

    return work


def _tidy(publisher: Publisher) -> Callable[[RegistryPorts], int]:
    return lambda ports: publisher.tidy()


def _leave(origin: str, *, me: str) -> None:
    try:
        leave(origin, me=me)
    except DatabaseError:
        _logger.info("the next publisher begins in a few seconds")
    finally:
        connections.close_all()
