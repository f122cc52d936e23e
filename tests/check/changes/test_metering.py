"""Polls are counted per key, beside the limits of its questions; a page of a snapshot is ten of them."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.check.limits.house import Sums, Time, meter

if TYPE_CHECKING:
    from tests.check.changes.faces import Faces

FIELDS = ("RateLimit-Policy", "RateLimit", "Retry-After")
POLICY = '"changes";q=10000;w=10'


@pytest.fixture
def metered(check_log_ports: Any) -> "Faces":
    """Both faces, each with a brake on polls, on a clock that stands still."""
    from functools import partial

    from consent.check.changes.metering import PollMeter
    from consent.check.limits.blocks import Blocks
    from consent.check.limits.brake import POLLS, Brake
    from consent.check.limits.everything import Limits
    from consent.check.limits.rounds import Rounds
    from tests.check.changes.faces import make_faces

    time = Time()
    brake = partial(Brake, POLLS, monotonic=time)
    made = make_faces(check_log_ports, meter=PollMeter(brake()))
    blocks = Blocks(give_back=lambda left: None, wake=lambda: None, monotonic=time)
    limits = Limits(meter=meter(time, Sums(time)), blocks=blocks, rounds=Rounds(), polls=brake())
    object.__setattr__(made.both.house.ports, "limits", limits)
    return made


def _both(faces: "Faces", query: str, secret: str) -> tuple[int, dict[str, str | None]]:
    (status, _), (other, _) = faces.by_lane(query, secret), faces.by_view(query, secret)
    told = {name: faces.lane_headers.get(name) for name in FIELDS}
    assert (status, told) == (other, {name: faces.view_headers.get(name) for name in FIELDS})
    return status, told


def _left(told: dict[str, str | None]) -> str | None:
    assert told["RateLimit-Policy"] == POLICY
    return told["RateLimit"]


def _drain(faces: "Faces", key: str, level: float) -> None:
    """As if this key had polled until so much is left."""
    limits = faces.both.house.ports.limits
    assert limits is not None
    for brake in (limits.polls, faces.route._meter._brake):
        brake._keys[key].level = level


def test_a_snapshot_costs_ten_a_poll_one_and_a_fault_one(metered: "Faces") -> None:
    from consent.log.heads import read_head
    from tests.api.house import client

    caller, world = client(metered.both.house), metered.both.house.world
    assert _left(_both(metered, "nonce=n", caller.secret)[1]) == '"changes";r=9990;t=1'
    token = world.ports.log.tokens.encode(read_head(world.livemode).position)
    assert _left(_both(metered, f"nonce=n&after={token}", caller.secret)[1]) == '"changes";r=9989;t=1'
    status, told = _both(metered, "nonce=n&unknown=1", caller.secret)
    assert (status, _left(told)) == (400, '"changes";r=9988;t=1')


def test_beyond_the_brake_comes_a_429_that_says_when_to_come_back(metered: "Faces") -> None:
    import json

    from tests.api.house import client

    caller, other = client(metered.both.house), client(metered.both.house)
    _both(metered, "nonce=n", caller.secret)
    _drain(metered, caller.key, -1999.0)
    status, told = _both(metered, "nonce=n", caller.secret)
    assert (status, _left(told), told["Retry-After"]) == (429, '"changes";r=0;t=1', "2")
    problem = json.loads(metered.by_lane("nonce=n", caller.secret)[1])
    assert (problem["code"], problem["violated-policies"]) == ("rate_limited", ["changes"])
    assert _both(metered, "nonce=n", other.secret)[0] == 200  # another key has its own
    _drain(metered, caller.key, 5.0)
    assert (
        _both(metered, "nonce=n", caller.secret)[0] == 429
    )  # a poll would do, a page of a snapshot is too much


def test_two_hundred_programs_that_poll_four_times_a_second_are_never_refused() -> None:
    from consent.check.limits.brake import POLLS, Brake

    time = Time()
    brake = Brake(POLLS, monotonic=time)
    for _ in range(200):  # all of them begin at once, with a snapshot of two pages each
        brake.count("key_1", 20)
    for _ in range(4 * 60):
        for _ in range(200):
            brake.count("key_1")
        time.now += 0.25
    assert brake.refused == 0


def test_questions_and_polls_use_up_nothing_of_each_other(metered: "Faces") -> None:
    from consent.registry.key_limits import KeyLimitsWanted
    from consent.registry.operations.api_keys import set_key_limits
    from tests.api.house import granted

    house = metered.both.house
    of = granted(house)
    set_key_limits(
        house.ports.registry,
        livemode=True,
        organization=of.pipeline.organization,
        key=of.pipeline.key,
        change=lambda former: KeyLimitsWanted(daily_quota=1, rate_per_s=1),
    )
    body = {"performer": of.reference, "use": "train.voice"}
    for _ in range(20):
        assert _both(metered, "nonce=n", of.pipeline.secret)[0] == 200
    assert [of.pipeline("POST", "/v1/check", body).status for _ in range(2)] == [200, 429]
    assert _both(metered, "nonce=n", of.pipeline.secret)[0] == 200
