"""Cerbos deciding the same question on the same core, over its HTTP API, with the consent as attributes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.load.questions import Question, post
from tests.bench.peers.facts import attributes
from tests.bench.servers import HOST, Server, free_port, started

POLICIES = Path(__file__).parent / "cerbos_policies"
STATES = {True: "active", False: "paused"}  # of one length: a request's width is fixed


@contextmanager
def cerbos(binary: Path, *, folder: Path, cores: set[int]) -> Iterator[Server]:
    """A decision point with our policy: no audit log, no telemetry, one core, so nothing but deciding."""
    port, grpc = free_port(), free_port()
    settings = {
        "server": {"httpListenAddr": f"{HOST}:{port}", "grpcListenAddr": f"{HOST}:{grpc}"},
        "storage": {"driver": "disk", "disk": {"directory": str(POLICIES), "watchForChanges": False}},
        "audit": {"enabled": False},
        "telemetry": {"disabled": True},
    }
    path = folder / "cerbos.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    command = [str(binary), "server", f"--config={path}", "--log-level=error"]
    environment = {"GOMAXPROCS": str(len(cores)), "CERBOS_NO_TELEMETRY": "1"}
    with started("Cerbos", command, port=port, cores=cores, environment=environment) as server:
        yield server


def question(body: Mapping[str, Any], *, width: int, host: str) -> Question:
    """The check of one performer; the middle is the performer's name and state, as `middle` writes it."""
    mark = "~" * _width(width)
    known = json.dumps(attributes(body), separators=(",", ":"))[1:]
    request = (
        '{"requestId":"bench","principal":{"id":"org_bench","roles":["licensee"]},"resources":[{"actions":["'
        + "train.voice"
        + '"],"resource":{"kind":"performer",'
        + mark
        + ","
        + known
        + "}}]}"
    )
    head, _, tail = post("/api/check/resources", request.encode(), host=host).partition(mark.encode())
    return Question(head=head, tail=tail, width=len(mark), allow=b"EFFECT_ALLOW")


def middles(names: Sequence[str], negatives: set[str]) -> list[str]:
    """What differs between requests: the negatives' consents are paused."""
    return [middle(name, active=name not in negatives) for name in names]


def middle(name: str, *, active: bool) -> str:
    """One performer."""
    return f'"id":"{name}","attr":{{"state":"{STATES[active]}"'


def _width(name_width: int) -> int:
    return len(middle("~" * name_width, active=True))
