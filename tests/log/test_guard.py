"""The rollback guard by itself: monotonic, shared by threads and processes, written before an answer."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.log.errors import (
    GuardUnavailableError,
    RolledBackError,
    StoreUnavailableError,
)
from consent.log.guard import MAX_AGE_S, REFRESH_S, RollbackGuard
from consent.log.position import Head, Position
from consent.log.storage_file import FileObjectStore
from tests.log.clocks import FakeClock

DATABASE = "0123abcd"


def _chain(seq: int, history: str = "a") -> bytes:
    return f"{history}{seq}".encode().ljust(32, b".")


def _position(seq: int, history: str = "a") -> Position:
    return Position(livemode=True, seq=seq, chain=_chain(seq, history))


def _head(seq: int, history: str = "a", database_id: str = DATABASE) -> Head:
    return Head(
        livemode=True,
        seq=seq,
        chain=_chain(seq, history),
        l_node_ms=300,
        l_wait_ms=300,
        database_id=database_id,
        key_store_id="k",
        read_at=datetime(2026, 12, 2, tzinfo=UTC),
    )


class _CountingStore(FileObjectStore):
    """A file store that counts and can be told to fail, or to run something, at a write."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.puts = 0
        self.fails = False
        self.at_put: Callable[[], None] = lambda: None

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        self.puts += 1
        self.at_put()
        if self.fails:
            raise StoreUnavailableError("no space left")
        super().put(key, data, immutable=immutable)

    def keys(self, prefix: str) -> Iterator[str]:
        if self.fails:
            raise StoreUnavailableError("gone")
        return super().keys(prefix)


@pytest.fixture
def store(tmp_path: Path) -> _CountingStore:
    return _CountingStore(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _guard(
    store: FileObjectStore,
    clock: FakeClock,
    *,
    process: str = "one",
    history: str = "a",
    key: bytes = b"k" * 32,
) -> RollbackGuard:
    """A guard beside a database whose events up to 1000 have the chains of `history`."""
    return RollbackGuard(
        objects=store,
        key=key,
        process=process,
        clock=clock,
        chain_at=lambda livemode, seq: _chain(seq, history) if seq <= 1000 else None,
    )


def test_a_database_at_or_beyond_what_was_acknowledged_passes(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    assert guard.floor(True) is None
    guard.check(_head(3), guard.floor(True))
    guard.acknowledge(_position(5), database_id=DATABASE)
    for seq in (5, 6, 900):
        guard.check(_head(seq), guard.floor(True))


def test_a_database_below_what_was_acknowledged_is_refused(store: _CountingStore, clock: FakeClock) -> None:
    guard = _guard(store, clock)
    guard.acknowledge(_position(5), database_id=DATABASE)
    with pytest.raises(RolledBackError, match="below"):
        guard.check(_head(4), guard.floor(True))
    guard.check(_head(5), guard.floor(True))


def test_another_process_started_later_refuses_it_too(store: _CountingStore, clock: FakeClock) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    other = _guard(store, clock, process="two")
    with pytest.raises(RolledBackError):
        other.check(_head(4), other.floor(True))


@pytest.mark.parametrize("seq", [5, 6])
def test_a_database_that_went_another_way_and_caught_up_is_refused(
    store: _CountingStore, clock: FakeClock, seq: int
) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    other = _guard(store, clock, process="two", history="b")
    with pytest.raises(RolledBackError, match="beside"):
        other.check(_head(seq, "b"), other.floor(True))


def test_another_database_is_refused_however_far_it_is(store: _CountingStore, clock: FakeClock) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    other = _guard(store, clock, process="two")
    with pytest.raises(RolledBackError, match="another database"):
        other.check(_head(900, database_id="other"), other.floor(True))


def test_what_this_process_once_read_counts_as_well(store: _CountingStore, clock: FakeClock) -> None:
    """A process that only answers checks notices a rollback although it never wrote."""
    guard = _guard(store, clock)
    guard.check(_head(9), guard.floor(True))
    with pytest.raises(RolledBackError):
        guard.check(_head(8), guard.floor(True))


def test_a_floor_taken_before_the_snapshot_allows_for_what_is_acknowledged_meanwhile(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    floor = guard.floor(True)
    snapshot = _head(5)
    guard.acknowledge(_position(6), database_id=DATABASE)
    guard.check(snapshot, floor)
    with pytest.raises(RolledBackError):
        guard.check(snapshot, guard.floor(True))


def test_the_two_sides_are_guarded_apart(store: _CountingStore, clock: FakeClock) -> None:
    guard = _guard(store, clock)
    guard.acknowledge(_position(5), database_id=DATABASE)
    assert guard.floor(False) is None


def test_it_never_goes_back(store: _CountingStore, clock: FakeClock) -> None:
    guard = _guard(store, clock)
    guard.acknowledge(_position(5), database_id=DATABASE)
    guard.acknowledge(_position(3), database_id=DATABASE)
    assert _guard(store, clock, process="two").refresh(True) == guard.floor(True)
    floor = guard.floor(True)
    assert floor is not None
    assert floor.position == _position(5)


def test_a_process_leaves_two_objects_a_side_however_much_it_acknowledges(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    for seq in range(20):
        guard.acknowledge(_position(seq), database_id=DATABASE)
    assert len(list(store.keys("guard/"))) == 2


def test_processes_do_not_lower_each_other(store: _CountingStore, clock: FakeClock) -> None:
    one, two = _guard(store, clock), _guard(store, clock, process="two")
    one.acknowledge(_position(9), database_id=DATABASE)
    two.acknowledge(_position(5), database_id=DATABASE)
    two.acknowledge(_position(6), database_id=DATABASE)
    third = _guard(store, clock, process="three")
    floor = third.floor(True)
    assert floor is not None
    assert floor.position.seq == 9


def test_tidying_removes_what_ended_processes_left_and_keeps_the_highest(
    store: _CountingStore, clock: FakeClock
) -> None:
    for n in range(5):
        _guard(store, clock, process=f"process{n}").acknowledge(_position(n), database_id=DATABASE)
    guard = _guard(store, clock, process="last")
    guard.tidy(True)
    assert len(list(store.keys("guard/live/"))) == 1
    floor = guard.floor(True)
    assert floor is not None
    assert floor.position.seq == 4


def test_it_is_durable_before_acknowledge_returns(store: _CountingStore, clock: FakeClock) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    assert _guard(FileObjectStore(store._root), clock, process="two").refresh(True) is not None


def test_threads_that_acknowledge_at_once_share_writes(store: _CountingStore, clock: FakeClock) -> None:
    guard = _guard(store, clock)
    gate = threading.Event()
    store.at_put = lambda: gate.wait(30) and None
    threads = [
        threading.Thread(target=lambda seq=seq: guard.acknowledge(_position(seq), database_id=DATABASE))
        for seq in range(20)
    ]
    for thread in threads:
        thread.start()
    while len(guard._sides[True]._changed._waiters) < 19:  # type: ignore[attr-defined]
        assert any(thread.is_alive() for thread in threads)
    gate.set()
    for thread in threads:
        thread.join()
    assert store.puts <= 2
    floor = _guard(store, clock, process="two").refresh(True)
    assert floor is not None
    assert floor.position.seq == 19


def test_what_cannot_be_written_is_not_acknowledged_and_the_next_try_may_succeed(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    store.fails = True
    for _ in range(2):
        with pytest.raises(GuardUnavailableError):
            guard.acknowledge(_position(5), database_id=DATABASE)
    store.fails = False
    guard.acknowledge(_position(5), database_id=DATABASE)
    assert _guard(store, clock, process="two").refresh(True) is not None


def test_when_the_writing_thread_fails_the_waiting_ones_try_themselves(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    gate, failed = threading.Event(), []
    store.fails = True
    store.at_put = lambda: gate.wait(30) and None

    def acknowledge(seq: int) -> None:
        try:
            guard.acknowledge(_position(seq), database_id=DATABASE)
        except GuardUnavailableError:
            failed.append(seq)

    threads = [threading.Thread(target=acknowledge, args=(seq,)) for seq in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert sorted(failed) == [0, 1, 2, 3]


def test_a_store_that_failed_but_persisted_does_no_harm(store: _CountingStore, clock: FakeClock) -> None:
    guard = _guard(store, clock)
    put = store.put

    def put_and_fail(key: str, data: bytes, *, immutable: bool) -> None:
        put(key, data, immutable=immutable)
        raise StoreUnavailableError("the answer was lost")

    store.put = put_and_fail  # type: ignore[method-assign]
    with pytest.raises(GuardUnavailableError):
        guard.acknowledge(_position(5), database_id=DATABASE)
    store.put = put  # type: ignore[method-assign]
    guard.acknowledge(_position(5), database_id=DATABASE)
    guard.acknowledge(_position(6), database_id=DATABASE)
    floor = _guard(store, clock, process="two").refresh(True)
    assert floor is not None
    assert floor.position.seq == 6


def test_what_others_acknowledged_is_looked_up_again_after_a_while(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard, other = _guard(store, clock), _guard(store, clock, process="two")
    guard.acknowledge(_position(5), database_id=DATABASE)
    assert guard.floor(True) is not None
    other.acknowledge(_position(9), database_id=DATABASE)
    clock.now += REFRESH_S
    floor = guard.floor(True)
    assert floor is not None
    assert floor.position.seq == 9


def test_a_store_outage_is_borne_for_a_while_and_then_refused(
    store: _CountingStore, clock: FakeClock
) -> None:
    guard = _guard(store, clock)
    guard.acknowledge(_position(5), database_id=DATABASE)
    before = guard.floor(True)
    store.fails = True
    clock.now += MAX_AGE_S - 1
    assert guard.floor(True) == before
    clock.now += 1
    with pytest.raises(GuardUnavailableError):
        guard.floor(True)
    store.fails = False
    assert guard.floor(True) == before


def test_a_process_that_never_could_read_it_answers_nothing(store: _CountingStore, clock: FakeClock) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    store.fails = True
    with pytest.raises(GuardUnavailableError):
        _guard(store, clock, process="two").floor(True)


def test_a_name_that_was_forged_altered_or_moved_is_refused(store: _CountingStore, clock: FakeClock) -> None:
    _guard(store, clock).acknowledge(_position(5), database_id=DATABASE)
    name = next(store.keys("guard/live/"))
    for other in [
        name.replace("/0000", "/9000"),
        name.replace(DATABASE, "0" * 8),
        name.replace("/live/", "/test/"),
        name[:-1] + ("1" if name[-1] == "0" else "0"),
        name + "0",
        "guard/live/zzz",
    ]:
        store.put(other, b"", immutable=False)
        if "/live/" in other:
            store.delete(name)
        with pytest.raises(GuardUnavailableError):
            _guard(store, clock, process="two").refresh("/live/" in other)
        store.delete(other)
        store.put(name, b"", immutable=False)
    with pytest.raises(GuardUnavailableError):
        _guard(store, clock, process="two", key=b"other" * 8).refresh(True)
    assert _guard(store, clock, process="two").refresh(True) is not None
