"""The limits of an API key: facts, which reach every node as a key that is switched off does."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """At most `daily_quota` rows in a UTC day and `rate_per_s` in a second; None: as many as they like.

    `account` names what is counted together: a key with its successors, and with keys that it made. `counted`
    rows were counted on it on the day `counted_on`, the last that any were, when this was read.
    """

    account: str
    daily_quota: int | None
    rate_per_s: int | None
    counted: int = 0
    counted_on: date | None = None
