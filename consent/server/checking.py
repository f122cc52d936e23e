"""The room of checks as one process has it: memory with its feeder, the primary behind it, the lane in front."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from consent.check.answering import Answering
from consent.check.callers import Callers
from consent.check.checks import Checks
from consent.check.feeder import Feeder
from consent.check.lane import Lane
from consent.check.ledger.decision_ids import DecisionIds
from consent.check.ledger.folder import side_name
from consent.check.ledger.reading import LedgerReader
from consent.check.ledger.segment_ledger import SegmentLedger
from consent.check.primary import PrimaryChecks
from consent.check.process_keys import ProcessKeys
from consent.check.replica import Replica
from consent.check.replica_checks import ReplicaChecks
from consent.core.ids import new_id
from consent.log.boot_clock import COUNTS_SUSPENSION
from consent.log.derive import derive_key
from consent.registry.ports import RegistryPorts

MAX_CELLS = 100_000  # facts in memory: some 5 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What answers checks, and the lane, where there is one."""

    checks: Checks
    lane: Lane | None


def make_checking(
    registry: RegistryPorts, *, headers: Mapping[str, str], folder: Path, key_secret: bytes
) -> Checking:
    """From memory where a clock counts suspension; elsewhere the primary is always asked (DESIGN §8 (a)).

    `headers` are those that every answer of this server carries; the ledger stands in `folder`.
    """
    keys = ProcessKeys(registry.signers)
    answering = Answering(registry, ledger=_ledger(registry, keys, folder, key_secret), keys=keys)
    primary = PrimaryChecks(registry, answering=answering)
    if not COUNTS_SUSPENSION:
        return Checking(checks=primary, lane=None)
    feeder = Feeder(Replica(limit=MAX_CELLS), registry)
    checks = ReplicaChecks(registry, feeder=feeder, answering=answering, primary=primary)
    lane = Lane(
        checks=checks,
        callers=Callers(registry, feeder),
        origin=registry.origin,
        new_request_id=partial(new_id, "req"),
        always=headers,
    )
    return Checking(checks=checks, lane=lane)


def _ledger(registry: RegistryPorts, keys: ProcessKeys, folder: Path, key_secret: bytes) -> SegmentLedger:
    def ids(livemode: bool) -> DecisionIds:
        return DecisionIds(
            derive_key(key_secret, purpose=f"consent-registry/decision-id/{side_name(livemode)}/v1")
        )

    log = registry.log
    reader = LedgerReader(folder, objects=log.objects, ids=ids)
    return SegmentLedger(folder, keys=keys, ids=ids, reader=reader, random=log.random)
