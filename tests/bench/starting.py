"""From the command to /readyz on an installed tree, and the memory that the running registry holds."""

import shutil
from pathlib import Path

from tests.bench.report import Row
from tests.integration.running import Running, descendants, new_folder


def measure() -> list[Row]:
    """The first start makes the database; the second finds it."""
    running = Running(new_folder())
    try:
        first = running.start()
        assert running.process is not None
        memory = _memory_mb(running.process.pid)
        running.stop()
        second = running.start()
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)
    rows = [
        Row(what="start to /readyz, empty folder", value=first, unit="s", at_most=15),
        Row(what="start to /readyz, again", value=second, unit="s", at_most=15),
    ]
    total = sum(memory.values())
    rows.append(Row(what="memory, all processes", value=total, unit="MB PSS"))
    rows += [Row(what=f"  {name}", value=size, unit="MB PSS") for name, size in sorted(memory.items())]
    return rows


def _memory_mb(pid: int) -> dict[str, float]:
    """Proportional set size by kind of process, in MB: shared pages are counted once."""
    found: dict[str, float] = {}
    for each in descendants(pid):
        folder = Path("/proc") / str(each)
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\x00", b" ").decode("utf-8", "replace")
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        pss_kb = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        name = "PostgreSQL" if "postgres" in command.partition(" ")[0] else "Python"
        found[name] = found.get(name, 0.0) + pss_kb / 1024
    return found
