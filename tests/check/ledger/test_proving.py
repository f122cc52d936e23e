"""A decision is proven up to an entry of the history; what the store lost or changed of that is named."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.samples import ISSUERS, an_id

if TYPE_CHECKING:
    from tests.check.ledger.house import LedgerHouse


@pytest.fixture
def house(check_log_ports: Any, tmp_path: Path) -> "LedgerHouse":
    """A ledger of its own, that ships into the object store of the history's ports."""
    from tests.check.ledger.house import house

    made = house(tmp_path)
    made.objects = check_log_ports.objects
    made.reader._objects = check_log_ports.objects
    return made


def _proof(house: "LedgerHouse", ports: Any, kept: Any, *, organization: str = an_id("org")) -> Any:
    from consent.check.ledger.proving import ledger_proof

    return ledger_proof(
        kept.decision_ids[0], organization=organization, livemode=True, reader=house.reader, ports=ports
    )


def test_a_decision_leads_to_an_entry_of_the_history(house: "LedgerHouse", check_log_ports: Any) -> None:
    from consent.log.models import Event
    from signing.commitment import check_opening
    from signing.ledger_commitment import KIND, read_commitment, verify_committed
    from tests.check.ledger import committing as made

    kept = [each for _ in range(3) for each in made.shipped(house, records=3)]
    made.commit(check_log_ports, house)
    later = made.shipped(house)[0]
    made.commit(check_log_ports, house)
    for each in (*kept, later):
        proof = _proof(house, check_log_ports, each)
        row = Event.objects.get(livemode=True, seq=proof.seq)
        check_opening(bytes(row.entry), event=proof.opened.event, salt=proof.opened.salt)
        assert proof.opened.event["kind"] == KIND
        record = verify_committed(
            proof.committed,
            expected=read_commitment(proof.opened.event["body"]),
            issuer=ISSUERS[True],
            livemode=True,
        )
        assert record.receipt.items[0].decision_id == each.decision_ids[0]


def test_what_is_not_committed_to_yet_has_no_proof_yet(house: "LedgerHouse", check_log_ports: Any) -> None:
    from tests.check.ledger import committing as made

    (kept, _) = made.shipped(house)
    assert _proof(house, check_log_ports, kept) is None
    made.commit(check_log_ports, house)
    assert _proof(house, check_log_ports, kept) is not None


def test_nobody_else_gets_the_proof(house: "LedgerHouse", check_log_ports: Any) -> None:
    from consent.registry.errors import NotFound
    from tests.check.ledger import committing as made

    (kept, _) = made.shipped(house)
    made.commit(check_log_ports, house)
    with pytest.raises(NotFound):
        _proof(house, check_log_ports, kept, organization=an_id("org", "b"))


@pytest.mark.parametrize("days", [-3650, 1], ids=["long after", "before, by a clock that is ahead"])
def test_what_did_not_come_when_it_was_sealed_is_found(
    house: "LedgerHouse", check_log_ports: Any, days: int
) -> None:
    from consent.registry.clock import database_clock
    from tests.check.ledger import committing as made

    made.shipped(house)
    made.commit(check_log_ports, house)
    then_s = int((database_clock() + timedelta(days=days)).timestamp())
    old = house.keep(issued_s=then_s, expires_s=then_s + 300)
    house.ledger.seal(True)
    made.ship_all(house)
    made.commit(check_log_ports, house)
    assert made.runs(house) == [(0, 0, 0, 2), (1, 1, 2, 1)]
    assert _proof(house, check_log_ports, old).committed.segment.segment == 1


def _damages(house: "LedgerHouse", ports: Any, *, read: bool = True) -> list[tuple[str, str]]:
    """Those of this house's last commitment."""
    from consent.check.ledger.inspecting import damaged_commitments
    from tests.check.ledger import committing as made

    newest = made.newest()
    places = (made.boot_of(house), newest.said.list, f"live commitment {newest.number}")
    found = damaged_commitments(ports, since=newest.at, read=read)
    return [(each.place, each.why) for each in found if any(place in each.place for place in places)]


@pytest.mark.parametrize("harm", ["gone", "flipped"])
@pytest.mark.parametrize("what", ["list", "segment"])
def test_what_the_store_lost_or_changed_of_a_commitment_is_named(
    house: "LedgerHouse", check_log_ports: Any, what: str, harm: str
) -> None:
    from consent.check.ledger.errors import SegmentBrokenError
    from tests.check.ledger import committing as made

    (kept, _) = made.shipped(house)
    made.commit(check_log_ports, house)
    assert _damages(house, check_log_ports) == []
    newest, root = made.newest(), Path(check_log_ports.objects._root)
    key = (
        f"ledger-commitments/live/{newest.said.list}"
        if what == "list"
        else f"ledger/live/{made.boot_of(house)}/00000000"
    )
    data = bytearray((root / key).read_bytes())
    (root / key).unlink()
    if harm == "flipped":
        data[len(data) // 2] ^= 1
        (root / key).write_bytes(data)
    ((place, why),) = _damages(house, check_log_ports)
    assert place == key and (why == "missing" or harm == "flipped")
    assert _damages(house, check_log_ports, read=False) == []
    if what == "list":
        with pytest.raises(SegmentBrokenError, match="missing" if harm == "gone" else "damaged"):
            _proof(house, check_log_ports, kept)


def test_a_commitment_that_says_another_thing_than_its_event_is_named(
    house: "LedgerHouse", check_log_ports: Any
) -> None:
    from django.db import connection

    from tests.check.ledger import committing as made

    made.shipped(house)
    made.commit(check_log_ports, house)
    before = made.newest()
    swap = (
        "ALTER TABLE registry_ledgercommitment DISABLE TRIGGER registry_ledgercommitment_append_only;"
        "UPDATE registry_ledgercommitment SET root = %(root)s WHERE livemode AND number = %(number)s;"
        "ALTER TABLE registry_ledgercommitment ENABLE ALWAYS TRIGGER registry_ledgercommitment_append_only"
    )
    with connection.cursor() as cursor:
        cursor.execute(swap, {"root": "ab" * 32, "number": before.number})
    try:
        ((place, why),) = _damages(house, check_log_ports, read=False)
        assert place == f"live commitment {before.number}" and "is not of ledger commitment" in why
    finally:
        with connection.cursor() as cursor:
            cursor.execute(swap, {"root": before.said.root, "number": before.number})
    assert _damages(house, check_log_ports) == []


def test_a_store_that_does_not_answer_is_no_damage(
    house: "LedgerHouse", check_log_ports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.errors import StoreUnavailableError
    from tests.check.ledger import committing as made

    def away(key: str) -> bytes:
        raise StoreUnavailableError("away")

    made.shipped(house)
    made.commit(check_log_ports, house)
    monkeypatch.setattr(check_log_ports.objects, "get", away)
    with pytest.raises(StoreUnavailableError):
        _damages(house, check_log_ports)
