"""Performers who grant, pause, resume and end, with retries, second clicks, and several nodes at once."""

import json
import random
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

import urllib3
from django.db import DatabaseError, connection

from consent.log.errors import LogError
from tests.history.licensees import Pairs
from tests.history.place import Node
from tests.history.record import Accepted, History, Stop, now

if TYPE_CHECKING:
    from tests.registry.world import Person, World

SEND_S = 20.0
LINGER_S = 1.5  # an ended grant is asked about for so long
_ENDED = frozenset({"already_ended"})


class Sender:
    """Hands statements in until somebody answers, as a client that does not give up."""

    def __init__(self, nodes: list[Node], history: History, chosen: random.Random) -> None:
        self._nodes = nodes
        self._history = history
        self._chosen = chosen
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=SEND_S), retries=False, maxsize=8)

    def hand_in(self, envelope: bytes, *, kind: str, stop: Stop | None, until: threading.Event) -> bool:
        """Send to one node after another; notes when the first answer came. False if the run ended before.

        Half of the clients keep their Idempotency-Key when they try again, as they should.
        """
        keeps, key = self._chosen.random() < 0.5, secrets.token_hex(16)
        while not until.is_set():
            node = self._chosen.choice(self._nodes)
            answer = self._send(node, envelope, key if keeps else secrets.token_hex(16))
            if answer is not None:
                self._note(answer, kind=kind, stop=stop)
                return True
            until.wait(0.05)
        return False

    def twice(self, first: bytes, other: bytes, *, kind: str, stop: Stop, until: threading.Event) -> None:
        """Two clicks, or two devices: both statements to two nodes at nearly the same time."""
        second = threading.Thread(
            target=self.hand_in, args=(other,), kwargs={"kind": kind, "stop": stop, "until": until}
        )
        second.start()
        self.hand_in(first, kind=kind, stop=stop, until=until)
        second.join()

    def _send(self, node: Node, envelope: bytes, key: str) -> dict[str, Any] | None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            answer = self._pool.request("POST", f"{node.url}/v1/statements", body=envelope, headers=headers)
        except urllib3.exceptions.HTTPError:
            return None
        told: dict[str, Any] = json.loads(answer.data)
        if answer.status == 503 or told.get("code") == "idempotency_running":
            return None
        if answer.status == 201 or told.get("code") in _ENDED:
            return told
        raise AssertionError(told)

    def _note(self, answer: dict[str, Any], *, kind: str, stop: Stop | None) -> None:
        at = now()
        if stop is not None and (stop.acked is None or at < stop.acked):
            stop.acked = at
        if "id" in answer:
            body = (str(answer.get("enforced_at")), str(answer.get("acknowledgement")))
            told = Accepted(statement=answer["id"], grant=answer.get("grant", ""), kind=kind, body=body)
            # A pause that was lifted is answered as it stands now; only endings never change.
            if kind == "revocation":
                self._history.accepted.append(told)


def live_until(
    stop: threading.Event,
    *,
    world: "World",
    organization: str,
    nodes: list[Node],
    pairs: Pairs,
    history: History,
    seed: int,
) -> None:
    """One performer after another, until told to stop."""
    chosen = random.Random(seed)
    sender = Sender(nodes, history, chosen)
    while not stop.is_set():
        try:
            _one_life(stop, world, organization, sender, pairs, history, chosen)
        except (DatabaseError, LogError):
            # The driver's own wire broke; whatever was not told of did not happen, as far as anybody knows.
            connection.close()
            stop.wait(0.2)


def _one_life(
    stop: threading.Event,
    world: "World",
    organization: str,
    sender: Sender,
    pairs: Pairs,
    history: History,
    chosen: random.Random,
) -> None:
    person, grant, reference = _grant(world, organization, history)
    pairs.add(reference)
    stop.wait(chosen.uniform(0.1, 0.5))
    for _ in range(chosen.choice([0, 1, 1, 2])):
        pairs.stops(reference)
        _pause_and_resume(world, person, grant, reference, sender, history, stop, chosen)
    pairs.stops(reference)
    _end(world, person, grant, reference, sender, history, stop, chosen)
    stop.wait(LINGER_S)
    pairs.remove(reference)


def _grant(world: "World", organization: str, history: History) -> tuple["Person", str, str]:
    from consent.server.laptop.request import terms

    person = world.person()
    sent = now()
    answer = world.grant(organization, person, terms=terms(world.ports.clock().replace(microsecond=0)))
    assert answer.grant is not None
    reference = world.reference(organization, person)
    history.granted[reference] = (sent, now(), answer.grant)
    return person, answer.grant, reference


def _pause_and_resume(
    world: "World",
    person: "Person",
    grant: str,
    reference: str,
    sender: Sender,
    history: History,
    until: threading.Event,
    chosen: random.Random,
) -> None:
    body = person.key.sign(world.about("suspension", grant, person.key))
    pause = history.stop(reference, "pause")
    if not sender.hand_in(body, kind="suspension", stop=pause, until=until):
        return
    until.wait(chosen.uniform(0.0, 0.3))
    resumption = person.key.sign(world.about("resumption", grant, person.key))
    pause.lifting = now()
    sender.hand_in(resumption, kind="resumption", stop=None, until=until)
    if chosen.random() < 0.3:
        # The pause once more, overtaken by what lifted it: a repeated statement pauses nothing again.
        sender.hand_in(body, kind="suspension", stop=None, until=until)
    until.wait(chosen.uniform(0.05, 0.3))


def _end(
    world: "World",
    person: "Person",
    grant: str,
    reference: str,
    sender: Sender,
    history: History,
    until: threading.Event,
    chosen: random.Random,
) -> None:
    body = person.key.sign(world.about("revocation", grant, person.key))
    ending = history.stop(reference, "ending")
    way = chosen.random()
    if way < 0.35:
        sender.twice(body, body, kind="revocation", stop=ending, until=until)
    elif way < 0.7:
        other = person.key.sign(world.about("revocation", grant, person.key))
        sender.twice(body, other, kind="revocation", stop=ending, until=until)
    else:
        sender.hand_in(body, kind="revocation", stop=ending, until=until)
    if chosen.random() < 0.3:
        time.sleep(0.01)
        sender.hand_in(body, kind="revocation", stop=ending, until=until)  # a retry, long after
    if chosen.random() < 0.3:
        other = person.key.sign(world.about("revocation", grant, person.key))
        sender.hand_in(other, kind="second ending", stop=ending, until=until)
