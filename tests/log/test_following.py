"""Following both histories with one query: what is new, whether we are still on it, and never from a standby."""

from dataclasses import replace
from typing import Any

import pytest


def _append(ports: Any) -> None:
    from consent.log.transaction import history_transaction
    from tests.log.history import event

    with history_transaction(True, ports) as tx:
        tx.append(event())


def _follow(applied: Any = None, floor: int | None = None, *, page: int = 100, besides: Any = ()) -> Any:
    from consent.log.following import follow, one_snapshot

    with one_snapshot():
        both, others = follow(
            {True: applied, False: None}, {True: floor, False: None}, page=page, besides=besides
        )
    return both[True], others


def test_it_tells_what_happened_since_and_that_we_are_still_on_it(ports: Any) -> None:
    from consent.log.heads import chain_at, read_head
    from consent.log.models import Event

    before = read_head(True)
    for _ in range(2):
        _append(ports)
    since, _ = _follow(before.position, before.seq)
    assert since.on_history and since.head.seq == before.seq + 2
    assert [entry.seq for entry in since.entries] == [before.seq + 1, before.seq + 2]
    assert since.reached == since.head.position and since.chain_at_floor == before.chain
    told = Event.objects.get(livemode=True, seq=before.seq + 1)
    assert since.entries[0] == (told.seq, told.chain, told.kind, told.performer_id, told.organization_id)
    assert chain_at(True, since.head.seq) == since.head.chain


def test_a_page_ends_at_its_last_event_and_not_at_the_head(ports: Any) -> None:
    from consent.log.heads import chain_at, read_head

    before = read_head(True)
    for _ in range(3):
        _append(ports)
    since, _ = _follow(before.position, page=2)
    assert len(since.entries) == 2 and since.reached.seq == before.seq + 2 < since.head.seq
    assert since.reached.chain == chain_at(True, since.reached.seq)


def test_a_chain_that_is_absent_or_different_is_not_our_history(ports: Any) -> None:
    from consent.log.heads import read_head

    here = read_head(True).position
    assert _follow(here)[0].on_history
    assert not _follow(None)[0].on_history
    assert not _follow(replace(here, chain=bytes(32)))[0].on_history
    assert not _follow(replace(here, seq=here.seq + 1000))[0].on_history


@pytest.mark.usefixtures("ports")
def test_a_standby_is_never_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.log import following
    from consent.log.errors import UnsafeDatabaseError

    standby = following._FOLLOW.replace("pg_is_in_recovery()", "true")
    monkeypatch.setattr(following, "_FOLLOW", standby)
    with pytest.raises(UnsafeDatabaseError):
        _follow(None)


@pytest.mark.usefixtures("ports")
def test_everything_asked_besides_is_of_the_same_snapshot_and_reads_only() -> None:
    from django.db import DatabaseError

    isolation: tuple[str, dict[str, Any]] = ("SELECT current_setting('transaction_isolation')", {})
    _, answers = _follow(None, besides=[isolation, ("SELECT %(n)b::int", {"n": 7})])
    assert answers == [[("repeatable read",)], [(7,)]]
    with pytest.raises(DatabaseError):
        _follow(None, besides=[("UPDATE log_head SET l_node_ms = 1", {})])


@pytest.mark.usefixtures("ports")
def test_a_snapshot_ends_with_its_block_and_is_never_part_of_another_transaction() -> None:
    from django.db import connection, transaction

    from consent.log.errors import NestedTransactionError
    from consent.log.following import follow, one_snapshot

    nothing = {True: None, False: None}
    with one_snapshot():
        follow(nothing, nothing, page=1)
        assert connection.connection.info.transaction_status.name == "INTRANS"
    assert connection.connection.info.transaction_status.name == "IDLE"
    with pytest.raises(ZeroDivisionError), one_snapshot():
        follow(nothing, nothing, page=1)
        raise ZeroDivisionError
    assert connection.connection.info.transaction_status.name == "IDLE"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        with pytest.raises(NestedTransactionError), one_snapshot():
            pass
