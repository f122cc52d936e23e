"""Figures for Prometheus: a few counters and one histogram, summed over the processes of a node.

Whichever process is scraped answers for all of them: each writes its figures to a file of its own, at
most once a second. Files of ended processes stay until the web server starts again, so sums never fall.
"""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
WRITE_EVERY_S = 1.0

_REQUESTS = "consent_http_requests_total"
_SECONDS = "consent_http_request_duration_seconds"
_NOTICES = "consent_outbox_notices_total"
_HELP = {
    _REQUESTS: ("counter", "Requests answered, by route, method and status."),
    _SECONDS: ("histogram", "Time to answer, in seconds, by route."),
    _NOTICES: (
        "counter",
        "Notices to people, by what became of them: sent, failed (tried again), given_up, not_needed, unreachable.",
    ),
}
Sample = tuple[str, str]  # name with suffix, labels as they are printed


class Metrics:
    """The figures of this process, and of its siblings in the same folder; for many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._values: Counter[Sample] = Counter()
        self._pid = os.getpid()
        self._written_at = 0.0

    def clear_folder(self) -> None:
        """Forget ended processes; the launcher calls it before it starts any."""
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.json"):
                path.unlink(missing_ok=True)

    def request(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the pattern, never the address with its ids."""
        by_route = _labels({"route": route})
        with self._lock:
            self._own()
            self._values[(_REQUESTS, _labels({"route": route, "method": method, "status": str(status)}))] += 1
            for bound in BUCKETS_S:
                if seconds <= bound:
                    self._values[(f"{_SECONDS}_bucket", _labels({"route": route, "le": str(bound)}))] += 1
            self._values[(f"{_SECONDS}_bucket", _labels({"route": route, "le": "+Inf"}))] += 1
            self._values[(f"{_SECONDS}_count", by_route)] += 1
            self._values[(f"{_SECONDS}_sum", by_route)] += seconds  # type: ignore[assignment]  # floats add up too
            self._write_now_and_then()

    def mail(self, *, outcome: str) -> None:
        """Count what became of an attempt to tell somebody; on disk when this returns, since it is rare."""
        with self._lock:
            self._own()
            self._values[(_NOTICES, _labels({"outcome": outcome}))] += 1
            self._written_at = 0.0
            self._write_now_and_then()

    def exposition(self, gauges: Iterable[tuple[str, str, dict[str, str], float]] = ()) -> bytes:
        """Everything in Prometheus' text form; `gauges` are (name, help, labels, value) of this moment."""
        with self._lock:
            values = self._siblings()
            values.update(self._values)
        lines: list[str] = []
        for family, (kind, text) in _HELP.items():
            lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
            lines += [
                f"{name}{labels} {_number(value)}"
                for (name, labels), value in sorted(values.items())
                if name.startswith(family)
            ]
        seen: set[str] = set()
        for name, text, named, value in gauges:
            if name not in seen:
                seen.add(name)
                lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
            lines.append(f"{name}{_labels(named)} {_number(value)}")
        return ("\n".join(lines) + "\n").encode()

    def _own(self) -> None:
        """A forked child counts for itself."""
        if self._pid != os.getpid():
            self._values, self._pid = Counter(), os.getpid()

    def _siblings(self) -> "Counter[Sample]":
        total: Counter[Sample] = Counter()
        for path in self._folder.glob("*.json"):
            if path.stem == str(self._pid):
                continue
            try:
                rows = msgspec.json.decode(path.read_bytes(), type=list[tuple[str, str, float]])
            except (OSError, msgspec.DecodeError):
                continue  # being replaced, or gone: it is there again at the next scrape
            for name, labels, value in rows:
                total[(name, labels)] += value  # type: ignore[assignment]  # floats add up too
        return total

    def _write_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._written_at < WRITE_EVERY_S:
            return
        self._written_at = now
        path = self._folder / f"{self._pid}.json"
        rows = [(name, labels, value) for (name, labels), value in self._values.items()]
        with contextlib.suppress(OSError):  # figures are worth no failure
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(".part")
            part.write_bytes(msgspec.json.encode(rows))
            part.replace(path)


def _labels(named: dict[str, str]) -> str:
    if not named:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in named.items())
    return "{" + inner + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
