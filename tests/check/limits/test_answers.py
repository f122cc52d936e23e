"""The limits of a key as a caller meets them: the same on the lane and in the API, and a fact that reaches nodes."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.check.limits.house import Sums, Time, meter

if TYPE_CHECKING:
    from tests.check.two_faces import TwoFaces

FIELDS = ("RateLimit-Policy", "RateLimit", "Retry-After")


@pytest.fixture
def faces(check_log_ports: Any) -> "TwoFaces":
    """Both faces with limits, on one clock; each counts for itself, as two processes would."""
    from consent.check.limits.blocks import Blocks
    from consent.check.limits.everything import Limits
    from consent.check.limits.rounds import Rounds
    from tests.check.two_faces import two_faces

    made = two_faces(check_log_ports)
    time = Time()
    sums = Sums(time)
    made.lane._meter = meter(time, sums)
    blocks = Blocks(give_back=lambda left: None, wake=lambda: None, monotonic=time)
    limits = Limits(meter=meter(time, sums), blocks=blocks, rounds=Rounds())
    object.__setattr__(made.house.ports, "limits", limits)
    return made


def _limited(faces: "TwoFaces", **limits: int) -> Any:
    from consent.registry.key_limits import KeyLimitsWanted
    from consent.registry.operations.api_keys import set_key_limits
    from tests.api.house import granted

    of = granted(faces.house)
    _set(faces, of.pipeline, KeyLimitsWanted(**limits), set_key_limits)
    return of


def _set(faces: "TwoFaces", pipeline: Any, wanted: Any, operation: Any) -> None:
    operation(
        faces.house.ports.registry,
        livemode=True,
        organization=pipeline.organization,
        key=pipeline.key,
        change=lambda former: wanted,
    )
    faces.feeder.turn()


def _both(faces: "TwoFaces", path: str, body: bytes, secret: str) -> tuple[int, dict[str, str | None]]:
    by_lane, by_view = faces.by_lane(path, body, secret), faces.by_view(path, body, secret)
    assert by_lane[:2] == by_view[:2]
    told = {name: by_lane[2].get(name) for name in FIELDS}
    assert told == {name: by_view[2].get(name) for name in FIELDS}
    return by_lane[0], told


def test_every_answer_of_both_faces_says_what_remains_and_the_one_beyond_is_a_429(faces: "TwoFaces") -> None:
    of = _limited(faces, daily_quota=4, rate_per_s=3)
    good = b'{"use":"train.voice","performer":"%s"}' % of.reference.encode()
    assert _both(faces, "/v1/check", good, of.pipeline.secret) == (
        200,
        {
            "RateLimit-Policy": '"second";q=3;w=1, "daily";q=4;w=86400',
            "RateLimit": '"second";r=2;t=1, "daily";r=3;t=43200',
            "Retry-After": None,
        },
    )
    status, told = _both(faces, "/v1/check", b'{"use":', of.pipeline.secret)
    assert (status, told["RateLimit"]) == (
        400,
        '"second";r=1;t=1, "daily";r=2;t=43200',
    )  # a fault counts, too
    assert _both(faces, "/v1/check", good, of.pipeline.secret)[0] == 200
    status, told = _both(faces, "/v1/check", good, of.pipeline.secret)
    assert (status, told["Retry-After"]) == (429, "1")


def test_a_batch_counts_its_rows_on_both_faces_and_is_refused_whole(faces: "TwoFaces") -> None:
    from consent.core.wire.encode import encode

    of = _limited(faces, daily_quota=10)

    def batch(rows: int) -> bytes:
        row = {"performer": of.reference, "use": "train.voice"}
        return encode({"checks": [{"id": f"r{number}", **row} for number in range(rows)]})

    status, told = _both(faces, "/v1/check/batch", batch(6), of.pipeline.secret)
    assert (status, told["RateLimit"]) == (200, '"daily";r=4;t=43200')
    status, told = _both(faces, "/v1/check/batch", batch(5), of.pipeline.secret)
    assert (status, told["Retry-After"]) == (429, "43200")
    status, told = _both(faces, "/v1/check/batch", batch(3), of.pipeline.secret)
    assert (status, told["RateLimit"]) == (200, '"daily";r=0;t=43200')


def test_a_batch_longer_than_a_second_lasts_is_answered_and_the_rest_is_owed(faces: "TwoFaces") -> None:
    from consent.core.wire.encode import encode

    of = _limited(faces, rate_per_s=2)
    row = {"performer": of.reference, "use": "train.voice"}
    body = encode({"checks": [{"id": f"r{number}", **row} for number in range(9)]})
    status, told = _both(faces, "/v1/check/batch", body, of.pipeline.secret)
    assert (status, told["RateLimit"]) == (200, '"second";r=0;t=1')
    status, told = _both(faces, "/v1/check/batch", body, of.pipeline.secret)
    assert (status, told["Retry-After"]) == (429, "4")


def test_a_429_says_its_policy_and_decides_nothing(faces: "TwoFaces") -> None:
    import json

    of = _limited(faces, daily_quota=1)
    body = b'{"use":"train.voice","performer":"%s"}' % of.reference.encode()
    assert _both(faces, "/v1/check", body, of.pipeline.secret)[0] == 200
    status, data, _ = faces.by_lane("/v1/check", body, of.pipeline.secret)
    problem = json.loads(data)
    assert (status, problem["code"], problem["violated-policies"]) == (429, "quota_exceeded", ["daily"])
    assert problem["type"].endswith("/docs/problems/quota-exceeded")
    assert "decision" not in problem


def test_new_limits_reach_a_node_with_the_next_turn(faces: "TwoFaces") -> None:
    from consent.registry.key_limits import KeyLimitsWanted
    from consent.registry.operations.api_keys import set_key_limits

    of = _limited(faces, daily_quota=1)
    body = b'{"use":"train.voice","performer":"%s"}' % of.reference.encode()
    assert [_both(faces, "/v1/check", body, of.pipeline.secret)[0] for _ in range(2)] == [200, 429]
    _set(faces, of.pipeline, KeyLimitsWanted(), set_key_limits)
    status, told = _both(faces, "/v1/check", body, of.pipeline.secret)
    assert (status, told["RateLimit"]) == (200, None)
    _set(faces, of.pipeline, KeyLimitsWanted(daily_quota=1), set_key_limits)
    assert _both(faces, "/v1/check", body, of.pipeline.secret)[0] == 429


def test_other_calls_have_a_brake_and_what_ends_something_has_none(faces: "TwoFaces") -> None:
    from tests.api.house import client

    brake = faces.house.ports.limits.brake  # type: ignore[union-attr]
    key = client(faces.house)
    answer = key("GET", "/v1/grants")
    assert answer.headers["RateLimit-Policy"] == '"calls";q=6000;w=60'
    assert answer.headers["RateLimit"] == '"calls";r=5999;t=1'
    brake._keys[key.key].level = -(10**9)
    refused = key("GET", "/v1/grants")
    assert (refused.status, refused.json["violated-policies"]) == (429, ["calls"])
    assert int(refused.headers["Retry-After"]) >= 10**9 // 100  # as long as it takes, never earlier
    revoked = key("POST", f"/v1/keys/{key.key}/revoke", {})
    assert revoked.status == 200 and "RateLimit" not in revoked.headers


def test_performers_are_never_limited(faces: "TwoFaces") -> None:
    from tests.api.house import granted, performer

    of = granted(faces.house)
    answer = performer(faces.house, of.person)("GET", "/v1/me/grants")
    assert answer.status == 200 and "RateLimit" not in answer.headers
