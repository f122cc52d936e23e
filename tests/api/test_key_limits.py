"""Limits of keys over HTTP: made with them, changed, and never widened by a key that has them."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import Client, House


@pytest.fixture
def owner(house: "House") -> "Client":
    """A key without limits."""
    from tests.api.house import client

    return client(house)


def _key_of(owner: "Client", made: dict[str, Any]) -> "Client":
    from tests.api.house import Client

    return Client(
        house=owner.house,
        organization=owner.organization,
        secret=made["secret"],
        key=made["id"],
        livemode=True,
    )


def _make(owner: "Client", **limits: Any) -> Any:
    return owner("POST", "/v1/keys", {"name": "k", "scopes": ["check", "keys"], **limits})


def test_a_key_is_made_with_limits_and_they_are_changed_one_by_one(owner: "Client") -> None:
    made = _make(owner, daily_quota=1000, rate_per_s=20)
    assert made.status == 201
    assert (made.json["daily_quota"], made.json["rate_per_s"]) == (1000, 20)
    path = f"/v1/keys/{made.json['id']}"
    changed = owner("PATCH", path, {"daily_quota": 5})
    assert (changed.status, changed.json["daily_quota"], changed.json["rate_per_s"]) == (200, 5, 20)
    lifted = owner("PATCH", path, {"rate_per_s": None})
    assert (lifted.json["daily_quota"], lifted.json["rate_per_s"]) == (5, None)
    assert owner("GET", path).json == lifted.json


@pytest.mark.parametrize("limit", [0, -1, 1.5, "5", True, 10**12 + 1])
def test_what_is_no_limit_is_refused(owner: "Client", limit: Any) -> None:
    assert _make(owner, daily_quota=limit).status == 400
    made = _make(owner).json
    answer = owner("PATCH", f"/v1/keys/{made['id']}", {"daily_quota": limit})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/daily_quota")


def test_a_key_with_limits_widens_nothing(owner: "Client") -> None:
    limited = _key_of(owner, _make(owner, daily_quota=100).json)
    free = _make(owner).json
    own, other = f"/v1/keys/{limited.key}", f"/v1/keys/{free['id']}"
    for body in ({"daily_quota": None}, {"daily_quota": 101}):
        answer = limited("PATCH", own, body)
        assert (answer.status, answer.json["errors"][0]["rule"]) == (400, "narrower")
    assert limited("PATCH", own, {"daily_quota": 99}).status == 200
    assert limited("POST", f"{other}/rotate", {}).json["code"] == "refused"
    child = limited("POST", "/v1/keys", {"name": "c", "scopes": ["check"]}).json
    assert child["daily_quota"] == 99
    successor = limited("POST", f"{own}/rotate", {"overlap_s": 60})
    assert (successor.status, successor.json["daily_quota"]) == (201, 99)


def test_another_organizations_key_is_not_there(owner: "Client", house: "House") -> None:
    from tests.api.house import client

    assert client(house)("PATCH", f"/v1/keys/{owner.key}", {"daily_quota": 1}).status == 404
