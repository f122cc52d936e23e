"""Both ways to poll one registry: the lane over memory, and the API's view on the primary.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from dataclasses import dataclass, field
from typing import Any

from consent.check.callers import Callers
from consent.check.changes.answering import ChangeFeed
from consent.check.changes.follower import ChangesFollower
from consent.check.changes.memory import ChangesMemory
from consent.check.changes.page_tokens import PageTokens
from consent.check.changes.primary import PrimaryFeed
from consent.check.lane.changes import ChangesRoute
from consent.check.lane.lane import Lane
from consent.check.lane.meter import Meter
from consent.check.replica import Replica
from tests.check.node import HandTurned
from tests.check.two_faces import REQUEST_ID, TwoFaces, environ, two_faces

PATH = "/v1/changes"


@dataclass
class Faces:
    """Both ways to poll one registry."""

    both: TwoFaces
    lane: Lane
    route: ChangesRoute
    lane_headers: dict[str, str] = field(default_factory=dict)
    view_headers: dict[str, str] = field(default_factory=dict)

    def by_lane(self, query: str, secret: str) -> tuple[int, bytes]:
        """What the lane answers."""
        asked = environ(PATH, b"", secret, REQUEST_METHOD="GET", QUERY_STRING=query, CONTENT_LENGTH="")
        del asked["CONTENT_TYPE"]
        answer = self.lane.answer(asked)
        assert answer is not None
        self.lane_headers = dict(answer.headers)
        assert self.lane_headers["Cache-Control"] == "no-store"
        return answer.status, answer.body

    def by_view(self, query: str, secret: str) -> tuple[int, bytes]:
        """What the view answers."""
        answer = self.both.house.send("GET", f"{PATH}?{query}", headers={"Authorization": f"Bearer {secret}"})
        self.view_headers = dict(answer.headers)
        assert self.view_headers["Cache-Control"] == "no-store"
        own = answer.headers["X-Request-Id"].encode()
        return answer.status, answer.data.replace(own, REQUEST_ID.encode())


def make_faces(log: Any, *, meter: Meter | None = None) -> Faces:
    """Both over the log's ports."""
    both = two_faces(log)
    registry, view = both.house.ports.registry, both.house.ports.changes
    memory = ChangesMemory()
    feeder = HandTurned(Replica(max_bytes=16 << 20), registry, followers=[ChangesFollower(memory, registry)])
    feed = ChangeFeed(
        registry,
        primary=PrimaryFeed(registry, pages=PageTokens(bytes(64))),
        keys=view._keys,
        feeder=feeder,
        memory=memory,
    )
    route = ChangesRoute(feed, meter=meter)
    lane = Lane(
        routes=[route],
        callers=Callers(registry, feeder),
        origin=registry.origin,
        new_request_id=lambda: REQUEST_ID,
        always={},
    )
    return Faces(both=both, lane=lane, route=route)
