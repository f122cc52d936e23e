"""The two faces of a check over one registry: the API's view on the primary, and the lane on memory.

Clock, random bytes and the ledger are injected, so that the answers can be compared byte by byte. Imported only
inside tests and fixtures: the models need Django to be set up.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent.api.ports import ApiPorts
from consent.check.answering import Answering
from consent.check.callers import Callers
from consent.check.lane.authzen import EvaluationRoute, EvaluationsRoute
from consent.check.lane.batches import BatchRoute
from consent.check.lane.checks import CheckRoute
from consent.check.lane.lane import Lane
from consent.check.ledger.batch import BatchDraft, batch_bytes
from consent.check.ledger.draft import FoundDecision, Kept
from consent.check.ledger.single import Single, single_bytes
from consent.check.primary import PrimaryChecks
from consent.check.process_keys import ProcessKeys
from consent.check.replica import Replica
from consent.check.replica_checks import ReplicaChecks
from consent.core.ids import new_id
from signing.canonical import sha256_hex
from signing.ledger_record import SALT_BYTES
from tests.api.house import House, build_house
from tests.check.node import BootClock, CountingPrimary, HandTurned

REQUEST_ID = "req_" + "a" * 26


class Memory:
    """A ledger that keeps nothing: what was decided is compared, not looked up."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random

    def keep(self, draft: BatchDraft) -> Kept:
        """Kept well enough."""
        ids = [new_id("dec", random=self._random) for _ in draft.names]
        body = batch_bytes(draft, n=0, decision_ids=ids, salt=self._random(SALT_BYTES))
        return Kept(decision_ids=ids, record_sha256=sha256_hex(body))

    def keep_one(self, single: Single, *, livemode: bool, at: datetime) -> tuple[str, str]:
        """Kept well enough."""
        name = new_id("dec", random=self._random)
        return name, sha256_hex(single_bytes(single, n=0, decision_id=name, salt=self._random(SALT_BYTES)))

    def find(self, decision: str, *, organization: str, livemode: bool) -> FoundDecision:
        """Nobody asks."""
        raise NotImplementedError


class CountedBytes:
    """Random bytes that can be had again."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count, "big") if count >= 8 else bytes([self.drawn % 256] * count)


@dataclass
class TwoFaces:
    """One registry with both ways to ask it."""

    house: House
    lane: Lane
    checks: ReplicaChecks
    random: CountedBytes
    primary: CountingPrimary
    feeder: HandTurned

    def by_view(self, path: str, body: bytes, secret: str) -> tuple[int, bytes, dict[str, str]]:
        """What the API's view answers."""
        self.random.drawn = 0
        answer = self.house.send(
            "POST",
            path,
            data=body,
            headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        return answer.status, _with_one_id(answer.data, answer.headers["X-Request-Id"]), dict(answer.headers)

    def by_lane(self, path: str, body: bytes, secret: str) -> tuple[int, bytes, dict[str, str]]:
        """What the lane answers."""
        self.random.drawn = 0
        answer = self.lane.answer(environ(path, body, secret))
        assert answer is not None
        return answer.status, answer.body, dict(answer.headers)


def environ(path: str, body: bytes, secret: str, **changes: Any) -> dict[str, Any]:
    """A WSGI environment as our server makes it."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {secret}",
        "wsgi.input": io.BytesIO(body),
        **changes,
    }


def two_faces(log: Any) -> TwoFaces:
    """Both faces over the log's ports."""
    boot, random = BootClock(), CountedBytes()
    house = build_house(replace(log, boot_clock=boot, sleep=boot.sleep))
    # Only deciding draws from the counted bytes; what is made before a comparison is really random.
    registry = replace(house.ports.registry, log=replace(house.ports.registry.log, random=random))
    answering = Answering(registry, ledger=Memory(random), keys=ProcessKeys(registry.signers))
    primary = CountingPrimary(PrimaryChecks(registry, answering=answering))
    feeder = HandTurned(Replica(max_bytes=16 << 20), registry)
    checks = ReplicaChecks(registry, feeder=feeder, answering=answering, primary=primary)
    ports: ApiPorts = house.ports
    object.__setattr__(ports, "checks", PrimaryChecks(registry, answering=answering))
    lane = Lane(
        routes=[CheckRoute(checks), BatchRoute(checks), EvaluationRoute(checks), EvaluationsRoute(checks)],
        callers=Callers(registry, feeder),
        origin=registry.origin,
        new_request_id=lambda: REQUEST_ID,
        always={},
    )
    return TwoFaces(house=house, lane=lane, checks=checks, random=random, primary=primary, feeder=feeder)


def _with_one_id(body: bytes, request_id: str) -> bytes:
    """The body as if the view had drawn the lane's request id."""
    assert json.loads(body) is not None
    return body.replace(request_id.encode(), REQUEST_ID.encode())
