"""Who calls: an API key's digest, looked up in memory while that is fresh, and otherwise on the primary.

A key that is switched off obeys the same promise as a consent: once that is enforced, no node takes it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import close_old_connections

from consent.check.caller import OrganizationCaller
from consent.check.cells import KeyCell
from consent.check.feeder import Feeder
from consent.check.limits.strangers import Strangers
from consent.check.loading import caller_of_row
from consent.check.replica import Freshness, Reading
from consent.check.turnstile import Turnstile
from consent.core.wire.problem import ApiError
from consent.registry.models import ApiKey
from consent.registry.ports import RegistryPorts

FETCH_S = 0.2  # how long an unknown key waits to be read; then the primary is asked
MAX_KNOWN = 1024  # keys that are asked with between two readings
_LIVE = "crk_live_"
_Known = tuple[Freshness, dict[str, OrganizationCaller]]


class Callers:
    """Finds callers for the lane. Safe to share between threads."""

    def __init__(
        self,
        ports: RegistryPorts,
        feeder: Feeder,
        *,
        strangers: Strangers | None = None,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._clock = ports.clock
        self._boot_clock: Callable[[], float] = ports.log.boot_clock
        self._feeder = feeder
        self._strangers = strangers
        self._turnstile = turnstile or Turnstile()
        # By side: what was found in memory that fresh. A table is dropped whole when there is newer memory.
        self._known: dict[bool, _Known] = {}

    def __repr__(self) -> str:
        return "Callers()"

    def find(
        self, digest: bytes, *, secret: str, meta: Mapping[str, Any] = MappingProxyType({})
    ) -> OrganizationCaller:
        """The organization whose key has this digest; `secret` tells the side, `meta` is the WSGI environment.

        Raises:
            ApiError: unknown, revoked or expired, which are answered alike; or too many unknown keys came from
                where this one comes from, and nobody was asked about it; or `stale`: the primary has to be asked,
                and as many as may are asking it already.
        """
        side = secret.startswith(_LIVE)
        self._feeder.start()
        reading = self._feeder.replica.read([digest], livemode=side)
        at_once = self._at_once(reading)
        if at_once is not None:
            self._keep(secret, at_once, reading.freshness)
            return at_once
        strangers = self._strangers if _is_strange(reading) else None
        if strangers is not None:
            strangers.knock(digest, meta)
        cell, at = self._remembered(digest, side, reading) or self._asked(digest, side)
        if cell.caller is None or (cell.expires_at is not None and cell.expires_at <= at):
            if strangers is not None:
                strangers.forget(digest)
            raise ApiError("key_invalid")
        if strangers is not None:
            strangers.welcome(digest, meta)
        return cell.caller

    def known(self, secret: str) -> OrganizationCaller | None:
        """Who `find` found in memory by this very key, as long as that memory is fresh and no newer one is here."""
        side = secret.startswith(_LIVE)
        kept = self._known.get(side)
        if kept is None or kept[0] is not self._feeder.replica.freshness(side):
            return None
        # As for facts: the clock is read after the caller was taken.
        caller = kept[1].get(secret)
        return None if caller is None or self._boot_clock() >= kept[0].until else caller

    def _keep(self, secret: str, caller: OrganizationCaller, fresh: Freshness | None) -> None:
        if fresh is None:
            return
        side = secret.startswith(_LIVE)
        kept = self._known.get(side)
        if kept is None or kept[0] is not fresh or len(kept[1]) >= MAX_KNOWN:
            kept = self._known[side] = (fresh, {})
        kept[1][secret] = caller

    def _at_once(self, reading: Reading) -> OrganizationCaller | None:
        """The caller of what pipelines ask with: a key that is known here, without an end. None for any other."""
        fresh = reading.freshness
        if reading.missing or fresh is None:
            return None
        cell = reading.cells[0]
        # The clock is read after the facts were taken.
        if not isinstance(cell, KeyCell) or cell.expires_at is not None or self._boot_clock() >= fresh.until:
            return None
        return cell.caller

    def _remembered(self, digest: bytes, livemode: bool, reading: Reading) -> tuple[KeyCell, datetime] | None:
        if reading.missing or reading.freshness is None:
            if not self._feeder.fetch([digest], livemode=livemode, timeout_s=FETCH_S):
                return None
            reading = self._feeder.replica.read([digest], livemode=livemode)
        # As for consents: the clock is read after the facts were taken.
        now, fresh = self._boot_clock(), reading.freshness
        if reading.missing or fresh is None or now >= fresh.until:
            return None
        (cell,) = reading.cells
        assert isinstance(cell, KeyCell)
        return cell, fresh.at(now)

    def _asked(self, digest: bytes, livemode: bool) -> tuple[KeyCell, datetime]:
        with self._turnstile.place():
            close_old_connections()  # as Django does at the beginning of a request; the lane's has none
            row = ApiKey.objects.filter(digest=digest, livemode=livemode, revoked_at=None).first()
            caller = None if row is None else caller_of_row(row)
        expires_at = None if row is None else row.expires_at
        return KeyCell(livemode=livemode, caller=caller, expires_at=expires_at), self._clock()


def _is_strange(reading: Reading) -> bool:
    """Whether memory knows no such key; one that it knows is never counted, however old the memory is."""
    if reading.missing:
        return True
    (cell,) = reading.cells
    assert isinstance(cell, KeyCell)
    return cell.caller is None
