"""The form of a history transaction, on a real PostgreSQL."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django import db
from django.db import IntegrityError, transaction

from consent.log.errors import (
    GuardUnavailableError,
    NestedTransactionError,
    NothingAppendedError,
    RecordDestroyedError,
    StoreUnavailableError,
)
from consent.log.ports import LogPorts
from tests.log.history import event


def test_one_event_takes_the_next_seq_and_folds_the_chain(ports: LogPorts) -> None:
    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    before = read_head(False)
    with history_transaction(False, ports) as tx:
        event_id = tx.append(event())
    row = Event.objects.get(pk=event_id)
    assert row.seq == before.seq + 1 == tx.position.seq
    assert bytes(row.chain) == hashlib.sha256(before.chain + bytes(row.entry)).digest() == tx.position.chain
    assert read_head(False).position == tx.position
    assert row.recorded_at == tx.recorded_at


def test_a_range_takes_consecutive_seqs_in_order(ports: LogPorts) -> None:
    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    before = read_head(True)
    with history_transaction(True, ports) as tx:
        ids = [tx.append(event(body={"n": n})) for n in range(50)]
    chain = before.chain
    for offset, event_id in enumerate(ids):
        row = Event.objects.get(pk=event_id)
        chain = hashlib.sha256(chain + bytes(row.entry)).digest()
        assert (row.seq, bytes(row.chain)) == (before.seq + 1 + offset, chain)
        assert tx.positions[event_id].seq == row.seq
    assert read_head(True).position == tx.position


def test_the_statements_are_those_of_the_form_and_the_append_is_the_last(ports: LogPorts) -> None:
    from django.test.utils import CaptureQueriesContext

    from consent.log.transaction import history_transaction

    for count in (1, 3):
        with CaptureQueriesContext(db.connection) as queries, history_transaction(False, ports) as tx:
            for _ in range(count):
                tx.append(event(denies=True))
        said = [" ".join(query["sql"].split()) for query in queries]
        assert said[0] == "BEGIN"
        assert said[1].startswith("SET TRANSACTION ISOLATION LEVEL READ COMMITTED;")
        assert said[-3] == "SET CONSTRAINTS ALL IMMEDIATE"
        assert said[-2].startswith("WITH h AS ( UPDATE log_head SET seq = seq +")
        assert "INSERT INTO log_event" in said[-2]
        assert said[-1] == "COMMIT"
        assert not any("log_head SET" in statement for statement in said[:-2])


def test_nothing_is_sealed_or_drawn_while_the_head_is_locked(
    ports: LogPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log import append_sql
    from consent.log.transaction import history_transaction

    locked = False
    append = append_sql.append

    def watched(livemode: bool, events: Any) -> Any:
        nonlocal locked
        locked = True
        return append(livemode, events)

    def random(count: int) -> bytes:
        assert not locked
        return ports.random(count)

    monkeypatch.setattr(append_sql, "append", watched)
    with history_transaction(False, replace(ports, random=random)) as tx:
        tx.append(event())
    assert locked


def test_it_is_read_committed_whatever_the_role_defaults_to(ports: LogPorts) -> None:
    from consent.log.transaction import history_transaction

    with db.connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'serializable'")
        try:
            with history_transaction(False, ports) as tx:
                cursor.execute("SELECT current_setting('transaction_isolation')")
                assert cursor.fetchone() == ("read committed",)
                tx.append(event())
        finally:
            cursor.execute("RESET default_transaction_isolation")


def test_it_refuses_to_run_inside_another_transaction(ports: LogPorts) -> None:
    from consent.log.transaction import history_transaction

    with transaction.atomic(), pytest.raises(NestedTransactionError), history_transaction(False, ports):
        pytest.fail("the body ran")
    with history_transaction(False, ports) as outer:
        with pytest.raises(NestedTransactionError), history_transaction(True, ports):
            pytest.fail("the body ran")
        outer.append(event())
    assert outer.position.livemode is False


def test_a_body_that_says_nothing_is_rolled_back_and_refused(ports: LogPorts) -> None:
    from consent.log.models import Enforcement
    from consent.log.transaction import history_transaction

    with pytest.raises(NothingAppendedError), history_transaction(False, ports):
        Enforcement.objects.create(event_id="evt_test_silent", livemode=False)
    assert not Enforcement.objects.filter(pk="evt_test_silent").exists()


def test_a_body_that_says_nothing_changed_is_rolled_back_and_accepted(ports: LogPorts) -> None:
    from consent.log.heads import read_head
    from consent.log.models import Enforcement
    from consent.log.transaction import history_transaction

    before = read_head(False)
    with history_transaction(False, ports) as tx:
        Enforcement.objects.create(event_id="evt_test_silent", livemode=False)
        tx.nothing_changed()
    assert not Enforcement.objects.filter(pk="evt_test_silent").exists()
    assert read_head(False).position == before.position
    with pytest.raises(NothingAppendedError):
        _ = tx.committed_at_boot


def test_a_body_that_fails_leaves_no_trace(ports: LogPorts) -> None:
    from consent.log.heads import read_head
    from consent.log.models import Enforcement
    from consent.log.transaction import history_transaction

    before = read_head(False)
    with pytest.raises(ZeroDivisionError), history_transaction(False, ports) as tx:
        event_id = tx.append(event(denies=True))
        _ = 1 / 0
    assert read_head(False).position == before.position
    assert not Enforcement.objects.filter(pk=event_id).exists()


def test_a_swallowed_database_error_never_passes_as_a_commit(ports: LogPorts) -> None:
    """Django would roll back such a transaction without a word, and the caller would answer."""
    from consent.log.models import Enforcement
    from consent.log.transaction import history_transaction

    with pytest.raises(NothingAppendedError), history_transaction(False, ports) as tx:
        event_id = tx.append(event(denies=True))
        try:
            with transaction.atomic(savepoint=False):
                Enforcement.objects.create(event_id=event_id, livemode=False)
        except IntegrityError:
            pass
    assert not Enforcement.objects.filter(pk=event_id).exists()


def test_a_broken_deferred_constraint_is_found_before_the_head_is_locked(ports: LogPorts) -> None:
    from consent.log import append_sql
    from consent.log.transaction import history_transaction

    with db.connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE deferred_parent (id int PRIMARY KEY);"
            "CREATE TABLE deferred_child (parent int REFERENCES deferred_parent DEFERRABLE INITIALLY DEFERRED)"
        )
        with (
            pytest.MonkeyPatch.context() as patch,
            pytest.raises(IntegrityError),
            history_transaction(False, ports) as tx,
        ):
            patch.setattr(append_sql, "append", lambda *_: pytest.fail("the head was locked"))
            cursor.execute("INSERT INTO deferred_child VALUES (1)")
            tx.append(event())


def test_an_erased_record_takes_no_further_event(ports: LogPorts) -> None:
    from consent.log.heads import read_head
    from consent.log.transaction import history_transaction

    before = read_head(False)
    ports.sealer.destroy("cas_erased")
    with pytest.raises(RecordDestroyedError), history_transaction(False, ports) as tx:
        tx.append(replace(event(), record="cas_erased"))
    assert read_head(False).position == before.position


def test_results_are_read_after_the_commit_only(ports: LogPorts) -> None:
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        tx.append(event())
        for name in ("position", "positions", "committed_at_boot", "recorded_at"):
            with pytest.raises(NothingAppendedError):
                getattr(tx, name)
    assert tx.positions


def test_what_the_guard_cannot_keep_is_committed_but_not_acknowledged(
    ports: LogPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails but persists: the caller answers 503, and the retry finds the event."""
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    def fail(*args: Any, **kwargs: Any) -> None:
        raise StoreUnavailableError("no space left")

    with monkeypatch.context() as patch, pytest.raises(GuardUnavailableError):
        patch.setattr(ports.objects, "put", fail)
        with history_transaction(False, ports) as tx:
            event_id = tx.append(event())
    assert Event.objects.filter(pk=event_id).exists()
    with history_transaction(False, ports) as tx:
        tx.append(event())
    assert tx.position
