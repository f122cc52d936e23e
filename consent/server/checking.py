"""The room of checks as one process has it: memory with its feeder, the primary behind it, the lane in front."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.util import Finalize
from operator import attrgetter
from pathlib import Path

from consent.check.answering import Answering
from consent.check.authzen.configuration import PATH, configuration
from consent.check.callers import Callers
from consent.check.changes.answering import ChangeFeed
from consent.check.changes.follower import ChangesFollower
from consent.check.changes.memory import ChangesMemory
from consent.check.changes.metering import PollMeter
from consent.check.changes.page_tokens import PAGE_KEY_BYTES, PageTokens
from consent.check.changes.primary import PrimaryFeed
from consent.check.checks import Checks
from consent.check.feeder import Feeder
from consent.check.hot_names import HotNames
from consent.check.lane.authzen import EvaluationRoute, EvaluationsRoute
from consent.check.lane.batches import BatchRoute
from consent.check.lane.changes import ChangesRoute
from consent.check.lane.checks import CheckRoute
from consent.check.lane.lane import Lane
from consent.check.lane.new_ids import RequestIds
from consent.check.ledger.decision_ids import DecisionIds
from consent.check.ledger.folder import side_name
from consent.check.ledger.reading import LedgerReader
from consent.check.ledger.receipt_proofs import ReceiptProofs
from consent.check.ledger.segment_ledger import SegmentLedger
from consent.check.limits.counting import Counting
from consent.check.limits.everything import Limits, make_limits
from consent.check.memory_figures import memory_figures
from consent.check.primary import PrimaryChecks
from consent.check.process_keys import ProcessKeys
from consent.check.replica import Replica
from consent.check.replica_checks import ReplicaChecks
from consent.check.turnstile import Turnstile
from consent.core.wire.encode import encode
from consent.log.boot_clock import COUNTS_SUSPENSION
from consent.log.derive import derive_key
from consent.registry.ports import RegistryPorts

HOT_NAMES = "hot_names.json"  # in the data folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What answers checks, and the lane, where there is one."""

    checks: Checks
    changes: ChangeFeed
    proofs: ReceiptProofs
    lane: Lane | None
    limits: Limits


def make_checking(
    registry: RegistryPorts,
    *,
    headers: Mapping[str, str],
    folder: Path,
    key_secret: bytes,
    memory_bytes: int,
) -> Checking:
    """From memory where a clock counts suspension; elsewhere the primary is always asked (DESIGN §8 (a)).

    `headers` are those that every answer of this server carries; the ledger stands in `folder`; facts in
    memory take `memory_bytes` at most.
    """
    keys = ProcessKeys(registry.signers)
    limits = make_limits(registry.log.boot_clock)
    registry.log.figures.watch(limits.figures)
    # A worker of the web server is a child of multiprocessing, which ends without `atexit`.
    Finalize(None, limits.stop, exitpriority=10)
    ledger = _ledger(registry, keys, folder, key_secret)
    proofs = ReceiptProofs(registry, ledger.reader)
    answering = Answering(
        registry,
        ledger=ledger,
        keys=keys,
        counting=Counting(registry, blocks=limits.blocks),
    )
    primary = PrimaryChecks(registry, answering=answering)
    page_key = derive_key(key_secret, purpose="consent-registry/changes-page/v1", length=PAGE_KEY_BYTES)
    make_feed = partial(
        ChangeFeed, registry, primary=PrimaryFeed(registry, pages=PageTokens(page_key)), keys=keys
    )
    if not COUNTS_SUSPENSION:
        return Checking(checks=primary, changes=make_feed(), proofs=proofs, lane=None, limits=limits)
    memory = ChangesMemory()
    followers = [ChangesFollower(memory, registry)]
    feeder = Feeder(
        Replica(max_bytes=memory_bytes),
        registry,
        followers=followers,
        clock=attrgetter("read_at"),
        hot=HotNames(folder.parent / HOT_NAMES),
    )
    registry.log.figures.watch(partial(memory_figures, feeder, registry.log.boot_clock))
    changes = make_feed(feeder=feeder, memory=memory)
    turnstile = Turnstile()
    checks = ReplicaChecks(registry, feeder=feeder, answering=answering, primary=primary, turnstile=turnstile)
    lane = Lane(
        routes=[
            CheckRoute(checks),
            BatchRoute(checks),
            ChangesRoute(changes, meter=PollMeter(limits.polls)),
            EvaluationRoute(checks),
            EvaluationsRoute(checks),
        ],
        callers=Callers(registry, feeder, strangers=limits.strangers, turnstile=turnstile),
        meter=limits.meter,
        origin=registry.origin,
        new_request_id=RequestIds(),
        always=headers,
        documents={PATH: encode(configuration(registry.origin))},
    )
    return Checking(checks=checks, changes=changes, proofs=proofs, lane=lane, limits=limits)


def _ledger(registry: RegistryPorts, keys: ProcessKeys, folder: Path, key_secret: bytes) -> SegmentLedger:
    def ids(livemode: bool) -> DecisionIds:
        return DecisionIds(
            derive_key(key_secret, purpose=f"consent-registry/decision-id/{side_name(livemode)}/v1")
        )

    log = registry.log
    reader = LedgerReader(folder, objects=log.objects, ids=ids)
    ledger = SegmentLedger(folder, keys=keys, ids=ids, reader=reader, random=log.random)
    log.figures.watch(ledger.figures)
    Finalize(None, ledger.stop, exitpriority=10)  # what was answered last is sealed here, not by the relay
    return ledger
