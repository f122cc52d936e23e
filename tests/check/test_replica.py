"""What memory keeps, what a change takes out of it, and that nobody reads half of a turn."""

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.check.replica import HOT_S, NOBODY_SHARE, Change, Freshness, Replica, Turn
from consent.check.weights import Weights
from consent.core.facts import GrantFacts, GrantState, SubjectFacts
from consent.core.terms import GRANT_SCHEMA, compile_grant
from consent.log.position import Position

if TYPE_CHECKING:
    from consent.check.replica import Cell, CellName

AT = datetime(2026, 12, 1, tzinfo=UTC)
OURS, THEIRS = "org_ours", "org_theirs"


def _name(
    value: str, *, caller: str = OURS, licensee: str = OURS, selector: str = "performer"
) -> SubjectName:
    return SubjectName(True, caller, licensee, selector, value)


def _cell(performer: str | None, *, grants: int = 0, year: int = 2028) -> SubjectCell:
    terms = compile_grant(
        {
            "schema": GRANT_SCHEMA,
            "lines": [{"id": "l1", "uses": ["train.voice"], "purposes": ["*"]}],
            "valid_from": "2026-01-01T00:00:00Z",
            "valid_until": f"{year}-01-01T00:00:00Z",
        }
    )
    given = tuple(
        GrantFacts(grant=f"grt_{number}", state=GrantState.ACTIVE, terms=terms, signed_at=AT, usage={})
        for number in range(grants)
    )
    facts = SubjectFacts(
        reference="x",
        known=True,
        grants=given,
        limits=None,
        deceased_at=None,
        prior_record=False,
        ever_signed=False,
    )
    return SubjectCell(performer=performer, facts=facts)


def _turn(seq: int, cells: "dict[Any, Any] | None" = None, *changes: Change, **more: Any) -> Turn:
    fresh = Freshness(
        position=Position(livemode=True, seq=seq, chain=bytes(32)),
        read_at=AT,
        began=float(seq),
        until=seq + 0.3,
    )
    return Turn(livemode=True, freshness=fresh, cells=cells or {}, changes=changes, **more)


@pytest.fixture
def replica() -> Replica:
    """Room for everything a test puts in."""
    made = Replica(max_bytes=1 << 20)
    made.apply([_turn(1, restart=True)])
    return made


def _kept(replica: Replica, *names: "CellName") -> list[bool]:
    return [not replica.read([name], livemode=True).missing for name in names]


def test_a_change_of_a_pair_takes_what_is_about_the_pair_and_nothing_else(replica: Replica) -> None:
    ours, theirs, other = _name("a"), _name("b", caller=THEIRS, licensee=THEIRS), _name("c")
    behalf = _name("d", caller=THEIRS)
    nobody = _name("e")
    replica.apply(
        [
            _turn(
                2,
                {
                    ours: _cell("p1"),
                    theirs: _cell("p1"),
                    behalf: _cell("p1"),
                    other: _cell("p2"),
                    nobody: _cell(None),
                },
            )
        ]
    )
    change = Change(kind="grant.ended", performer="p1", organization=OURS)
    hot, cold = replica.touched(True, [change])
    assert {*hot, *cold} == {ours, behalf}
    replica.apply([_turn(3, {}, change)])
    assert _kept(replica, ours, behalf, theirs, other, nobody) == [False, False, True, True, True]


def test_a_change_of_a_performer_takes_everything_about_them(replica: Replica) -> None:
    names = [_name("a"), _name("b", caller=THEIRS, licensee=THEIRS), _name("c", licensee=THEIRS)]
    replica.apply([_turn(2, {name: _cell("p1") for name in names} | {_name("z"): _cell("p2")})])
    replica.apply([_turn(3, {}, Change(kind="limits.changed", performer="p1", organization=None))])
    assert _kept(replica, *names, _name("z")) == [False, False, False, True]


def test_a_name_that_meant_nobody_goes_when_a_pair_is_known_by_it(replica: Replica) -> None:
    mine, else_, behalf = (
        _name("external_id:p1"),
        _name("external_id:p2"),
        _name("external_id:p1", licensee=THEIRS),
    )
    grant = _name("grt_x", selector="grant")
    cells: dict[Any, Any] = dict.fromkeys((mine, else_, behalf), _cell(None))
    replica.apply([_turn(2, {**cells, grant: SubjectCell(performer=None, facts=None)})])
    named = Change(
        kind="external_id.set", performer="p1", organization=OURS, names=["prf_1", "external_id:p1"]
    )
    replica.apply([_turn(3, {}, named)])
    assert _kept(replica, mine, behalf, else_, grant) == [False, False, True, False]


def test_a_name_that_two_organizations_use_goes_when_either_gives_it_to_somebody_else(
    replica: Replica,
) -> None:
    """Ours asks in their words; then the same words come to mean somebody else in ours."""
    crossed = _name("prf_test_ada", caller=OURS, licensee=THEIRS)
    replica.apply([_turn(2, {crossed: _cell("p1")})])
    change = Change(kind="performer.introduced", performer="p2", organization=OURS, names=["prf_test_ada"])
    replica.apply([_turn(3, {}, change)])
    assert _kept(replica, crossed) == [False]


def test_what_nobody_asked_for_lately_is_dropped_and_not_read_again(replica: Replica) -> None:
    hot, cold = _name("a"), _name("b")
    replica.apply([_turn(2, {hot: _cell("p1"), cold: _cell("p1")})])
    replica.apply([_turn(3 + int(HOT_S))])
    replica.read([hot], livemode=True)
    change = Change(kind="grant.active", performer="p1", organization=OURS)
    assert replica.touched(True, [change]) == ([hot], [cold])
    replica.apply([_turn(4 + int(HOT_S), {hot: _cell("p1")}, change)])
    assert _kept(replica, hot, cold) == [True, False]


def test_an_event_that_names_neither_side_of_a_pair_drops_everything(replica: Replica) -> None:
    replica.apply([_turn(2, {_name("a"): _cell("p1"), _name("b"): _cell(None)})])
    replica.apply([_turn(3, {}, Change(kind="unheard.of", performer=None, organization=None))])
    assert len(replica) == 0


def test_an_unheard_of_event_of_an_organization_drops_everything_of_theirs(replica: Replica) -> None:
    names = [_name("a"), _name("b", licensee=THEIRS), _name("c", caller=THEIRS, licensee=THEIRS)]
    replica.apply([_turn(2, dict(zip(names, (_cell("p1"), _cell(None), _cell("p3")), strict=True)))])
    replica.apply([_turn(3, {}, Change(kind="api_key.created", performer=None, organization=THEIRS))])
    assert _kept(replica, *names) == [True, True, True]
    replica.apply([_turn(4, {}, Change(kind="unheard.of", performer=None, organization=THEIRS))])
    assert _kept(replica, *names) == [True, False, False]


def test_what_is_asked_for_again_outlives_what_was_asked_for_once() -> None:
    replica = Replica(max_bytes=40_000)
    replica.apply([_turn(1, restart=True)])
    loved = _name("loved")
    replica.apply([_turn(2, {loved: _cell("loved", grants=1)})])
    for seq in range(3, 200):
        replica.read([loved], livemode=True)
        replica.apply([_turn(seq, {_name(f"n{seq}"): _cell(f"p{seq}", grants=1)})])
    assert replica.evicted > 100 and replica.bytes <= 40_000
    assert _kept(replica, loved) == [True]


def test_names_that_mean_nobody_never_push_a_consent_out() -> None:
    replica = Replica(max_bytes=80_000)
    replica.apply([_turn(1, restart=True)])
    known = [_name(f"k{number}") for number in range(20)]
    replica.apply([_turn(2, {name: _cell(name.value, grants=1) for name in known})])
    for seq in range(3, 300):
        replica.apply([_turn(seq, {_name("x" * 64 + f"{seq}"): _cell(None)})])
    assert _kept(replica, *known) == [True] * 20
    assert replica.bytes <= 80_000 and len(replica) - 20 <= 80_000 // NOBODY_SHARE // 500


def test_whatever_is_put_in_and_taken_out_weighs_nothing_in_the_end(replica: Replica) -> None:
    names = [_name(f"n{number}", licensee=(OURS, THEIRS)[number % 2]) for number in range(40)]
    cells: dict[CellName, Cell] = {
        name: _cell(f"p{number % 7}", grants=number % 4, year=2028 + number % 3)
        for number, name in enumerate(names)
    }
    cells[b"k" * 32] = KeyCell(livemode=True, caller=None, expires_at=None)
    for seq in (2, 3):
        replica.apply([_turn(seq, cells)])
    weighed = replica.bytes
    assert weighed > 0
    replica.apply([_turn(4, cells)])
    assert replica.bytes == weighed
    for number in range(7):
        replica.apply(
            [_turn(5, {}, Change(kind="limits.changed", performer=f"p{number}", organization=None))]
        )
    replica.apply([_turn(6, {}, Change(kind="api_key.created", performer=None, organization=OURS))])
    assert (len(replica), replica.bytes) == (0, 0)
    assert not replica._about and not replica._apart and not replica._keys
    assert not any(shelf.weights._shared for shelf in replica._shelves)


def test_terms_that_many_share_are_weighed_once() -> None:
    one, many = Weights(), Weights()
    one.put(_name("a"), _cell("p", grants=1))
    for number in range(10):
        many.put(_name(f"{number}"), _cell(f"p{number}", grants=1))
    alone = one.bytes
    assert many.bytes < 10 * alone
    assert many.bytes - alone == 9 * (alone - sum(held[1] for held in one._shared.values()))


def test_half_a_turn_is_never_answered_from(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    replica.apply([_turn(2, {_name("a"): _cell("p1")})])

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(replica, "_put", fail)
    with pytest.raises(MemoryError):
        replica.apply([_turn(3, {_name("b"): _cell("p2")})])
    assert len(replica) == 0 and replica.freshness(True) is None


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_all_facts_of_a_reading_are_of_its_position_however_threads_meet(replica: Replica) -> None:
    """Each turn writes its number into two cells: a reading that saw two turns would show two numbers."""
    first, second = _name("a"), _name("b")
    torn: list[Any] = []
    done = threading.Event()

    def cells(seq: int) -> dict[Any, Any]:
        return {first: _cell(f"p{seq}"), second: _cell(f"p{seq}")}

    replica.apply([_turn(2, cells(2))])

    def reading() -> None:
        while not done.is_set():
            got = replica.read([first, second], livemode=True)
            assert got.freshness is not None
            seen = {each.performer for each in got.cells if isinstance(each, SubjectCell)}
            if seen != {f"p{got.freshness.position.seq}"} or got.missing:
                torn.append((seen, got.missing, got.freshness.position.seq))

    readers = [threading.Thread(target=reading) for _ in range(3)]
    for each in readers:
        each.start()
    for seq in range(3, 1500):
        replica.apply([_turn(seq, cells(seq))])
    done.set()
    for each in readers:
        each.join()
    assert not torn
