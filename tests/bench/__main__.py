"""`python -m tests.bench` (`make bench`): measure, print a table, write bench.json. Under three minutes.

Servers and PostgreSQL run on the first core, the load on the second; on a machine with one core they share it
and the numbers say less. Ratios compare what was measured in the same run.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from consent.server.demo.licensees import AUDIOBOOKS, RESEARCH
from consent.server.demo.stage import Stage
from consent.server.embedded.errors import StartError
from tests.bench import deciding, starting
from tests.bench.report import Row, print_table, write_json
from tests.integration.running import new_folder

OUT = Path("bench.json")


def main() -> int:
    """Measure everything; the exit code."""
    if not sys.platform.startswith("linux"):
        sys.stderr.write("bench: it pins processes to cores and reads /proc, so it runs on Linux only\n")
        return 1
    started = time.monotonic()
    folder = new_folder()
    rows: list[Row] = []
    try:
        rows += starting.measure()
        rows += deciding.measure()
        rows += _with_registry(folder / "registry")
    except StartError as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(rows)
    write_json(rows, OUT)
    print(f"\n{time.monotonic() - started:.0f} s; also in {OUT}")
    if missed := [row.what for row in rows if row.below is not None and row.value >= row.below]:
        sys.stderr.write(f"bench: expected below its goal: {'; '.join(missed)}\n")
        return 1
    return 0


def _with_registry(folder: Path) -> list[Row]:
    """What needs a registry: HTTP and transactions."""
    server_core, load_core = _cores()
    with Stage(folder) as stage:
        _pin(server_core)  # inherited by PostgreSQL and the web process
        stage.open()
        _pin(load_core)
        from consent.server.demo.operating import admit  # needs Django's models, which `open` loaded
        from tests.bench import pages, serving, transactions

        admitted = admit(stage.ports, AUDIOBOOKS)
        rows = serving.measure(stage, admitted.organization, admitted.secret)
        rows += transactions.measure(stage.ports, admitted.organization)
        return rows + pages.measure(stage, admit(stage.ports, RESEARCH).organization)


def _cores() -> tuple[set[int], set[int]]:
    cores = sorted(os.sched_getaffinity(0))
    return {cores[0]}, {cores[1 % len(cores)]}


def _pin(cores: set[int]) -> None:
    """Keep this thread, and what it starts from now on, on these cores."""
    os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    raise SystemExit(main())
