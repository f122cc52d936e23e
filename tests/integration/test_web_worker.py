"""How the processes that answer share their core: whoever is woken waits for whoever runs (decision 38)."""

import os
from pathlib import Path

from tests.integration.running import Running, descendants

PROC = Path("/proc")


def test_every_thread_of_a_web_worker_is_scheduled_in_batches(registry: Running) -> None:
    assert registry.process is not None
    webs = [pid for pid in descendants(registry.process.pid) if _asked_to(pid, "run", "web")]
    workers = [pid for pid in webs if _parent(pid) in webs]
    assert workers, "expected a worker below each web server"
    for pid in workers:
        policies = {os.sched_getscheduler(int(task.name)) for task in (PROC / str(pid) / "task").iterdir()}
        assert policies == {os.SCHED_BATCH}


def _asked_to(pid: int, *words: str) -> bool:
    told = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    return all(word.encode() in told for word in words)


def _parent(pid: int) -> int:
    return int((PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()[1])
