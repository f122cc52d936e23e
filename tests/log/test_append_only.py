"""The database itself refuses to rewrite the history."""

import pytest
from django import db
from django.db import IntegrityError, transaction

from consent.log import append_only
from consent.log.ports import LogPorts
from tests.log.history import event


def _execute(sql: str, parameters: list[object] | None = None) -> None:
    with transaction.atomic(), db.connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE log_event SET kind = 'other'",
        "UPDATE log_event SET kind = kind WHERE false",
        "DELETE FROM log_event",
        "DELETE FROM log_event WHERE seq = 0",
        "TRUNCATE log_event",
        "TRUNCATE log_head, log_event, log_enforcement CASCADE",
        "DELETE FROM log_head",
        "TRUNCATE log_head",
        "DELETE FROM log_enforcement",
        "TRUNCATE log_enforcement",
        "UPDATE log_head SET seq = seq - 1",
        "UPDATE log_head SET chain = sha256('other')",
        "UPDATE log_head SET before = sha256('other')",
        "UPDATE log_head SET database_id = 'other'",
        "UPDATE log_head SET key_store_id = 'other'",
        "UPDATE log_enforcement SET event_id = event_id || 'x'",
        "UPDATE log_enforcement SET noted_at = noted_at - interval '1 day'",
        "UPDATE log_enforcement SET livemode = NOT livemode",
        "SET LOCAL session_replication_role = replica; DELETE FROM log_event",
        "INSERT INTO log_event SELECT * FROM log_event ON CONFLICT (event_id) DO UPDATE SET kind = 'other'",
    ],
)
def test_rewriting_is_refused(ports: LogPorts, sql: str) -> None:
    from consent.log.heads import read_head
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        tx.append(event(denies=True))
    before = read_head(False)
    with pytest.raises(IntegrityError):
        _execute(sql)
    assert read_head(False).position == before.position


def test_enforced_at_is_recorded_once(ports: LogPorts) -> None:
    from consent.log.enforcement import wait_enforced
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        event_id = tx.append(event(denies=True))
    wait_enforced(event_id, committed_at_boot=tx.committed_at_boot - 10, ports=ports)
    for value in ("NULL", "clock_timestamp()"):
        with pytest.raises(IntegrityError):
            _execute(f"UPDATE log_enforcement SET enforced_at = {value} WHERE event_id = %s", [event_id])


def test_a_seq_or_an_event_id_stands_once(ports: LogPorts) -> None:
    for column in ("seq", "event_id"):
        other = "'x' || event_id" if column == "seq" else "event_id"
        seq = "seq" if column == "seq" else "-seq"
        with pytest.raises(IntegrityError):
            _execute(
                "INSERT INTO log_event (event_id, livemode, seq, kind, record, sealed, entry, chain, recorded_at)"
                f" SELECT {other}, livemode, {seq}, kind, record, sealed, entry, chain, recorded_at FROM log_event"
            )


@pytest.mark.parametrize(("entry", "chain"), [(32, 32), (34, 32), (33, 31), (33, 0)])
def test_an_entry_has_33_bytes_and_a_chain_32(ports: LogPorts, entry: int, chain: int) -> None:
    with pytest.raises(IntegrityError):
        _execute(
            "INSERT INTO log_event (event_id, livemode, seq, kind, record, sealed, entry, chain, recorded_at)"
            " VALUES ('evt_test_size', true, 1000000, 'k', 'r', '', %s, %s, now())",
            [bytes(entry), bytes(chain)],
        )


def test_events_have_no_foreign_keys_and_no_deferred_triggers(database: str) -> None:
    """DESIGN §7: either would lock or run at COMMIT, after the head."""
    with db.connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype IN ('f', 't')"
            " AND conrelid IN ('log_event'::regclass, 'log_head'::regclass, 'log_enforcement'::regclass)"
            " UNION ALL SELECT tgname FROM pg_trigger WHERE tgdeferrable"
            " AND tgrelid IN ('log_event'::regclass, 'log_head'::regclass, 'log_enforcement'::regclass)"
        )
        assert cursor.fetchall() == []


def test_other_rooms_tables_can_be_frozen_by_the_column(database: str) -> None:
    frozen = append_only.frozen_columns("frozen_thing", ("id", "signed"))
    _execute("CREATE TABLE frozen_thing (id int, signed bytea, state text)")
    _execute(str(frozen.sql))
    _execute("INSERT INTO frozen_thing VALUES (1, '\\x01', 'active')")
    _execute("UPDATE frozen_thing SET state = 'revoked'")
    for sql in ("UPDATE frozen_thing SET signed = '\\x02'", "UPDATE frozen_thing SET signed = NULL"):
        with pytest.raises(IntegrityError, match=r"frozen_thing\.signed is written once"):
            _execute(sql)
    _execute(str(frozen.reverse_sql))
    _execute("UPDATE frozen_thing SET signed = '\\x02'")
    _execute("DROP TABLE frozen_thing")


@pytest.mark.parametrize("name", ["Table", "a;b", "a b", "", "1a", "a" * 52, 'a"b'])
def test_only_plain_names_are_written_into_sql(name: str) -> None:
    for make in (append_only.append_only, append_only.undeletable):
        with pytest.raises(ValueError, match="plain identifier"):
            make(name)
    with pytest.raises(ValueError, match="plain identifier"):
        append_only.frozen_columns("thing", (name,))
