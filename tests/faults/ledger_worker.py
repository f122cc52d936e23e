"""Decides and dies: forks a process for each n that keeps and seals decisions, and kills it at its n-th system call.

A killed write leaves nothing, half of it, or all of it. What each process had answered is printed as a line of JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

CALLS = ("open", "write", "fsync", "rename", "replace", "link", "unlink", "close", "ftruncate")


def kill_at(step: int, *, torn: float) -> None:
    """From now on the `step`-th call is the last; of a write, the part `torn` of it is done before."""
    left = [step]

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if name == "write":
                    real(given[0], given[1][: int(len(given[1]) * torn)])
                elif torn == 1:
                    real(*given, **named)
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(name, getattr(os, name)))


def scenario(folder: Path, answers: int, step: int, torn: float) -> None:
    """A process's life: it recovers what it finds, answers, seals, answers again."""
    from tests.check.ledger.house import house

    say = os.write
    made = house(folder)
    kill_at(step, torn=torn)
    made.recover()
    for rows in (0, 2, 0):
        kept = made.keep(rows=rows)
        say(answers, (json.dumps([list(kept.decision_ids), kept.record_sha256]) + "\n").encode())
        if rows:
            made.ledger.seal(True)
    made.ledger.seal(True)


def main(root: str, torn: float) -> None:
    """One life after another over the same folder, each a step longer, until one is not killed."""
    django.setup()
    for step in range(1, 1000):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                scenario(Path(root), writing, step, torn)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as said:
            answered = [json.loads(line) for line in said]
        status = os.waitpid(child, 0)[1]
        print(json.dumps({"step": step, "status": status, "answered": answered}), flush=True)
        if status == 0 or not os.WIFSIGNALED(status):
            return


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
