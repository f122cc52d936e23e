"""Processes that count against one primary, in a test: clocks that the test moves, no thread but the test's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from consent.check.caller import OrganizationCaller
from consent.check.limits.key_limits import KeyLimits
from consent.check.limits.key_meter import KeyMeter
from consent.core.complete import StandingContext
from consent.core.wire.problem import ApiError
from consent.registry.operations.count_keys import KeyUseTold

NOON = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)
CHECK = "/v1/check"


@dataclass
class Time:
    """One clock for everybody, in seconds since noon of the primary."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    @property
    def at(self) -> datetime:
        """The primary's clock."""
        return NOON + timedelta(seconds=self.now)


@dataclass
class Sums:
    """What the table does, as a dictionary: real PostgreSQL has a test of its own."""

    time: Time
    rows: dict[tuple[str, date], int] = field(default_factory=dict)
    broken: bool = False

    def tell(self, added: Mapping[tuple[str, date], int], accounts: Collection[str]) -> KeyUseTold:
        """Add and read; as a database that cannot be reached while `broken`."""
        if self.broken:
            raise ConnectionError("the primary is away")
        for row, amount in added.items():
            self.rows[row] = self.rows.get(row, 0) + amount
        today = self.time.at.date()
        return KeyUseTold(
            at=self.time.at,
            used={name: self.rows[(name, today)] for name in accounts if (name, today) in self.rows},
        )


def meter(time: Time, sums: Sums, **changes: Any) -> KeyMeter:
    """A process that has counted nothing yet."""
    told: dict[str, Any] = {
        "tell": sums.tell,
        "wake": lambda: None,
        "monotonic": time,
        "wall": lambda: time.at,
        **changes,
    }
    return KeyMeter(**told)


def caller(
    *,
    quota: int | None = None,
    rate: int | None = None,
    key: str = "key_a",
    account: str | None = None,
    **more: Any,
) -> OrganizationCaller:
    """An organization's key with these limits, or without any."""
    limits = None
    if quota is not None or rate is not None:
        limits = KeyLimits(account=account or key, daily_quota=quota, rate_per_s=rate, **more)
    return OrganizationCaller(
        key=key,
        organization="org_a",
        livemode=True,
        scopes=frozenset({"check"}),
        context=StandingContext(),
        capabilities=frozenset(),
        limits=limits,
    )


def passes(of: KeyMeter, who: OrganizationCaller, cost: int = 1) -> bool:
    """Whether a question gets through."""
    try:
        of.count(who, CHECK, cost)
    except ApiError as exc:
        assert exc.code in ("rate_limited", "quota_exceeded")
        return False
    return True
