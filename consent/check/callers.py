"""Who calls: an API key's digest, looked up in memory while that is fresh, and otherwise on the primary.

A key that is switched off obeys the same promise as a consent: once that is enforced, no node takes it.
"""

from collections.abc import Callable
from datetime import datetime

from consent.check.caller import OrganizationCaller
from consent.check.cells import KeyCell
from consent.check.feeder import Feeder
from consent.check.loading import caller_of_row
from consent.core.wire.problem import ApiError
from consent.registry.models import ApiKey
from consent.registry.ports import RegistryPorts

FETCH_S = 0.2  # how long an unknown key waits to be read; then the primary is asked
_LIVE = "crk_live_"


class Callers:
    """Finds callers for the lane. Safe to share between threads."""

    def __init__(self, ports: RegistryPorts, feeder: Feeder) -> None:
        self._clock = ports.clock
        self._boot_clock: Callable[[], float] = ports.log.boot_clock
        self._feeder = feeder

    def __repr__(self) -> str:
        return "Callers()"

    def find(self, digest: bytes, *, secret: str) -> OrganizationCaller:
        """The organization whose key has this digest; `secret` tells the side.

        Raises:
            ApiError: unknown, revoked or expired, which are answered alike.
        """
        side = secret.startswith(_LIVE)
        cell, at = self._remembered(digest, side) or self._asked(digest, side)
        if cell.caller is None or (cell.expires_at is not None and cell.expires_at <= at):
            raise ApiError("key_invalid")
        return cell.caller

    def _remembered(self, digest: bytes, livemode: bool) -> tuple[KeyCell, datetime] | None:
        self._feeder.start()
        reading = self._feeder.replica.read([digest], livemode=livemode)
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
        row = ApiKey.objects.filter(digest=digest, livemode=livemode, revoked_at=None).first()
        if row is None:
            return KeyCell(livemode=livemode, caller=None, expires_at=None), self._clock()
        return KeyCell(livemode=livemode, caller=caller_of_row(row), expires_at=row.expires_at), self._clock()
