"""Events: made and sealed before the head is locked, opened and compared when read."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from consent.core.ids import new_id
from consent.log.errors import HistoryBrokenError, RecordDestroyedError
from consent.log.models import Event
from consent.log.ports import LogPorts
from signing.canonical import canonicalize, parse
from signing.commitment import entry as commitment_entry

SCHEMA = "consent-registry/event/v1"
ERASED = "erased"  # the record and kind of an event of which only its entry, place and time are left
SALT_BYTES = 32  # DESIGN §9: exactly 32 random bytes, else refused


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that changed, to be appended.

    `body` is disclosed to the parties in packages and proofs: no internal ids in it. `record` names
    the key that seals it; destroying that key is what erases it. `performer_id`, `organization_id` and
    `grant_id` are opaque ids for finding it again, and for telling those whom it concerns. `denies` is true
    unless the change can only allow (activation, resumption, new key): such an event has to be waited for
    (`enforcement`).
    """

    kind: str
    body: Mapping[str, Any]
    record: str
    denies: bool
    performer_id: str | None = None
    organization_id: str | None = None
    grant_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEvent:
    """A new event as its row will hold it; only seq, chain and recorded_at are still to come."""

    event_id: str
    new: NewEvent
    sealed: bytes
    entry: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEvent:
    """An event with its salt: with the log's proof of `entry`, what shows that it happened."""

    event: Mapping[str, Any]
    salt: bytes
    entry: bytes


def seal_event(new: NewEvent, *, livemode: bool, at: datetime, ports: LogPorts) -> SealedEvent:
    """Give `new` an id, a salt, its 33-byte entry and its sealed form; `at` is the primary's clock.

    Raises:
        KeyStoreError: no key can be had for its record.
    """
    event_id = new_id("evt", random=ports.random)
    event: dict[str, Any] = {
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "body": dict(new.body),
        "id": event_id,
        "kind": new.kind,
        "livemode": livemode,
        "schema": SCHEMA,
    }
    salt = ports.random(SALT_BYTES)
    sealed = ports.sealer.seal(new.record, salt + canonicalize(event), purpose=_purpose(event_id))
    return SealedEvent(event_id=event_id, new=new, sealed=sealed, entry=commitment_entry(event, salt))


def open_event(row: Event, *, ports: LogPorts) -> OpenedEvent:
    """Open a stored event and compare it with its entry.

    Raises:
        RecordDestroyedError: it was erased.
        SealError: the sealed bytes were altered, or are another event's.
        HistoryBrokenError: it does not open to its entry, id, kind and side.
    """
    if row.record == ERASED:
        raise RecordDestroyedError(f"event {row.event_id} was erased")
    plain = ports.sealer.open(row.record, bytes(row.sealed), purpose=_purpose(row.event_id))
    salt, event = plain[:SALT_BYTES], parse(plain[SALT_BYTES:])
    if not isinstance(event, dict) or not hmac.compare_digest(
        commitment_entry(event, salt), bytes(row.entry)
    ):
        raise HistoryBrokenError(f"event {row.event_id} does not open to its entry")
    if (event["id"], event["kind"], event["livemode"]) != (row.event_id, row.kind, row.livemode):
        raise HistoryBrokenError(f"event {row.event_id} stands in the row of another")
    return OpenedEvent(event=event, salt=salt, entry=bytes(row.entry))


def _purpose(event_id: str) -> str:
    """The sealing purpose: sealed bytes of one event never open as another's."""
    return f"event/{event_id}"
