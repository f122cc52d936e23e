"""Children are started again when they end, stopped in order, and leave nobody behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from consent.server.embedded.errors import StartError
from consent.server.laptop.orphans import end_orphans, note_groups
from consent.server.supervisor import MAX_STARTS, Child, Supervisor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
SLEEPER = "import time; time.sleep(600)  # consent.server"


def _python(code: str, *, name: str = "child", log: Path | None = None) -> Child:
    return Child(name=name, arguments=(sys.executable, "-c", code), log=log)


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_that_was_killed_comes_back() -> None:
    supervisor = Supervisor()
    supervisor.add(_python(SLEEPER))
    supervisor.start()
    try:
        first = supervisor.groups()["child"]
        os.kill(first, signal.SIGKILL)

        def back() -> bool:
            supervisor.look()
            return supervisor.groups().get("child", first) != first

        _until(back)
    finally:
        supervisor.stop()
    assert supervisor.groups() == {}


def test_workers_of_a_killed_child_end_with_it(tmp_path: Path) -> None:
    note = tmp_path / "worker"
    code = (
        "import subprocess, sys, time, pathlib\n"
        f"worker = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(worker.pid))\n"
        "time.sleep(600)\n"
    )
    supervisor = Supervisor()
    supervisor.add(_python(code))
    supervisor.start()
    try:
        _until(lambda: note.exists() and note.read_text() != "")
        worker = int(note.read_text())
        os.kill(supervisor.groups()["child"], signal.SIGKILL)
        _until(lambda: supervisor.look() is None and not _alive(worker))
    finally:
        supervisor.stop()


def test_a_child_that_cannot_run_is_given_up_with_what_it_said(tmp_path: Path) -> None:
    now = [0.0]
    supervisor = Supervisor(monotonic=lambda: now[0])
    supervisor.add(_python("raise SystemExit('the reason')", log=tmp_path / "child.log"))
    supervisor.start()
    with pytest.raises(StartError, match=rf"(?s){MAX_STARTS} times.*the reason.*child\.log"):
        for _ in range(2000):
            supervisor.look()
            now[0] += 0.1
            time.sleep(0.01)
    supervisor.stop()


def test_children_stop_in_the_reverse_of_their_order(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    supervisor = Supervisor()
    for name in ("first", "second"):
        ready = tmp_path / f"{name}.ready"
        code = (
            "import signal, sys, time\n"
            f"def end(*_): open({str(trace)!r}, 'a').write({name + ' '!r}); sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end)\n"
            f"open({str(ready)!r}, 'w').close()\n"
            "time.sleep(600)\n"
        )
        supervisor.add(_python(code, name=name))
    supervisor.start()
    _until(lambda: all((tmp_path / f"{name}.ready").exists() for name in ("first", "second")))
    stop = threading.Event()
    stop.set()
    assert supervisor.run(stop) == 0
    assert trace.read_text().split() == ["second", "first"]


def test_orphans_of_a_killed_supervisor_are_ended_and_a_reused_number_is_left_alone(tmp_path: Path) -> None:
    ours, other = Supervisor(), Supervisor()
    ours.add(_python(SLEEPER, name="web"))
    other.add(_python("import time; time.sleep(600)", name="somebody"))
    ours.start()
    other.start()
    try:
        note_groups(tmp_path, {"web": ours.groups()["web"], "relay": other.groups()["somebody"]})
        end_orphans(tmp_path)
        _until(lambda: not _alive(ours.groups()["web"]))
        assert _alive(other.groups()["somebody"])
    finally:
        ours.stop()
        other.stop()
