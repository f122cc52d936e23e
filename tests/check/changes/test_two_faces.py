"""The lane and the API's view answer a poll byte for byte alike."""

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.check.changes.faces import Faces

QUERIES = 400


@pytest.fixture
def faces(check_log_ports: Any) -> "Faces":
    """Lane over memory, view over the primary."""
    from tests.check.changes.faces import make_faces

    return make_faces(check_log_ports)


def test_generated_polls_are_answered_byte_for_byte_alike(faces: "Faces") -> None:
    from consent.log.heads import read_head
    from tests.api.house import client

    house = faces.both.house
    caller = client(house)
    world = house.world
    person = world.person()
    tokens = []
    for _ in range(3):
        world.grant(caller.organization, person)
        tokens.append(world.ports.log.tokens.encode(read_head(world.livemode).position))
    chosen = random.Random(4)
    values = {
        "nonce": ["n", "a b", " a", "", "\u00e9", "x" * 128, "x" * 129, "\n", "%00"],
        "after": [*tokens, "ct_", "ct_" + "A" * 76, tokens[0][:-1] + "A", "", "x" * 3000],
        "page": ["A", "", "x" * 601, "=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        "limit": ["1"],
    }
    seen = set()
    for _ in range(QUERIES):
        parts = ["nonce=n"] if chosen.random() < 0.7 else []
        parts += [
            f"{name}={quote(chosen.choice(values[name]), safe='')}"
            for name in values
            if chosen.random() < (0.7 if name == "after" else 0.15)
        ]
        query = chosen.choice(["&", "&", "&&", ";"]).join(parts)
        by_lane, by_view = faces.by_lane(query, caller.secret), faces.by_view(query, caller.secret)
        assert by_lane == by_view, query
        seen.add(by_lane[0])
    assert seen == {200, 400, 409}


def test_whoever_may_not_check_may_not_follow(faces: "Faces") -> None:
    from tests.api.house import client

    for secret in (
        client(faces.both.house, scopes=("receipts",)).secret,
        "crk_live_" + "A" * 43,
        "crk_test_" + "A" * 43,
    ):
        by_lane, by_view = faces.by_lane("nonce=n", secret), faces.by_view("nonce=n", secret)
        assert by_lane == by_view and by_lane[0] in (401, 403)
