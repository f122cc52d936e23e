"""Unknown keys: limited by address in bounded memory, nobody being asked, and no harm to who has a real one."""

import hashlib
from typing import Any

import pytest

from consent.check.limits.strangers import ALL_TRIES, MAX_ADDRESSES, TRIES, Strangers
from consent.core.wire.problem import ApiError
from tests.check.limits.house import Time

HERE = {"REMOTE_ADDR": "198.51.100.7"}


def _digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def _lets_in(strangers: Strangers, number: int, meta: Any = HERE) -> bool:
    try:
        strangers.knock(_digest(number), meta)
    except ApiError as exc:
        assert (exc.code, exc.violated) == ("rate_limited", ("unknown-keys",))
        assert int(exc.headers["Retry-After"]) >= 1
        return False
    return True


def test_an_address_has_some_tries_and_gets_more_with_time() -> None:
    time = Time()
    strangers = Strangers(monotonic=time)
    assert sum(_lets_in(strangers, number) for number in range(TRIES * 3)) == TRIES
    assert strangers.refused == TRIES * 2
    assert _lets_in(strangers, 1, {"REMOTE_ADDR": "198.51.100.8"})
    time.now += 5
    assert sum(_lets_in(strangers, number) for number in range(100)) == 5


def test_a_good_key_costs_no_try_and_passes_when_its_address_has_none_left() -> None:
    strangers = Strangers(monotonic=Time())
    for number in range(TRIES * 10):
        assert _lets_in(strangers, number)
        strangers.welcome(_digest(number), HERE)
    assert sum(_lets_in(strangers, number) for number in range(10**6, 10**6 + 200)) == TRIES
    assert _lets_in(strangers, 7)
    strangers.forget(_digest(7))
    assert not _lets_in(strangers, 7)


def test_many_addresses_together_trouble_the_primary_only_so_often() -> None:
    time = Time()
    strangers = Strangers(monotonic=time)
    _lets_in(strangers, 7)
    strangers.welcome(_digest(7), HERE)
    passed = 0
    for number in range(30_000):
        meta = {"REMOTE_ADDR": f"2a00:{number >> 8:x}:{number & 255:x}::1"}
        passed += _lets_in(strangers, number + 100, meta)
    assert passed == ALL_TRIES
    assert len(strangers._addresses) == MAX_ADDRESSES
    assert _lets_in(strangers, 7)


def test_what_a_client_says_of_itself_opens_no_other_bucket() -> None:
    strangers = Strangers(monotonic=Time())
    passed = sum(
        _lets_in(strangers, number, {"REMOTE_ADDR": "9.9.9.9", "HTTP_X_FORWARDED_FOR": f"10.0.0.{number}"})
        for number in range(200)
    )
    assert passed == TRIES


def test_the_lane_refuses_unknown_keys_before_anybody_is_asked_and_real_ones_go_on(
    check_log_ports: Any,
) -> None:
    from consent.check.callers import Callers
    from tests.api.house import client
    from tests.check.two_faces import two_faces

    faces = two_faces(check_log_ports)
    strangers = Strangers(monotonic=Time())
    callers = Callers(faces.house.ports.registry, faces.feeder, strangers=strangers)
    turns = [0]
    turn = faces.feeder.turn

    def counted() -> bool:
        turns[0] += 1
        return turn()

    faces.feeder.turn = counted  # type: ignore[method-assign]
    real, cold = client(faces.house), client(faces.house)

    def ask(secret: str) -> str:
        digest = hashlib.sha256(secret.encode()).digest()
        try:
            return callers.find(digest, secret=secret, meta=HERE).key
        except ApiError as exc:
            return exc.code

    assert ask(real.secret) == real.key
    before = turns[0]
    answers = [ask(f"crk_live_{number:043d}") for number in range(TRIES + 40)]
    assert answers == ["key_invalid"] * TRIES + ["rate_limited"] * 40
    assert turns[0] - before == TRIES
    assert ask(real.secret) == real.key
    # A key that this process never saw waits with the strangers of its address, and comes in from another.
    assert ask(cold.secret) == "rate_limited"
    digest = hashlib.sha256(cold.secret.encode()).digest()
    other = {"REMOTE_ADDR": "198.51.100.99"}
    assert callers.find(digest, secret=cold.secret, meta=other).key == cold.key
    assert ask(cold.secret) == cold.key


@pytest.mark.parametrize("route", ["/v1/grants", "/v1/check"])
def test_the_api_refuses_unknown_keys_before_the_database_is_asked(check_log_ports: Any, route: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from consent.check.limits.blocks import Blocks
    from consent.check.limits.everything import Limits
    from consent.check.limits.key_meter import KeyMeter
    from consent.check.limits.rounds import Rounds
    from tests.api.house import build_house, client

    house = build_house(check_log_ports)
    rounds = Rounds()
    blocks = Blocks(give_back=lambda left: None, wake=lambda: None, monotonic=Time())
    meter = KeyMeter(tell=lambda added, accounts: pytest.fail("nothing to tell"), wake=lambda: None)
    object.__setattr__(
        house.ports,
        "limits",
        Limits(meter=meter, blocks=blocks, rounds=rounds, strangers=Strangers(monotonic=Time())),
    )
    real = client(house)
    method = "POST" if route == "/v1/check" else "GET"

    def ask(secret: str) -> Any:
        headers = {"Authorization": f"Bearer {secret}"}
        return house.send(method, route, data=b"{}" if method == "POST" else None, headers=headers)

    assert ask(real.secret).status in (200, 400)
    answers = [ask(f"crk_live_{number:043d}") for number in range(TRIES + 5)]
    assert [each.status for each in answers] == [401] * TRIES + [429] * 5
    assert answers[-1].json["violated-policies"] == ["unknown-keys"]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    with CaptureQueriesContext(connection) as queries:
        assert ask(f"crk_live_{'A' * 43}").status == 429
    assert len(queries) == 0
    assert ask(real.secret).status in (200, 400)
