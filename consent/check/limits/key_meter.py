"""Counts what is asked with each API key against the key's limits (DESIGN §8 "Counted limits").

The limits are facts. The count is this process's own, and what the others told the primary: each tells about once
a second, never while a question waits. So with `n` processes a key may get through at most what the other `n - 1`
let pass since they last told: with a rate, `(n - 1) × rate` rows for each second between two tellings, and a
bucket of one second each. What passed beyond the rate is owed, so it does not add up. A process that is killed
forgets at most what it had not told.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from consent.check.caller import OrganizationCaller
from consent.check.limits.bucket import Bucket
from consent.check.limits.fields import DAY_S, Header, policy, refusal
from consent.check.limits.key_limits import KeyLimits
from consent.core.wire.problem import ApiError
from consent.registry.operations.count_keys import KeyUseTold

SECOND, DAILY = "second", "daily"  # the names of the policies
AWAKE_S: Final = 60.0  # an account that nobody used for so long is not asked about any more
# What counts: questions. Reading changes does not, since that is how a program learns that it must stop.
COUNTED: Final = frozenset(
    {"/v1/check", "/v1/check/batch", "/access/v1/evaluation", "/access/v1/evaluations"}
)
Tell = Callable[[Mapping[tuple[str, date], int], Collection[str]], KeyUseTold]


@dataclass(slots=True)
class _Account:
    """What is counted together on one day: `known` to the primary, `flying` there now, `pending` here."""

    known: int
    used_at: float
    synced_at: float | None = None
    pending: int = 0
    flying: int = 0


@dataclass(slots=True)
class _State:
    """One key. `own` was asked with it since the last telling, `flown` is being told."""

    limits: KeyLimits
    account: _Account
    bucket: Bucket | None
    told: Header
    own: int = 0
    flown: int = 0


@dataclass(slots=True)
class _Flight:
    """What one telling carries."""

    added: dict[tuple[str, date], int] = field(default_factory=dict)
    accounts: dict[str, _Account] = field(default_factory=dict)
    closing: dict[tuple[str, date], int] = field(default_factory=dict)


class KeyMeter:
    """Implements `Meter`. Safe to share between threads; a forked child begins anew.

    `monotonic` counts seconds; `wall` tells the day until the primary has told it; `wake` is called when there is
    something to tell.
    """

    def __init__(
        self,
        *,
        tell: Tell,
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tell = tell
        self._wake = wake
        self._monotonic = monotonic
        self._wall = wall
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())

    def __repr__(self) -> str:
        return f"KeyMeter({len(self._states)} keys)"

    def _begin_anew(self) -> None:
        """As in a new process: what the parent counted, the parent tells."""
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._states: dict[str, _State] = {}
        self._accounts: dict[str, _Account] = {}
        self._closing: dict[tuple[str, date], int] = {}
        self._day: date
        self._midnight: float
        self._ticks_at: float
        self._until = 0
        self._set_day(self._wall(), self._monotonic())
        self.refused = {SECOND: 0, DAILY: 0}

    def count(
        self, caller: OrganizationCaller, route: str, cost: int, *, before: int = 0
    ) -> tuple[Header, ...]:
        """As in `Meter`: a key without limits, or a route that does not count, gets no headers."""
        limits = caller.limits
        if limits is None or route not in COUNTED:
            return ()
        with self._lock:
            now = self._monotonic()
            if now >= self._midnight:
                self._new_day(self._day + timedelta(days=1), now)
                self._midnight = now + DAY_S
                self._ticks_at = now
            state = self._states.get(caller.key)
            if state is None or state.limits is not limits:
                state = self._take_up(caller.key, limits, now)
            account, bucket, quota = state.account, state.bucket, limits.daily_quota
            used = account.known + account.flying + account.pending + cost
            if quota is not None and used > quota:
                self.refused[DAILY] += 1
                raise self._over_quota(state, used - cost, cost, now)
            if bucket is not None and not bucket.take(cost, now, before=before):
                self.refused[SECOND] += 1
                raise self._over_rate(state, used - cost, cost + before, now)
            account.pending += cost
            account.used_at = now
            state.own += cost
            headers = (state.told, ("RateLimit", self._standing(bucket, quota, used, now)))
        self._wake()
        return headers

    def tell(self) -> bool:
        """Tell the primary what was counted, and take over what the others told; whether there is more to come.

        Raises:
            Exception: whatever `tell` raised; the counts stay here, and are told the next time.
        """
        with self._telling:
            flight = self._depart()
            if not flight.accounts and not flight.closing:
                return False
            try:
                told = self._tell({**flight.closing, **flight.added}, flight.accounts)
            except Exception:
                self._come_back(flight)
                raise
            return self._land(flight, told)

    def _depart(self) -> _Flight:
        with self._lock:
            now = self._monotonic()
            flight = _Flight(closing=self._closing)
            self._closing = {}
            for name, account in self._accounts.items():
                if account.pending:
                    flight.added[(name, self._day)] = account.flying = account.pending
                    account.pending = 0
                if account.flying or now - account.used_at <= AWAKE_S:
                    flight.accounts[name] = account
            for state in self._states.values():
                state.flown, state.own = state.own, 0
        return flight

    def _come_back(self, flight: _Flight) -> None:
        with self._lock:
            self._close(flight.closing)
            for (name, day), amount in flight.added.items():
                account = flight.accounts[name]
                if day == self._day:
                    account.flying, account.pending = 0, account.pending + amount
                else:
                    self._close({(name, day): amount})

    def _land(self, flight: _Flight, told: KeyUseTold) -> bool:
        with self._lock:
            now, day = self._monotonic(), told.at.date()
            departed = self._day
            if day != self._day:
                self._new_day(day, now)
            self._set_day(told.at, now)
            others: dict[int, int] = {}
            for name, account in flight.accounts.items():
                total = told.used.get(name, 0)
                # Of an account that was not asked about for a while, nobody knows when the others used it.
                followed = account.synced_at is not None and now - account.synced_at <= AWAKE_S / 12
                if followed and day == departed:
                    others[id(account)] = total - account.known
                account.known, account.flying, account.synced_at = total, 0, now
            for state in self._states.values():
                theirs = others.get(id(state.account), 0) - state.flown
                if state.bucket is not None and theirs > 0:
                    state.bucket.owe(theirs)
                state.flown = 0
            return any(now - account.used_at <= AWAKE_S for account in self._accounts.values())

    def _take_up(self, key: str, limits: KeyLimits, now: float) -> _State:
        """The first question of a key, or the first after its limits changed."""
        former = self._states.get(key)
        account = self._accounts.get(limits.account)
        if account is None:
            counted = limits.counted if limits.counted_on == self._day else 0
            account = self._accounts[limits.account] = _Account(known=counted, used_at=now)
        bucket, policies = None, []
        if limits.rate_per_s is not None:
            rate = limits.rate_per_s
            bucket = Bucket(rate=rate, size=rate, now=now)  # one second's worth may come at once
            if former is not None and former.bucket is not None:
                # New limits, or the same ones read again, give nobody a second's worth for nothing.
                bucket.level, bucket.at = min(former.bucket.level, rate), former.bucket.at
            policies.append(policy(SECOND, quota=rate, window_s=1))
        if limits.daily_quota is not None:
            policies.append(policy(DAILY, quota=limits.daily_quota, window_s=DAY_S))
        told = ("RateLimit-Policy", ", ".join(policies))
        state = _State(limits=limits, account=account, bucket=bucket, told=told)
        if former is not None:
            state.own, state.flown = former.own, former.flown
        self._states[key] = state
        return state

    def _new_day(self, day: date, now: float) -> None:
        """Nothing is counted yet today; what was counted before is still to be told."""
        if day == self._day:
            return
        for name, account in self._accounts.items():
            if account.pending:
                self._close({(name, self._day): account.pending})
            account.known = account.pending = account.flying = 0
            account.synced_at = None
        self._accounts = {n: each for n, each in self._accounts.items() if now - each.used_at <= DAY_S}
        kept = {id(account) for account in self._accounts.values()}
        self._states = {key: each for key, each in self._states.items() if id(each.account) in kept}
        self._day = day

    def _close(self, counts: Mapping[tuple[str, date], int]) -> None:
        for name, amount in counts.items():
            self._closing[name] = self._closing.get(name, 0) + amount

    def _set_day(self, at: datetime, now: float) -> None:
        """Take over the primary's clock: which day it is, and when the next one begins here."""
        self._day = at.date()
        midnight = datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)
        self._midnight = now + (midnight - at).total_seconds()
        self._ticks_at = now  # when `_until`, the whole seconds to midnight, is next counted anew

    def _standing(self, bucket: Bucket | None, quota: int | None, used: int, now: float) -> str:
        """What remains: of this second, and of the day. Written out, since every answer carries it."""
        whole = 0
        if bucket is not None and bucket.level > 0:
            whole = int(bucket.level)
        if quota is None:
            return "" if bucket is None else f'"{SECOND}";r={whole};t=1'
        if now >= self._ticks_at:
            self._until = -int((now - self._midnight) // 1)  # rounded up: never too early
            self._ticks_at = self._midnight - self._until + 1
        left = quota - used if used < quota else 0
        if bucket is None:
            return f'"{DAILY}";r={left};t={self._until}'
        return f'"{SECOND}";r={whole};t=1, "{DAILY}";r={left};t={self._until}'

    def _over_quota(self, state: _State, used: int, cost: int, now: float) -> ApiError:
        quota = state.limits.daily_quota
        detail = f"{used} of {quota} rows were asked today, and this asks {cost} more"
        headers = (state.told, ("RateLimit", self._standing(state.bucket, quota, used, now)))
        return refusal("quota_exceeded", DAILY, after_s=self._midnight - now, headers=headers, detail=detail)

    def _over_rate(self, state: _State, used: int, cost: int, now: float) -> ApiError:
        assert state.bucket is not None  # only a rate refuses by the second
        limits = state.limits
        detail = f"at most {limits.rate_per_s} rows a second with this key, and this asks {cost}"
        headers = (state.told, ("RateLimit", self._standing(state.bucket, limits.daily_quota, used, now)))
        after_s = state.bucket.wait_s(cost)
        return refusal("rate_limited", SECOND, after_s=after_s, headers=headers, detail=detail)
