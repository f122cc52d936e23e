"""What became of a request, in one log line and in the metrics: never an address, never who asked.

Lines wait in memory for about a twentieth of a second, and are written together by a thread of their own: a check takes
less time than its line. A process that is killed loses the lines that wait; its metrics count the same requests.
"""

import logging
import os
import threading
import time
from collections import deque
from multiprocessing.util import Finalize

from consent.server.logs import Noted, request_line, write_lines
from consent.server.metrics import Metrics

GATHER_S = 0.05
MAX_WAITING = (
    100_000  # lines; what comes while so many wait, because nobody reads our output, is only counted
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_logger = logging.getLogger(__name__)


class RequestLog:
    """The lines of this process. Safe to share between threads; a forked child begins with none."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._begin_anew()
        # A worker of the web server is a child of multiprocessing, which ends without `atexit`.
        Finalize(None, self.write, exitpriority=1)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._waiting: deque[Noted] = deque()
        self._passed_over = 0
        self._running = False
        self._starting, self._writing = threading.Lock(), threading.Lock()
        self._wake = threading.Event()

    def note(self, request_id: str, route: str, method: str, status: int, seconds: float) -> None:
        """Count and log one request that was answered now. `route` is a pattern, such as /v1/offers/{offer}."""
        known = method if method in _METHODS else "other"
        self._metrics.request(route=route, method=known, status=status, seconds=seconds)
        if not self._running:
            self._start()
        waiting = len(self._waiting)
        if waiting < MAX_WAITING:
            self._waiting.append((time.time(), request_id, route, known, status, seconds))
        else:
            self._passed_over += 1
        if not waiting:
            self._wake.set()

    def write(self) -> None:
        """Write what waits."""
        with self._writing:
            # What is added meanwhile stands behind, and is of the next round.
            lines = [request_line(self._waiting.popleft()) for _ in range(len(self._waiting))]
            passed_over, self._passed_over = self._passed_over, 0
            if lines:
                write_lines(lines)
        if passed_over:
            _logger.warning("%d requests have no line: too many waited to be written", passed_over)

    def _start(self) -> None:
        with self._starting:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="request-log", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(GATHER_S)
            try:
                self.write()
            except Exception:  # a line that cannot be written must not end all writing
                _logger.exception("lines of requests were not written")
