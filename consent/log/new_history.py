"""Declaring that acknowledged history is lost: a new database id, and an event that everybody may read.

A database that was restored below what was acknowledged answers nothing (DESIGN §7). When the rest cannot be had back,
an operator declares the loss. The history goes on from the restored head, under a new database id and, in the
transparency log, under a new origin: the old one was signed further than this history goes.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import connection, transaction

from consent.log.append_sql import append
from consent.log.commit_guard import known_commit
from consent.log.errors import RolledBackError
from consent.log.events import NewEvent, open_event, seal_event
from consent.log.guard import Floor
from consent.log.heads import read_head
from consent.log.models import Event
from consent.log.ports import LogPorts
from consent.log.position import Head, Position
from signing.canonical import JSON
from signing.instants import parse_instant

NEW_HISTORY_KIND = "log.new_history"
SIDES = (True, False)
# The head's own trigger lets nobody change the id; its owner switches it off for this one statement, and on again
# before COMMIT, which is when anybody else sees the table.
_OPEN = "ALTER TABLE log_head DISABLE TRIGGER log_head_forward"
_NEW_ID = "UPDATE log_head SET database_id = %s"
_CLOSE = "ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One declared loss on one side: `kept` is the last position that was restored, `lost` the last that was known
    to be acknowledged (None where nobody knows)."""

    livemode: bool
    at: datetime
    reason: str
    kept: int
    lost: int | None
    generation: int


def generation(livemode: bool) -> int:
    """How many losses were declared on one side; the log's origin names it."""
    return Event.objects.filter(livemode=livemode, kind=NEW_HISTORY_KIND).count()


def losses(ports: LogPorts) -> list[Loss]:
    """Every declared loss, oldest first, for a public page."""
    rows = Event.objects.filter(kind=NEW_HISTORY_KIND).order_by("recorded_at", "-livemode")
    return [_loss(row, ports) for row in rows]


def lost_after(livemode: bool, ports: LogPorts) -> Position | None:
    """What was acknowledged on one side and is not in this database; None if nothing is missing."""
    floor = ports.guard.refresh(livemode)  # before the head: what is acknowledged in between is not lost
    try:
        ports.guard.check(read_head(livemode), floor)
    except RolledBackError:
        return floor.position if floor else None
    return None


def declare_loss(ports: LogPorts, *, reason: str) -> tuple[Loss, ...]:
    """Give this database a new id and say so on both sides; the guard then stands at the new heads.

    Safe to repeat after a crash: a declaration that was committed is not made twice. Every process of the registry
    must have been stopped: each remembers the highest position that it saw.

    Raises:
        RolledBackError: nothing is missing, so that there is no loss to declare.
        CommitUnknownError, GuardUnavailableError: call again.
    """
    floors = {side: ports.guard.refresh(side) for side in SIDES}
    heads = {side: read_head(side) for side in SIDES}
    if all(floors[side] and lost_after(side, ports) is None for side in SIDES):
        raise RolledBackError(
            "nothing is missing: both sides have reached what was acknowledged, and the registry may be started"
        )
    if not all(_is_declaration(heads[side], floors[side], ports) for side in SIDES):
        lost = {side: floor.position.seq if (floor := floors[side]) else None for side in SIDES}
        _declare(ports, heads=heads, reason=reason, lost=lost)
    # Crash before this line: the next call finds the declaration, and only moves the guard.
    for side in SIDES:
        head = read_head(side)
        ports.guard.begin_again(head.position, database_id=head.database_id)
    return tuple(loss for loss in losses(ports) if loss.generation == generation(loss.livemode))


def _is_declaration(head: Head, floor: Floor | None, ports: LogPorts) -> bool:
    """Whether the head is the declaration that is wanted: the guard stands where that one says, or at it already.

    A backup may also be of an older declaration than the last: then the guard stands elsewhere.
    """
    row = Event.objects.filter(livemode=head.livemode, seq=head.seq, kind=NEW_HISTORY_KIND).first()
    if row is None:
        return False
    body = cast("dict[str, JSON]", open_event(row, ports=ports).event["body"])
    if floor is None:
        return body["lost_seq"] is None
    moved = (floor.database_id, floor.position) == (head.database_id, head.position)
    return moved or (floor.database_id, floor.position.seq) == (body["former_database_id"], body["lost_seq"])


def _declare(ports: LogPorts, *, heads: dict[bool, Head], reason: str, lost: dict[bool, int | None]) -> None:
    database_id = secrets.token_hex(16)
    sealed = {}
    for side, head in heads.items():
        body = {
            "former_database_id": head.database_id,
            "database_id": database_id,
            "kept_seq": head.seq,
            "lost_seq": lost[side],
            "generation": generation(side) + 1,
            "reason": reason,
        }
        record = f"new-history-{'live' if side else 'test'}-{database_id}"
        new = NewEvent(kind=NEW_HISTORY_KIND, body=body, record=record, denies=False)
        sealed[side] = seal_event(new, livemode=side, at=head.read_at, ports=ports)
    with known_commit() as commit, transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_OPEN)
            cursor.execute(_NEW_ID, [database_id])
            cursor.execute(_CLOSE)
        for side, event in sealed.items():
            append(side, [event])
        commit.committing()


def _loss(row: Event, ports: LogPorts) -> Loss:
    event = open_event(row, ports=ports).event
    body = event["body"]
    return Loss(
        livemode=row.livemode,
        at=parse_instant(event["at"]),
        reason=cast("str", body["reason"]),
        kept=cast("int", body["kept_seq"]),
        lost=cast("int | None", body["lost_seq"]),
        generation=cast("int", body["generation"]),
    )
