"""What happened, as the history says it: the opened body of an event, with the statement that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement that an event names by id and digest: the body that was signed, and when it was received.

    Events say that a grant was signed and that limits changed, not what the terms are: those stand only here. The
    digest in the event's body is of these very bytes, so nobody can put other terms under it.
    """

    body: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event at its position. `performer` is opaque and never leaves; `said` is there where terms stand in it.

    `at` is when it happened, by the primary's clock in whole seconds; None only where nobody asks for it.
    """

    seq: int
    kind: str
    body: Mapping[str, Any]
    performer: str | None
    organization: str | None
    said: Said | None = None
    at: datetime | None = None
