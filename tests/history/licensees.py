"""Pipelines that ask all the time: single questions and batches, of any node."""

import json
import random
import threading
from dataclasses import dataclass, field
from itertools import count

import urllib3

from tests.history.place import Node
from tests.history.record import Asked, History, now

ASK_S = 10.0  # a node that is stopped answers when it goes on
_QUESTION = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook",
             "base_model": "sha256:" + "0" * 64}  # fmt: skip
_batches = count()


@dataclass
class Pairs:
    """Who may be asked about now: the reference of each pair, and the ones that ended lately."""

    references: list[str] = field(default_factory=list)
    stopping: list[str] = field(default_factory=list)  # the newest last: about these it is worth asking
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, reference: str) -> None:
        """A grant was signed."""
        with self.lock:
            self.references.append(reference)

    def stops(self, reference: str) -> None:
        """It is being stopped."""
        with self.lock:
            self.stopping = [*self.stopping[-5:], reference]

    def remove(self, reference: str) -> None:
        """Its ending was asked about long enough."""
        with self.lock:
            self.references.remove(reference)
            self.stopping = [each for each in self.stopping if each != reference]

    def some(self, chosen: random.Random, most: int) -> list[str]:
        """A few of them, some twice."""
        with self.lock:
            known, hot = list(self.references), list(self.stopping)
        if not known:
            return []
        return [chosen.choice(hot if hot and chosen.random() < 0.7 else known) for _ in range(most)]


def ask_until(
    stop: threading.Event,
    *,
    nodes: list[Node],
    pairs: Pairs,
    key: str,
    history: History,
    seed: int,
    rows: int,
) -> None:
    """Ask until told to stop; `rows` is the size of a batch."""
    chosen = random.Random(seed)
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=ASK_S), retries=False, maxsize=4)
    while not stop.is_set():
        asked = pairs.some(chosen, 1 if chosen.random() < 0.5 else rows)
        if not asked:
            stop.wait(0.02)
            continue
        node = chosen.choice(nodes)
        sent = now()
        answer = _ask(pool, node, asked, key)
        answered = now()
        if answer is None:
            history.no_answer()
            stop.wait(0.01)
            continue
        position, decisions = answer
        batch = next(_batches) if len(asked) > 1 else None
        history.answered(
            [
                Asked(
                    pair=pair,
                    node=node.number,
                    sent=sent,
                    answered=answered,
                    allowed=decision == "allow",
                    batch=batch,
                    position=position,
                )
                for pair, decision in zip(asked, decisions, strict=True)
            ]
        )


def _ask(pool: urllib3.PoolManager, node: Node, asked: list[str], key: str) -> tuple[str, list[str]] | None:
    """Position and decisions, or None for no answer. Anything else than an answer or a 503 is a fault of ours."""
    if len(asked) == 1:
        path, body = "/v1/check", {**_QUESTION, "performer": asked[0]}
    else:
        rows = [{"id": str(at), "performer": pair} for at, pair in enumerate(asked)]
        path, body = "/v1/check/batch", {"defaults": _QUESTION, "checks": rows}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        answer = pool.request("POST", node.url + path, body=json.dumps(body), headers=headers)
    except urllib3.exceptions.HTTPError:
        return None
    if answer.status == 503:
        return None
    told = json.loads(answer.data)
    assert answer.status == 200, told
    if len(asked) == 1:
        return told["position"], [told["decision"]]
    return told["position"], [row["decision"] for row in told["results"]]
