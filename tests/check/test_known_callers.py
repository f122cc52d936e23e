"""A key that was found in memory is not looked up again, as long as that very memory is the newest and is fresh."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

SECRET = "crk_test_" + "a" * 43
OTHER = "crk_test_" + "b" * 43
DIGEST = bytes(32)
pytestmark = pytest.mark.usefixtures("database")  # Django is set up with it
AT = datetime(2027, 6, 1, tzinfo=UTC)


class Memory:
    """Of one key, read up to now; `told` counts how often it was asked for the key's facts."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told = 0
        self.known = True
        self.read_anew()

    def read_anew(self) -> None:
        from consent.check.replica import Freshness  # needs Django's settings

        self.fresh = Freshness(position=_anything(), read_at=AT, began=self.now, until=self.now + 0.3)

    def start(self) -> None:
        """It follows already."""

    @property
    def replica(self) -> "Memory":
        return self

    def freshness(self, livemode: bool) -> Any:
        return None if livemode else self.fresh

    def read(self, names: list[bytes], *, livemode: bool) -> Any:
        from consent.check.cells import KeyCell
        from consent.check.replica import Reading

        self.told += 1
        caller = _caller() if self.known else None
        return Reading([KeyCell(livemode=False, caller=caller, expires_at=None)], [], self.fresh)


def test_it_is_known_until_there_is_newer_memory() -> None:
    memory, callers = _callers()
    assert callers.known(SECRET) is None
    found = callers.find(DIGEST, secret=SECRET)
    assert callers.known(SECRET) is found
    assert memory.told == 1
    assert callers.known(OTHER) is None and callers.known(SECRET.replace("test", "live")) is None
    memory.read_anew()
    assert callers.known(SECRET) is None


def test_it_is_known_only_while_that_memory_is_fresh() -> None:
    memory, callers = _callers()
    callers.find(DIGEST, secret=SECRET)
    memory.now += 0.2999
    assert callers.known(SECRET) is not None
    memory.now = memory.fresh.until
    assert callers.known(SECRET) is None


def test_a_key_that_is_off_in_newer_memory_is_known_no_longer() -> None:
    from consent.core.wire.problem import ApiError

    memory, callers = _callers()
    callers.find(DIGEST, secret=SECRET)
    memory.known = False
    memory.read_anew()
    assert callers.known(SECRET) is None
    with pytest.raises(ApiError):
        callers.find(DIGEST, secret=SECRET)
    assert callers.known(SECRET) is None


def test_secrets_are_held_for_no_longer_than_the_memory_they_were_found_in() -> None:
    memory, callers = _callers()
    callers.find(DIGEST, secret=SECRET)
    memory.read_anew()
    callers.find(DIGEST, secret=OTHER)
    assert [list(kept) for _, kept in callers._known.values()] == [[OTHER]]


def _callers() -> tuple[Memory, Any]:
    from consent.check.callers import Callers

    memory = Memory()
    ports: Any = SimpleNamespace(clock=lambda: AT, log=SimpleNamespace(boot_clock=lambda: memory.now))
    feeder: Any = memory
    return memory, Callers(ports, feeder)


def _caller() -> Any:
    from consent.check.caller import OrganizationCaller
    from consent.core.complete import StandingContext

    return OrganizationCaller(
        key="key_test_a",
        organization="org_test_a",
        livemode=False,
        scopes=frozenset({"check"}),
        context=StandingContext(),
        capabilities=frozenset(),
    )


def _anything() -> Any:
    return SimpleNamespace(livemode=False)
