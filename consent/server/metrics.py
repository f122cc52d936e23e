"""Figures for Prometheus, summed over the processes of a node.

Whichever process is scraped answers for all of them: each writes its figures to a file of its own, about once a
second, on a thread that no request waits for. Files of ended processes stay until the web server starts again, so
sums never fall; gauges of ended processes are left out.
"""

import contextlib
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from consent.log.boot_clock import boot_clock_s
from consent.log.families import FAMILIES, FRESHNESS, NOTICES, REQUESTS, SECONDS
from consent.log.figures import Family, Figures, Labels

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
WRITE_EVERY_S = 1.0
SILENT_S = 30.0  # a process that has written nothing for so long is stopped or gone: no gauge of it is told
Gauge = tuple[Family, Labels, float]
_logger = logging.getLogger(__name__)
_WORDS = {status: str(status) for status in range(1000)}
# Counted in one step on the way of every request; REQUESTS and SECONDS are told from it.
_ANSWERED = Family(
    name="answered", kind="histogram", text=SECONDS.text, labels=REQUESTS.labels, bounds=SECONDS.bounds
)


class _Written(msgspec.Struct, kw_only=True):
    """One process's file: families by name, labels in the order of their family."""

    pid: int
    at: float  # boot clock
    counters: list[tuple[str, tuple[str, ...], float]] = []
    histograms: list[tuple[str, tuple[str, ...], list[float]]] = []
    gauges: list[tuple[str, tuple[str, ...], float]] = []


_DECODER = msgspec.json.Decoder(_Written)


def clear_folder(folder: Path) -> None:
    """Forget ended processes; the launcher calls it before it starts any."""
    with contextlib.suppress(OSError):
        for path in folder.glob("*.json"):
            path.unlink(missing_ok=True)


class Metrics:
    """The figures of this process, and of its siblings in the same folder; for many threads."""

    def __init__(self, folder: Path, figures: Figures) -> None:
        self._folder = folder
        self._figures = figures
        self._starting = threading.Lock()
        self._writer: tuple[int, Path] | None = None  # the process that writes, and where

    def request(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the pattern, never the address with its ids."""
        self._figures.observe(_ANSWERED, (route, method, _WORDS[status]), seconds)

    def mail(self, *, outcome: str) -> None:
        """Count what became of an attempt to tell somebody; on disk when this returns, since it is rare."""
        self._figures.add(NOTICES, (outcome,))
        self.write()

    def start(self) -> None:
        """Write this process's figures once a second from now on; a forked child starts for itself."""
        with self._starting:
            if self._writer is None or self._writer[0] != os.getpid():
                self._path()
                threading.Thread(target=self._run, name="figures", daemon=True).start()

    def write(self) -> None:
        """Write this process's figures now. Figures are worth no failure: a full disk is passed over."""
        data = msgspec.json.encode(self._own())
        path = self._path()
        part = path.with_suffix(f".{threading.get_ident()}.part")
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(data)
            part.replace(path)

    def exposition(self, gauges: Iterable[Gauge] = ()) -> bytes:
        """Everything in Prometheus' text form; `gauges` are values that are of no single process."""
        own = self._own()
        total = _Total()
        for written in (own, *self._siblings()):
            total.add(written, now=own.at)
        for family, labels, value in gauges:
            total.gauges[(family.name, labels)] = value
        return ("\n".join(line for family in FAMILIES for line in total.lines(family)) + "\n").encode()

    def _own(self) -> _Written:
        counted, watched = self._figures.counted(), self._figures.watched()
        values = {"counter": [(*key, number) for key, number in counted.counters.items()], "gauge": []}
        for family, labels, value in watched:
            values[family.kind].append((family.name, labels, value))
        return _Written(
            pid=os.getpid(),
            at=boot_clock_s(),
            counters=values["counter"],
            histograms=[(*key, row) for key, row in counted.histograms.items()],
            gauges=values["gauge"],
        )

    def _path(self) -> Path:
        """This process's file; process ids come again, so it has a random part."""
        if self._writer is None or self._writer[0] != os.getpid():
            self._writer = (os.getpid(), self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.json")
        return self._writer[1]

    def _siblings(self) -> Iterator[_Written]:
        own = self._path()
        for path in sorted(self._folder.glob("*.json")):
            if path == own:
                continue
            # One that is being replaced is there again at the next scrape.
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                yield _DECODER.decode(path.read_bytes())

    def _run(self) -> None:
        rest = threading.Event()
        while not rest.wait(WRITE_EVERY_S):
            try:
                self.write()
            except Exception:  # one bad second must not end all writing
                _logger.exception("figures cannot be written; it comes round again")


class _Total:
    """What several processes say, put together."""

    def __init__(self) -> None:
        self.gauges: dict[tuple[str, Labels], float] = {}
        self._counters: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], list[float]] = {}
        self._kinds = {family.name: family for family in FAMILIES}

    def add(self, written: _Written, *, now: float) -> None:
        """Take in one process; what another version of this program wrote otherwise is passed over."""
        for name, labels, number in written.counters:
            if self._fits(name, labels):
                self._counters[(name, labels)] = self._counters.get((name, labels), 0) + number
        for name, labels, row in written.histograms:
            if name == _ANSWERED.name:
                self._add_answered(labels, row)
            elif self._fits(name, labels) and len(row) == len(self._kinds[name].bounds) + 2:
                self._add_row((name, labels), row)
        silent_s = now - written.at
        if not 0 <= silent_s <= SILENT_S or not _runs(written.pid):
            return
        for name, labels, value in written.gauges:
            if self._fits(name, labels):
                # A process that hangs writes nothing, and what it has grows older all the same.
                aged = value + silent_s if name == FRESHNESS.name else value
                have_value = self.gauges.get((name, labels), 0.0)
                merge = max(have_value, aged) if self._kinds[name].merged == "max" else have_value + aged
                self.gauges[(name, labels)] = merge

    def lines(self, family: Family) -> Iterator[str]:
        """A family in the text form (Prometheus exposition formats, "Text-based format"); nothing if it has no
        value."""
        rows = self._histograms if family.kind == "histogram" else self._counters
        values = self.gauges if family.kind == "gauge" else rows
        found = sorted(labels for name, labels in values if name == family.name)
        if found:
            yield f"# HELP {family.name} {family.text}"
            yield f"# TYPE {family.name} {family.kind}"
        for labels in found:
            named = list(zip(family.labels, labels, strict=True))
            if family.kind == "histogram":
                yield from _histogram(family, named, self._histograms[(family.name, labels)])
            else:
                value = (self.gauges if family.kind == "gauge" else self._counters)[(family.name, labels)]
                yield f"{family.name}{_labels(named)} {_number(value)}"

    def _add_answered(self, labels: Labels, row: list[float]) -> None:
        if len(labels) == len(REQUESTS.labels) and len(row) == len(SECONDS.bounds) + 2:
            key = (REQUESTS.name, labels)
            self._counters[key] = self._counters.get(key, 0) + sum(row[:-1])
            self._add_row((SECONDS.name, labels[:1]), row)

    def _add_row(self, key: tuple[str, Labels], row: list[float]) -> None:
        have = self._histograms.get(key, [0.0] * len(row))
        self._histograms[key] = [a + b for a, b in zip(have, row, strict=True)]

    def _fits(self, name: str, labels: Labels) -> bool:
        family = self._kinds.get(name)
        return family is not None and len(family.labels) == len(labels)


def _histogram(family: Family, named: list[tuple[str, str]], row: list[float]) -> Iterator[str]:
    seen = 0.0
    for bound, number in zip((*map(str, family.bounds), "+Inf"), row, strict=False):  # the sum stands last
        seen += number
        yield f"{family.name}_bucket{_labels([*named, ('le', bound)])} {_number(seen)}"
    yield f"{family.name}_sum{_labels(named)} {_number(row[-1])}"
    yield f"{family.name}_count{_labels(named)} {_number(seen)}"


def _runs(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's, so it runs
    return True


def _labels(named: Iterable[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in named)
    return "{" + inner + "}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
