"""Local answers end with the age of their facts: on the clock that counts suspension, and on no other."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from consent.client.errors import BadRequest, ConfigurationError, Unauthorized, Unavailable
from consent.client.local import clock
from consent.client.local.clock import FASTEST_CLOCK
from consent.client.local.freshness import Freshness, MaxStaleness
from consent.client.registry import Registry
from consent.client.transport import TransportError
from tests.client.recorded_feed import L_NODE_MS, OUTPUT, QUESTION, RecordedFeed, grant, subject
from tests.client.recorded_registry import TEST_KEY, URL, problem

DOWN = TransportError("no connection to https://registry.example: refused")
L_NODE_S = L_NODE_MS / 1000


def feed() -> RecordedFeed:
    made = RecordedFeed()
    made.change(subject("prf_test_one", grant()), "grant.active")
    return made


def test_it_answers_until_max_staleness_and_then_refuses() -> None:
    registry = feed()
    stepped = registry.local(max_staleness=30)
    stepped.follow()
    lasts_s = (30 - L_NODE_S) / FASTEST_CLOCK
    registry.boot.now = 1000 + lasts_s - 0.001
    assert stepped.ask()
    registry.boot.now = 1000 + lasts_s
    with pytest.raises(Unavailable) as stale:
        stepped.ask()
    assert stale.value.code == "stale"


def test_outputs_are_refused_after_a_minute_and_training_after_fifteen() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    registry.boot.now += 61
    with pytest.raises(Unavailable):
        stepped.local.check(performer="prf_test_one", **OUTPUT)
    assert stepped.ask()
    registry.boot.now += 900
    with pytest.raises(Unavailable):
        stepped.ask()


def test_a_server_that_is_down_costs_nothing_until_then_and_everything_afterwards() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    for _ in range(5):
        registry.steps.append(DOWN)
        registry.boot.now += 5
        with pytest.raises(Unavailable):
            stepped.follow()
        assert stepped.local.check(performer="prf_test_one", **OUTPUT)
    registry.boot.now += 40
    with pytest.raises(Unavailable):
        stepped.local.check(performer="prf_test_one", **OUTPUT)
    stepped.follow()
    assert stepped.local.check(performer="prf_test_one", **OUTPUT)


def test_age_counts_from_the_sending_of_the_request_not_from_its_answer() -> None:
    registry = feed()
    stepped = registry.local(max_staleness=30)
    stepped.follow()
    registry.steps.append(lambda _payload: setattr(registry.boot, "now", registry.boot.now + 20))
    stepped.follow()  # this answer took 20 s on its way
    registry.boot.now += 9
    with pytest.raises(Unavailable):
        stepped.ask()


@pytest.mark.parametrize("jump_s", [-3600, 3600])
def test_a_jump_of_the_wall_clock_changes_nothing(jump_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    before = stepped.ask().to_json()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            raise AssertionError("the wall clock was read")

    for module in (
        "consent.client.registry",
        "consent.client.local.freshness",
        "consent.client.local.compiled",
    ):
        monkeypatch.setattr(f"{module}.datetime", Jumped, raising=True)
    stepped.follow()
    assert stepped.ask().to_json() == before


def test_a_machine_that_slept_refuses_until_it_has_followed() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    registry.boot.now += 3600  # suspended: the boot clock has gone on
    registry.change(subject("prf_test_one", ended=["grt_test_one"], ever_signed=True), "grant.ended")
    with pytest.raises(Unavailable):
        stepped.ask()
    stepped.follow()
    assert stepped.ask().reasons == ("no_active_consent",)


def test_a_boot_clock_that_runs_backwards_refuses() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    registry.boot.now -= 500  # restored from a copy of a running machine
    with pytest.raises(Unavailable):
        stepped.ask()


def test_without_a_clock_that_counts_suspension_local_mode_refuses_to_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "COUNTS_SUSPENSION", False)
    with pytest.raises(ConfigurationError, match="CLOCK_BOOTTIME"):
        Registry.local(URL, TEST_KEY, trust=feed().trust)


def test_without_a_trust_file_local_mode_refuses_to_be_made() -> None:
    with pytest.raises(ConfigurationError, match="trust"):
        Registry.local(URL, TEST_KEY, trust=None)


@pytest.mark.parametrize("limit_s", [0, -1, 901, float("inf"), float("nan")])
def test_max_staleness_has_a_ceiling_and_a_floor(limit_s: float) -> None:
    with pytest.raises(ConfigurationError):
        MaxStaleness.of(limit_s)


def test_max_staleness_is_set_down_never_up() -> None:
    assert MaxStaleness.of(None) == MaxStaleness(output_s=60, other_s=900)
    assert MaxStaleness.of(10) == MaxStaleness(output_s=10, other_s=10)
    assert MaxStaleness.of(600) == MaxStaleness(output_s=60, other_s=600)


def test_a_page_that_is_not_fresh_lets_facts_grow_older() -> None:
    registry = feed()
    stepped = registry.local(max_staleness=30)
    stepped.follow()
    for _ in range(8):
        registry.boot.now += 4
        registry.steps.append(lambda payload: payload.update(fresh=False))
        assert stepped.follower.step()
    with pytest.raises(Unavailable):
        stepped.ask()


def test_a_page_with_more_to_come_is_never_fresh_whatever_it_says() -> None:
    registry = feed()
    registry.page_size = 1
    stepped = registry.local(max_staleness=30)
    stepped.follow()
    for number in range(3):
        registry.change(subject(f"prf_test_more{number}", grant(f"grt_test_more{number}")))
    registry.boot.now += 20
    registry.steps.append(lambda payload: payload.update(fresh=True))
    assert stepped.follower.step()  # still not fresh: ask on at once
    registry.boot.now += 9
    with pytest.raises(Unavailable):
        stepped.ask()


def test_a_key_that_is_refused_refuses_at_once_and_for_ever() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    assert stepped.ask()
    registry.steps.append(problem(401, "key_invalid"))
    with pytest.raises(Unauthorized):
        stepped.follow()
    for _ in range(2):
        with pytest.raises(Unauthorized):
            stepped.ask()
    assert "key_invalid" in str(stepped.local.status().why_not)


def test_a_key_that_runs_out_meanwhile_refuses() -> None:
    registry = feed()
    registry.expires_at = "2027-03-01T12:00:10Z"  # ten seconds after the first answer
    stepped = registry.local()
    stepped.follow()
    registry.boot.now += 9
    assert stepped.ask()
    registry.boot.now += 1
    with pytest.raises(Unavailable):
        stepped.ask()


def test_before_the_first_complete_copy_nothing_is_answered() -> None:
    registry = feed()
    registry.page_size = 1
    registry.change(subject("prf_test_two", grant("grt_test_two")))
    stepped = registry.local()
    with pytest.raises(Unavailable):
        stepped.ask()
    assert stepped.follower.step()
    assert stepped.follower.step()  # the whole snapshot is here, and what changed since is not
    with pytest.raises(Unavailable):
        stepped.ask()
    stepped.follow()
    assert stepped.ask()


def test_an_end_is_judged_at_the_latest_instant_that_it_may_be() -> None:
    registry = feed()
    registry.change(subject("prf_test_one", grant(valid_until="2027-03-01T12:00:30Z")))
    stepped = registry.local()
    stepped.follow()
    registry.boot.now += 27.5
    assert stepped.ask()  # 28.9 s at most have passed
    registry.boot.now += 1.3
    assert stepped.ask().reasons == ("no_active_consent",)  # 30.2 s may have


@pytest.mark.parametrize("of_the_line", [False, True])
def test_a_beginning_is_judged_at_the_earliest_instant_that_it_may_be(of_the_line: bool) -> None:
    registry = feed()
    begins = "2027-03-01T12:00:30Z"
    told = grant() if of_the_line else grant(valid_from=begins)
    if of_the_line:
        lines = [dict(line) for line in told["terms"]["lines"]]
        lines[0]["constraints"] = [
            *lines[0]["constraints"],
            {"kind": "term", "v": 1, "not_before": begins},
        ]
        told["terms"]["lines"] = lines
    registry.change(subject("prf_test_one", told))
    stepped = registry.local()
    stepped.follow()
    registry.boot.now += 30.1
    assert stepped.ask().reasons == ("term",)
    registry.boot.now += 31.8 - 30.1
    assert stepped.ask().reasons == ("term",)  # 30.29 s may have passed, less the node's window
    registry.boot.now += 0.1
    assert stepped.ask()


def test_an_answer_holds_no_longer_than_its_facts() -> None:
    registry = feed()
    stepped = registry.local(max_staleness=30)
    stepped.follow()
    decision = stepped.ask()
    assert decision.valid_until <= registry.at + timedelta(seconds=30)
    assert decision.holds(registry.at)
    assert not decision.holds(registry.at + timedelta(seconds=30))


def test_the_bounds_are_those_of_the_freshness() -> None:
    fresh = Freshness.of(
        position="ct_x",
        as_of=datetime(2027, 1, 1, tzinfo=UTC),
        sent_at=100.0,
        received_at=101.0,
        l_node_s=0.3,
        key_expires_at=None,
        limits=MaxStaleness(),
    )
    assert fresh.earliest(110.0) < fresh.as_of + timedelta(seconds=9) < fresh.latest(110.0)
    assert fresh.until_output < 100 + 60 < fresh.until_other < 100 + 900


def test_a_closed_local_registry_answers_nothing() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    stepped.local.close()
    with pytest.raises(ConfigurationError, match="closed"):
        stepped.ask()


def test_an_answer_that_comes_after_the_end_revives_nothing() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    told = stepped.follower._told
    stepped.follower._told = lambda page: (told(page), stepped.local.close())  # type: ignore[func-returns-value]
    with pytest.raises(Unavailable, match="closed"):
        stepped.follower.step()
    with pytest.raises(ConfigurationError, match="closed"):
        stepped.ask()


def test_a_malformed_question_is_refused_as_the_registry_would() -> None:
    registry = feed()
    stepped = registry.local()
    stepped.follow()
    with pytest.raises(BadRequest):
        stepped.ask(territory="EU")
    with pytest.raises(ConfigurationError):
        stepped.ask(quantity=0)
    assert stepped.local.check(performer="prf_test_one", **QUESTION, commercial=True)
    with pytest.raises(ConfigurationError):
        stepped.local.check(performer="prf_test_one", **QUESTION, commercial=1)  # type: ignore[typeddict-item]
