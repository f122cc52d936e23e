"""Heads and positions as the database has them."""

from dataclasses import replace

import pytest

from consent.log.errors import NotInitialisedError, PositionConflictError
from consent.log.ports import LogPorts
from tests.log.history import event


def test_a_committed_position_is_on_the_history_and_stays_on_it(ports: LogPorts) -> None:
    from consent.log.heads import read_head, require_on_history
    from consent.log.transaction import history_transaction

    with history_transaction(True, ports) as tx:
        tx.append(event())
    require_on_history(tx.position, read_head(True))
    with history_transaction(True, ports) as later:
        later.append(event())
    require_on_history(tx.position, read_head(True))
    token = ports.tokens.encode(tx.position)
    assert ports.tokens.decode(token, expected_livemode=True) == tx.position


def test_a_position_that_never_was_is_a_conflict(ports: LogPorts) -> None:
    from consent.log.heads import read_head, require_on_history

    head = read_head(True)
    for position in (
        replace(head.position, seq=head.seq + 1),
        replace(head.position, chain=bytes(32)),
        replace(head.position, seq=0),
    ):
        with pytest.raises(PositionConflictError):
            require_on_history(position, head)


def test_a_database_without_a_history_has_no_head(own_database: str) -> None:
    from consent.log.heads import read_head

    with pytest.raises(NotInitialisedError):
        read_head(True)
