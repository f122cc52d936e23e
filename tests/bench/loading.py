"""The load generator of deploy/load, run in a process of its own on the core that is not the server's."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.load.driving import Outcome
from deploy.load.questions import Question
from deploy.load.worker import Spec, read_outcome
from tests.bench.machine import Watch, cpu_seconds
from tests.bench.servers import HOST, Server

ROOT = Path(__file__).parents[2]
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of one run: `cpu_s` of the server while it lasted, `others` cores that strangers kept busy."""

    outcome: Outcome
    cpu_s: float
    wall_s: float
    others: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.outcome.per_s

    @property
    def utilisation(self) -> float:
        """The share of a core that the server used."""
        return self.cpu_s / self.wall_s

    @property
    def per_core_s(self) -> float:
        """Answers a second if the server had the whole core: above `per_s` where the load is what limits it."""
        return self.outcome.per_s / min(1.0, max(self.utilisation, 0.05))


@dataclass
class Loader:
    """Runs loads from `folder` on `cores`. Each run goes on in the list of names where the last one ended."""

    folder: Path
    cores: set[int]
    watch: Watch
    _skip: dict[Path, int] = field(default_factory=dict)

    def middles(self, name: str, middles: Sequence[str]) -> Path:
        """A list of names as the file that runs read."""
        path = self.folder / f"{name}.txt"
        path.write_text("\n".join(middles), encoding="ascii")
        return path

    def closed(
        self,
        server: Server,
        question: Question,
        middles: Path,
        *,
        seconds: float,
        connections: int = CONNECTIONS,
    ) -> Load:
        """As much as the server can do."""
        return self._run(
            server, question, middles, seconds=seconds, arrivals="", per_s=0.0, connections=connections
        )

    def open(
        self,
        server: Server,
        question: Question,
        middles: Path,
        *,
        seconds: float,
        arrivals: str,
        per_s: float,
    ) -> Load:
        """At a rate that is fixed in advance, over enough connections that none is ever waited for in vain."""
        return self._run(
            server, question, middles, seconds=seconds, arrivals=arrivals, per_s=per_s, connections=64
        )

    def _run(
        self,
        server: Server,
        question: Question,
        middles: Path,
        *,
        seconds: float,
        arrivals: str,
        per_s: float,
        connections: int,
    ) -> Load:
        path = self.folder / "spec.json"
        Spec(
            host=HOST,
            port=server.port,
            connections=connections,
            head=question.head.decode("latin-1"),
            tail=question.tail.decode("latin-1"),
            width=question.width,
            allow=question.allow.decode("latin-1"),
            middles=str(middles),
            skip=self._skip.get(middles, 0),
            seconds=seconds,
            warm_up_s=0.5,
            arrivals=arrivals,
            per_s=per_s,
            cores=tuple(self.cores),
        ).write(path)
        command = [sys.executable, "-m", "deploy.load.worker", str(path)]
        self.watch.begin()
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            used_s = cpu_seconds(server.pid)
            said, complaint = process.communicate(timeout=seconds + 120)
            used_s = cpu_seconds(server.pid) - used_s
        others = self.watch.end()
        if process.returncode:
            raise RuntimeError(f"load on {server.name}: expected it to run through, got {complaint[-800:]}")
        outcome = read_outcome(said)
        if outcome.failures:
            raise RuntimeError(f"load on {server.name}: expected 200 alone, got {dict(outcome.failures)}")
        self._skip[middles] = self._skip.get(middles, 0) + outcome.intended
        return Load(outcome=outcome, cpu_s=used_s, wall_s=outcome.seconds + 0.5, others=others)
