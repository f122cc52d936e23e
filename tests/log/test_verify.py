"""A stored history that was tampered with, past every trigger, does not verify."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django import db

from consent.log.errors import HistoryBrokenError
from tests.log.history import event, file_ports


@pytest.fixture
def tampered(own_database: str, tmp_path: Path) -> Iterator[None]:
    """A history of six events whose triggers somebody with all rights has taken away."""
    from consent.log.start import initialise
    from consent.log.transaction import history_transaction
    from consent.log.verify import verify_history

    ports = file_ports(tmp_path)
    initialise(ports)
    with history_transaction(True, ports) as tx:
        for n in range(5):
            tx.append(event(body={"n": n}))
    assert verify_history(True) == tx.position
    with db.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE log_event DISABLE TRIGGER ALL; ALTER TABLE log_head DISABLE TRIGGER ALL")
    yield


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM log_event WHERE livemode AND seq = 5",
        "DELETE FROM log_event WHERE livemode AND seq = 3",
        "DELETE FROM log_event WHERE livemode AND seq = 0",
        "UPDATE log_event SET entry = '\\x01' || sha256('other') WHERE livemode AND seq = 2",
        "UPDATE log_event SET entry = '\\x02' || substr(entry, 2) WHERE livemode AND seq = 2",
        "UPDATE log_event SET chain = sha256('other') WHERE livemode AND seq = 5",
        "UPDATE log_head SET chain = sha256('other') WHERE livemode",
        "UPDATE log_head SET seq = 4 WHERE livemode",
        "UPDATE log_head SET seq = 6 WHERE livemode",
        "UPDATE log_event SET seq = -seq + 5 + 100 WHERE livemode AND seq > 2",
    ],
)
@pytest.mark.usefixtures("tampered")
def test_tampering_is_found(sql: str) -> None:
    from consent.log.verify import verify_history

    with db.connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(HistoryBrokenError):
        verify_history(True)
    assert verify_history(False).seq == 0


@pytest.mark.usefixtures("tampered")
def test_a_history_longer_than_a_page_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.log import verify

    monkeypatch.setattr(verify, "_PAGE", 2)
    assert verify.verify_history(True).seq == 5
