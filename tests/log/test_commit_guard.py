"""A COMMIT that is not known to have happened is an error, and never an answer."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django import db

from consent.log.errors import CommitUnknownError
from consent.log.ports import LogPorts
from tests.log.history import connected_to, event, file_ports, migrate


def _raw() -> Any:
    """The psycopg connection under Django's."""
    db.connection.ensure_connection()
    return db.connection.connection


def test_a_connection_that_breaks_at_commit_is_an_unknown_outcome(
    ports: LogPorts, monkeypatch: pytest.MonkeyPatch, postgres_server: str
) -> None:
    """Fails and does not persist: the server ended the session before it saw COMMIT."""
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    raw = _raw()
    commit = raw.commit

    def break_first() -> None:
        with psycopg.connect(postgres_server, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [raw.info.backend_pid])
        commit()

    monkeypatch.setattr(raw, "commit", break_first)
    with pytest.raises(CommitUnknownError), history_transaction(False, ports) as tx:
        event_id = tx.append(event())
    db.connection.close()
    assert not Event.objects.filter(pk=event_id).exists()


def test_a_connection_that_breaks_after_commit_is_an_unknown_outcome_too(
    ports: LogPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails but persists: COMMIT happened and its answer was lost."""
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    raw = _raw()
    commit = raw.commit

    def lose_answer() -> None:
        commit()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(raw, "commit", lose_answer)
    with pytest.raises(CommitUnknownError), history_transaction(False, ports) as tx:
        event_id = tx.append(event())
    monkeypatch.undo()
    db.connection.close()
    assert Event.objects.filter(pk=event_id).exists()


@pytest.fixture
def own_server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, whose settings may be changed; Django is connected to a database there."""
    from consent.server.embedded.postgres import embedded_postgres

    folder = tmp_path_factory.mktemp("server")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)  # as root the server runs as a user of its own, who must get in
    with embedded_postgres(folder, superuser=True) as url, connected_to(url):
        migrate()
        yield url


def test_a_commit_whose_wait_for_the_standby_was_cancelled_is_an_unknown_outcome(
    own_server: str, tmp_path: Path
) -> None:
    """PostgreSQL answers such a COMMIT with success, and the warning that the standby may not have it."""
    from consent.log.models import Event
    from consent.log.start import initialise
    from consent.log.transaction import history_transaction

    ports = file_ports(tmp_path)
    initialise(ports)
    pid = _raw().info.backend_pid
    done = threading.Event()

    def cancel_when_waiting() -> None:
        with psycopg.connect(own_server, autocommit=True) as other:
            while not done.is_set():
                row = other.execute(
                    "SELECT wait_event FROM pg_stat_activity WHERE pid = %s", [pid]
                ).fetchone()
                if row == ("SyncRep",):
                    other.execute("SELECT pg_cancel_backend(%s)", [pid])

    canceller = threading.Thread(target=cancel_when_waiting)
    with psycopg.connect(own_server, autocommit=True) as admin:
        # A standby that never answers, since there is none.
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        admin.execute("SELECT pg_reload_conf()")
        canceller.start()
        try:
            with pytest.raises(CommitUnknownError, match="warning"):
                for _ in range(100):  # until the server has taken up the setting
                    with history_transaction(False, ports) as tx:
                        event_id = tx.append(event())
        finally:
            done.set()
            canceller.join()
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
    assert Event.objects.filter(pk=event_id).exists()


def test_a_warning_before_the_commit_is_none_of_its_business(ports: LogPorts) -> None:
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        with db.connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE WARNING 'something else'; END $$")
        tx.append(event())
    assert tx.position


def test_a_failing_statement_before_the_commit_stays_what_it_is(ports: LogPorts) -> None:
    from consent.log.transaction import history_transaction

    with (
        pytest.raises(db.ProgrammingError),
        history_transaction(False, ports),
        db.connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM no_such_table")


def test_the_connection_that_commits_is_watched_although_an_older_one_was_replaced(
    ports: LogPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django with health checks replaces a stale connection only when the transaction begins."""
    from consent.log.transaction import history_transaction

    stale = _raw()
    monkeypatch.setattr(db.connections["default"], "health_check_enabled", True)
    monkeypatch.setattr(db.connections["default"], "health_check_done", False)
    stale.close()
    with pytest.raises(CommitUnknownError, match="warning"), history_transaction(False, ports) as tx:
        raw = _raw()
        assert raw is not stale
        commit = raw.commit

        def warn() -> None:
            raw.execute("DO $$ BEGIN RAISE WARNING 'canceling wait'; END $$")
            commit()

        monkeypatch.setattr(raw, "commit", warn)
        tx.append(event())
