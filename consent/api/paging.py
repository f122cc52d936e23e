"""Pages of lists, newest first. A cursor is the place of the last object shown, authenticated.

It is bound to the caller, the list and its filters: a cursor of one list says nothing to another.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from consent.core.instants import parse_instant
from consent.core.wire.problem import ApiError, parameter_fault

T = TypeVar("T")

_TAG_BYTES = 16
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page ends: the instant and the id by which its list is ordered."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a list query reads: the next `limit` objects before `before`, made in [after, until)."""

    limit: int
    before: Place | None
    created_after: datetime | None
    created_before: datetime | None


class Cursors:
    """Formats and parses cursors under one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Cursors()"

    def encode(self, place: Place, *, bound_to: str) -> str:
        """The cursor of `place` in the list `bound_to`."""
        micros = int(place.at.timestamp() * _MICROSECONDS)
        plain = f"{micros}|{place.id}".encode()
        return base64.urlsafe_b64encode(self._tag(plain, bound_to) + plain).rstrip(b"=").decode()

    def decode(self, text: str, *, expected_bound_to: str) -> Place:
        """The place that a cursor names.

        Raises:
            ApiError: malformed, forged, or of another list, caller or filter.
        """
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError) as exc:
            raise ApiError("cursor_invalid") from exc
        tag, plain = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(plain, expected_bound_to)):
            raise ApiError("cursor_invalid")
        micros, _, place_id = plain.decode().partition("|")
        seconds, rest = divmod(int(micros), _MICROSECONDS)
        return Place(at=datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest), id=place_id)

    def _tag(self, plain: bytes, bound_to: str) -> bytes:
        context = hashlib.sha256(bound_to.encode()).digest()
        return hmac.digest(self._key, b"consent-registry/cursor/v1\x00" + context + plain, "sha256")[
            :_TAG_BYTES
        ]


def window(query: Any, cursors: Cursors, *, bound_to: str) -> Window:
    """What the list query asks for, one object more than a page to see whether another follows."""
    cursor = query.cursor
    return Window(
        limit=query.limit + 1,
        before=cursors.decode(cursor, expected_bound_to=bound_to) if isinstance(cursor, str) else None,
        created_after=_instant("created_after", query.created_after),
        created_before=_instant("created_before", query.created_before),
    )


def page(
    rows: Sequence[T],
    query: Any,
    cursors: Cursors,
    *,
    bound_to: str,
    place: Callable[[T], Place],
    shown: list[Any],
) -> dict[str, Any]:
    """`{data, next_cursor}`: `rows` are what a window gave, `shown` the objects of the page."""
    more = len(rows) > query.limit
    last = rows[query.limit - 1] if more else None
    return {
        "data": shown,
        "next_cursor": None if last is None else cursors.encode(place(last), bound_to=bound_to),
    }


def _instant(name: str, value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except ValueError as exc:
        raise parameter_fault(name, "instant", "an instant that exists", value) from exc
