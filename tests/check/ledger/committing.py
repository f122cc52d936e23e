"""Shipping and committing in a test, of one house's segments and no other test's.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from typing import TYPE_CHECKING, Any

from consent.check.ledger.committing import _digest, _named
from consent.check.ledger.shipping import ship
from consent.registry.clock import database_clock
from consent.registry.models.ledger import LedgerCommitment, LedgerRun, LedgerSegment
from consent.registry.operations.commit_ledger import commit_ledger
from consent.registry.queries.commitments import Commitment, last_commitment

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse


def ship_all(house: "LedgerHouse") -> int:
    """Ship what is sealed, at the database's instant."""
    return ship(house.folder, objects=house.objects, clock=database_clock)


def shipped(house: "LedgerHouse", *, records: int = 2) -> list[Any]:
    """One more segment of so many records, sealed and shipped; what was kept."""
    now_s = int(database_clock().timestamp())
    kept = [house.keep(issued_s=now_s, expires_s=now_s + 300) for _ in range(records)]
    house.ledger.seal(True)
    assert ship_all(house) == 1
    return kept


def boot_of(house: "LedgerHouse") -> str:
    """The boot of its one process."""
    (boot,) = {each.name.partition("-")[0] for each in (house.folder / "live").iterdir()}
    return boot


def commit(ports: Any, house: "LedgerHouse") -> int:
    """Commit to what this house shipped, without the turns between rounds."""
    rows = LedgerSegment.objects.filter(boot=boot_of(house), livemode=True)
    waiting = [_named(row, row.object_sha256 or _digest(row, ports.objects) or "") for row in rows]
    return commit_ledger(waiting, livemode=True, ports=ports)


def runs(house: "LedgerHouse") -> list[tuple[int, int, int, int]]:
    """First and last segment, first record, number of records of each run."""
    rows = LedgerRun.objects.filter(boot=boot_of(house)).order_by("first_segment")
    return [(row.first_segment, row.last_segment, row.first, row.count) for row in rows]


def waiting_of(house: "LedgerHouse") -> int:
    """How many of its segments no commitment names."""
    return LedgerSegment.objects.filter(boot=boot_of(house)).count()


def newest() -> Commitment:
    """The last commitment of the live side."""
    found = last_commitment(True)
    assert found is not None
    return found


def commitments() -> int:
    """How many the live side has."""
    return LedgerCommitment.objects.filter(livemode=True).count()
