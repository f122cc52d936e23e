"""The clock that waits are measured on.

DESIGN §8, assumption (a): a clock that counts suspension. Where the platform has none
(`COUNTS_SUSPENSION` is false) a waiting writer waits longer, which is safe; nodes that answer
from memory must not use it.
"""

import time

COUNTS_SUSPENSION = hasattr(time, "CLOCK_BOOTTIME")


def boot_clock_s() -> float:
    """Seconds since boot, suspension included; only differences have a meaning."""
    if COUNTS_SUSPENSION:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
