"""Events: what stands in the row, what opens it, and what it takes to forget it."""

import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from consent.log.errors import HistoryBrokenError, RecordDestroyedError, SealError
from consent.log.ports import LogPorts
from tests.log.history import event


def _appended(ports: LogPorts, new: Any) -> Any:
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    with history_transaction(False, ports) as tx:
        event_id = tx.append(new)
    return Event.objects.get(pk=event_id)


def test_an_event_opens_to_what_happened_and_its_entry_is_the_commitment(ports: LogPorts) -> None:
    from consent.log.events import open_event
    from signing.canonical import canonicalize

    row = _appended(ports, event("grant.signed", body={"grant": "grt_x", "licensee": "org_y"}))
    opened = open_event(row, ports=ports)
    assert opened.event["kind"] == "grant.signed"
    assert opened.event["body"] == {"grant": "grt_x", "licensee": "org_y"}
    assert opened.event["id"] == row.event_id
    assert opened.event["livemode"] is False
    # DESIGN §9, written out: 0x01 ‖ HMAC-SHA-256(salt, label ‖ 0x00 ‖ SHA-256(JCS(event)))
    message = b"consent-registry/commit/v1\x00" + sha256(canonicalize(opened.event)).digest()
    assert bytes(row.entry) == b"\x01" + hmac.digest(opened.salt, message, "sha256")
    assert len(opened.salt) == 32


def test_each_event_has_its_own_salt(ports: LogPorts) -> None:
    from consent.log.events import open_event

    rows = [_appended(ports, event()) for _ in range(2)]
    first, second = (open_event(row, ports=ports).salt for row in rows)
    assert first != second


def test_the_row_shows_nothing_of_the_body(ports: LogPorts) -> None:
    row = _appended(ports, event(body={"stage_name": "Planted String"}))
    shown = (
        b"".join(bytes(value) for value in (row.sealed, row.entry, row.chain)) + str(row.__dict__).encode()
    )
    assert b"Planted" not in shown


def test_an_event_in_the_row_of_another_does_not_open(ports: LogPorts) -> None:
    from consent.log.events import open_event

    one, two = _appended(ports, event(body={"n": 1})), _appended(ports, event(body={"n": 2}))
    one.sealed, one.entry = two.sealed, two.entry
    with pytest.raises(SealError):
        open_event(one, ports=ports)


def test_an_event_whose_entry_or_kind_was_altered_is_a_broken_history(ports: LogPorts) -> None:
    from consent.log.events import open_event

    row = _appended(ports, event())
    row.entry = bytes(33)
    with pytest.raises(HistoryBrokenError):
        open_event(row, ports=ports)
    row.refresh_from_db()
    row.kind = "grant.active"
    with pytest.raises(HistoryBrokenError):
        open_event(row, ports=ports)


def test_after_erasure_the_event_cannot_be_opened_and_the_chain_still_folds(ports: LogPorts) -> None:
    from consent.log.events import open_event
    from consent.log.verify import verify_history

    row = _appended(ports, replace(event(), record="cas_to_forget"))
    ports.sealer.destroy("cas_to_forget")
    with pytest.raises(RecordDestroyedError):
        open_event(row, ports=ports)
    verify_history(False)
