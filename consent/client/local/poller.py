"""The thread that keeps following: four times a second, and less often while the registry does not answer."""

import threading
import time
from collections.abc import Callable
from random import SystemRandom

from consent.client.errors import ConsentError, Unauthorized, Unavailable
from consent.client.local.memory import Memory
from consent.core.bounds import SDK_POLL_S

LONGEST_PAUSE_S = 4.0  # between tries while the registry does not answer
LONGEST_WISH_S = 30.0  # of a registry that asks to come back later
_RANDOM = SystemRandom()


class Poller:
    """Runs `step` until it is stopped or the key is refused. `between` is called after each success."""

    def __init__(
        self,
        memory: Memory,
        step: Callable[[], bool],
        *,
        between: Callable[[], None] = lambda: None,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._memory = memory
        self._step = step
        self._between = between
        self._jitter = jitter
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consent-local", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, *, wait_s: float) -> None:
        """End after the request that is under way."""
        self.stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(wait_s)

    def _run(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                again = self._step()
            except Unauthorized:
                return
            except ConsentError as exc:
                failures += 1
                with self._memory.lock:
                    if self._memory.fresh is None:
                        self._memory.refusal = exc
                self.stopping.wait(max(self._pause_s(failures), _wished_s(exc)))
                continue
            failures = 0
            if again:
                continue
            self._between()
            self.stopping.wait(max(0.0, SDK_POLL_S - (time.monotonic() - began)))

    def _pause_s(self, failures: int) -> float:
        """Longer after each failure, and not in step with everybody else's."""
        longest = min(SDK_POLL_S * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_S)
        return max(SDK_POLL_S / 2, longest * (0.5 + self._jitter() / 2))


def _wished_s(exc: ConsentError) -> float:
    """What the registry asked for, within reason."""
    wished_s = exc.retry_after_s if isinstance(exc, Unavailable) else None
    return min(wished_s or 0.0, LONGEST_WISH_S)
