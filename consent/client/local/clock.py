"""The clock that the age of local facts is counted on: it must count suspension (DESIGN §8, assumption (a))."""

import time
from collections.abc import Callable
from functools import partial

from consent.client.errors import ConfigurationError

COUNTS_SUSPENSION = hasattr(time, "CLOCK_BOOTTIME")
FASTEST_CLOCK = 1.05  # assumption (a): clock rates within 5 %, so that much more time may have passed


def boot_clock() -> Callable[[], float]:
    """Seconds since boot, suspension included; only differences have a meaning.

    Raises:
        ConfigurationError: there is no such clock here, and a machine that slept would trust old facts.
    """
    if not COUNTS_SUSPENSION:
        raise ConfigurationError(
            "local mode needs a clock that counts the time a machine sleeps (CLOCK_BOOTTIME, Linux); this platform "
            "has none: ask the registry itself instead (Registry(...), or Registry.from_env())"
        )
    return partial(time.clock_gettime, time.CLOCK_BOOTTIME)
