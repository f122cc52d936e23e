"""The form of a history transaction, on a real PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import pytest

from consent.log.ports import LogPorts


def _event(kind: str = "test.happened", *, denies: bool = False, body: Mapping[str, Any] | None = None) -> Any:
    from consent.log.events import NewEvent

    return NewEvent(kind=kind, body=body or {"n": 1}, record="cas_log_tests", denies=denies)


def test_one_event_takes_the_next_seq_and_folds_the_chain(ports: LogPorts) -> None:
    import hashlib

    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    before = read_head(False)
    with history_transaction(False, ports) as tx:
        event_id = tx.append(_event())
    row = Event.objects.get(pk=event_id)
    assert row.seq == before.seq + 1 == tx.position.seq
    assert bytes(row.chain) == hashlib.sha256(before.chain + bytes(row.entry)).digest() == tx.position.chain
    assert read_head(False).position == tx.position


def test_a_range_takes_consecutive_seqs_in_order(ports: LogPorts) -> None:
    import hashlib

    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.transaction import history_transaction

    before = read_head(True)
    with history_transaction(True, ports) as tx:
        ids = [tx.append(_event(body={"n": n})) for n in range(50)]
    chain = before.chain
    for offset, event_id in enumerate(ids):
        row = Event.objects.get(pk=event_id)
        chain = hashlib.sha256(chain + bytes(row.entry)).digest()
        assert (row.seq, bytes(row.chain)) == (before.seq + 1 + offset, chain)
        assert tx.positions[event_id].seq == row.seq
    assert read_head(True).position == tx.position
