"""Waiting for enforcement: from when, how long, and what is recorded."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django import db
from django.db import transaction

from consent.log.errors import (
    CommitUnknownError,
    EnforcementUnknownError,
    GuardUnavailableError,
    NestedTransactionError,
    StoreUnavailableError,
)
from consent.log.ports import LogPorts
from tests.log.clocks import FakeClock
from tests.log.history import RECORD, event

WAIT_S = 0.315  # 1.05 × the default l_wait of 300 ms


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(ports: LogPorts, clock: FakeClock) -> LogPorts:
    return replace(ports, boot_clock=clock, sleep=clock.sleep)


def _denial(ports: LogPorts) -> Any:
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        event_id = tx.append(event("grant.ended", denies=True))
    return event_id, tx


def _enforced_at(event_id: str) -> Any:
    from consent.log.models import Enforcement

    return Enforcement.objects.get(pk=event_id).enforced_at


def test_a_committed_denial_is_not_enforced_by_itself(timed: LogPorts) -> None:
    event_id, _ = _denial(timed)
    assert _enforced_at(event_id) is None


def test_what_can_only_allow_has_nothing_to_wait_for(timed: LogPorts) -> None:
    from consent.log.enforcement import await_seen
    from consent.log.transaction import history_transaction

    with history_transaction(False, timed) as tx:
        event_id = tx.append(event("grant.active", denies=False))
    with pytest.raises(EnforcementUnknownError):
        await_seen(event_id, ports=timed)


def test_the_worker_waits_from_the_moment_its_commit_returned(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.enforcement import wait_enforced

    event_id, tx = _denial(timed)
    assert tx.committed_at_boot == clock.now
    clock.now += 0.1  # work between COMMIT and the wait counts
    enforced_at = wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed)
    assert clock.now == pytest.approx(tx.committed_at_boot + WAIT_S)
    assert clock.slept == [pytest.approx(WAIT_S - 0.1)]
    assert _enforced_at(event_id) == enforced_at


def test_nothing_is_recorded_before_the_wait_is_over(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.enforcement import wait_enforced

    event_id, tx = _denial(timed)
    seen: list[tuple[float, Any]] = []
    clock.step_s = 0.1  # a sleep that returns early, as after a signal
    clock.during = lambda: seen.append((clock.now - tx.committed_at_boot, _enforced_at(event_id)))
    wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed)
    assert len(seen) == 4
    assert seen[-1][0] >= WAIT_S - 1e-9
    assert all(enforced_at is None for _, enforced_at in seen)


def test_enforced_at_is_the_database_s_clock_after_the_wait(ports: LogPorts) -> None:
    from consent.log.enforcement import wait_enforced

    event_id, tx = _denial(ports)
    enforced_at = wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=ports)
    assert (enforced_at - tx.recorded_at).total_seconds() >= WAIT_S


def test_a_repeated_answer_waits_from_when_it_saw_the_row(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.enforcement import await_seen

    event_id, _ = _denial(timed)
    clock.now += 0.3  # the worker may have died long ago: nobody knows when its COMMIT returned
    began = clock.now
    await_seen(event_id, ports=timed)
    assert clock.now == pytest.approx(began + WAIT_S)


def test_an_enforced_denial_is_answered_at_once_and_always_alike(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.enforcement import await_seen, wait_enforced

    event_id, tx = _denial(timed)
    enforced_at = wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed)
    clock.slept.clear()
    assert await_seen(event_id, ports=timed) == enforced_at
    assert wait_enforced(event_id, committed_at_boot=clock.now, ports=timed) == enforced_at
    assert clock.slept == []


def test_whoever_records_first_is_who_everybody_tells(timed: LogPorts, clock: FakeClock) -> None:
    from consent.log.enforcement import await_seen, wait_enforced

    event_id, tx = _denial(timed)
    others: list[Any] = []

    def meanwhile() -> None:
        if not others:
            others.append(None)
            others[0] = await_seen(event_id, ports=timed)

    clock.during = meanwhile
    mine = wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed)
    assert others == [mine]


def test_the_wait_follows_the_bound_in_the_head(own_database: str, tmp_path: Any) -> None:
    from consent.log.enforcement import wait_enforced
    from consent.log.start import initialise
    from tests.log.history import file_ports

    clock = FakeClock()
    ports = replace(file_ports(tmp_path), boot_clock=clock, sleep=clock.sleep)
    initialise(ports)
    with db.connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET l_wait_ms = 2000")
    event_id, tx = _denial(ports)
    wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=ports)
    assert clock.now - tx.committed_at_boot == pytest.approx(2.1)


def test_the_sweeper_waits_once_for_all_and_enforces_them(own_database: str, tmp_path: Any) -> None:
    from consent.log.enforcement import sweep
    from consent.log.start import initialise
    from tests.log.history import file_ports

    clock = FakeClock()
    ports = replace(file_ports(tmp_path), boot_clock=clock, sleep=clock.sleep)
    initialise(ports)
    assert sweep(ports) == 0
    assert clock.slept == []
    denials = [_denial(ports)[0] for _ in range(3)]
    assert sweep(ports, limit=2) == 2
    assert sweep(ports) == 1
    assert sweep(ports) == 0
    assert clock.slept == [pytest.approx(WAIT_S)] * 2
    assert all(_enforced_at(event_id) is not None for event_id in denials)


def test_a_denial_committed_during_the_sweeper_s_wait_is_left_for_the_next_round(
    own_database: str, tmp_path: Any
) -> None:
    from consent.log.enforcement import sweep
    from consent.log.start import initialise
    from tests.log.history import file_ports

    clock = FakeClock()
    ports = replace(file_ports(tmp_path), boot_clock=clock, sleep=clock.sleep)
    initialise(ports)
    _denial(ports)
    late: list[str] = []
    clock.during = lambda: late.append(_denial(ports)[0]) if not late else None
    assert sweep(ports) == 1
    assert _enforced_at(late[0]) is None


def test_waiting_inside_a_transaction_is_refused(timed: LogPorts) -> None:
    from consent.log.enforcement import await_seen, sweep, wait_enforced

    event_id, tx = _denial(timed)
    with transaction.atomic():
        for wait in (
            lambda: await_seen(event_id, ports=timed),
            lambda: wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed),
            lambda: sweep(timed),
        ):
            with pytest.raises(NestedTransactionError):
                wait()


def test_an_unknown_denial_is_never_said_to_be_enforced(timed: LogPorts) -> None:
    from consent.log.enforcement import await_seen, wait_enforced

    with pytest.raises(EnforcementUnknownError):
        await_seen("evt_test_unknown", ports=timed)
    with pytest.raises(EnforcementUnknownError):
        wait_enforced("evt_test_unknown", committed_at_boot=0, ports=timed)


def test_recording_with_an_unknown_outcome_is_no_answer(
    timed: LogPorts, clock: FakeClock, postgres_server: str
) -> None:
    from consent.log.enforcement import wait_enforced

    event_id, tx = _denial(timed)

    def end_session() -> None:
        with psycopg.connect(postgres_server, autocommit=True) as other:
            pid = db.connection.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    clock.during = end_session
    with pytest.raises(CommitUnknownError):
        wait_enforced(event_id, committed_at_boot=tx.committed_at_boot, ports=timed)
    db.connection.close()
    assert _enforced_at(event_id) is None


def test_a_repeated_answer_first_tells_the_guard_what_the_dead_worker_may_not_have(
    timed: LogPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.enforcement import await_seen

    def fail(*args: Any, **kwargs: Any) -> None:
        raise StoreUnavailableError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(timed.objects, "put", fail)
        with pytest.raises(GuardUnavailableError):
            _denial(timed)
        from consent.log.models import Event

        event_id = Event.objects.filter(record=RECORD).order_by("-recorded_at")[0].event_id
        with pytest.raises(GuardUnavailableError):
            await_seen(event_id, ports=timed)
    assert await_seen(event_id, ports=timed)
