"""What the bench runs on, and whether it had the machine to itself."""

import os
import platform
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.integration.running import descendants

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
BUSY = 0.05  # of one core, used by others while something was measured: more, and the run says so


def pin(cores: set[int]) -> None:
    """Keep this thread, and what it starts from now on, on these cores."""
    os.sched_setaffinity(0, cores)


def two_cores() -> tuple[set[int], set[int]]:
    """The core of the server under test, and the core of everything else; one and the same if there is one."""
    cores = sorted(os.sched_getaffinity(0))
    return {cores[0]}, {cores[1 % len(cores)]}


def describe() -> dict[str, object]:
    """The machine in words that name no machine."""
    return {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
    }


def cpu_seconds(pid: int) -> float:
    """What a process and everything it started have used, user and system, in seconds."""
    ticks = 0
    for each in descendants(pid):
        try:
            fields = (Path("/proc") / str(each) / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])  # proc_pid_stat(5): utime, stime
    return ticks / TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and everything it started, in MB: shared pages are counted once."""
    kilobytes = 0
    for each in descendants(pid):
        try:
            lines = (Path("/proc") / str(each) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return kilobytes / 1024


@dataclass
class Watch:
    """How much of the machine others used between `begin` and `end`. Not our own processes, ended ones included."""

    shares: list[float] = field(default_factory=list)
    _began: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def begin(self) -> None:
        """From here on."""
        self._began = self._now()

    def end(self) -> float:
        """Cores that others kept busy since `begin`."""
        wall, all_s, ours_s = (now - then for now, then in zip(self._now(), self._began, strict=True))
        share = max(0.0, all_s - ours_s) / max(wall, 1e-3)
        self.shares.append(share)
        return share

    @property
    def quiet(self) -> bool:
        """Whether others stayed below what can be told from noise, in the median."""
        return not self.shares or sorted(self.shares)[len(self.shares) // 2] <= BUSY

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), _busy_s(), _ours_s()


def _busy_s() -> float:
    """All work of all cores, and what the hypervisor took away."""
    # proc_stat(5): user nice system idle iowait irq softirq steal
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS_PER_S


def _ours_s() -> float:
    """This process, its ended children, and the living ones with theirs."""
    ticks = 0
    for each in descendants(os.getpid()):
        try:
            fields = (Path("/proc") / str(each) / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])  # utime, stime, and those of waited-for children
    return ticks / TICKS_PER_S


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
