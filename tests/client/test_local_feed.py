"""What is taken from the feed and what is not: forged, replayed, altered, gapped, of another side or organization."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from consent.client.errors import Unavailable, UnreliableAnswer
from consent.client.transport import HttpRequest, HttpResponse, TransportError
from signing.encoding import b64u, unb64u
from tests.client.recorded_feed import Bend, RecordedFeed, Stepped, grant, subject
from tests.client.recorded_registry import LIVE_KEY, json_response, problem


def followed() -> tuple[RecordedFeed, Stepped]:
    registry = RecordedFeed()
    registry.change(subject("prf_test_one", grant()), "grant.active")
    stepped = registry.local()
    stepped.follow()
    assert stepped.ask()
    return registry, stepped


def end(registry: RecordedFeed) -> None:
    registry.change(subject("prf_test_one", ended=["grt_test_one"], ever_signed=True), "grant.ended")


def set_(**members: Any) -> Bend:
    return lambda payload: payload.update(members)


def is_ignored(registry: RecordedFeed, stepped: Stepped, *, match: str = ".") -> None:
    """The answer taught nothing: facts are as before, and grow older until a true answer comes."""
    before = stepped.memory.fresh
    registry.boot.now += 1
    with pytest.raises(Unavailable, match=match):
        stepped.follower.step()
    assert stepped.memory.fresh is before
    assert stepped.ask()
    registry.boot.now += 1000
    with pytest.raises(Unavailable):
        stepped.ask()
    stepped.follow()
    assert stepped.ask()


def is_read_anew(registry: RecordedFeed, stepped: Stepped, *, match: str = ".") -> None:
    """Everything is refused at once, until the whole picture was read again."""
    snapshots = registry.snapshots
    with pytest.raises(Unavailable, match=match):
        stepped.follower.step()
    with pytest.raises(Unavailable):
        stepped.ask()
    stepped.follow()
    assert registry.snapshots == snapshots + 1


@pytest.mark.parametrize(
    ("bend", "match"),
    [
        (set_(nonce="another"), "nonce"),
        (set_(aud="org_test_another"), "org_test_another"),
        (set_(iss="https://elsewhere.example/test"), "issuer"),
        (set_(livemode=True), "side"),
        (set_(node="n2"), "node"),
        (set_(iat=1_700_000_000), "certified"),
        (set_(as_of="yesterday"), "as_of"),
        (set_(l_node_ms=-1), "window"),
        (set_(from_n="0"), "malformed"),
        (set_(events=None), "malformed"),
        (set_(caller={}), "malformed"),
        (set_(to_n=9), "do not run"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_for_this_reader_and_request_teaches_nothing(bend: Bend, match: str) -> None:
    registry, stepped = followed()
    registry.steps.append(bend)
    is_ignored(registry, stepped, match=match)


def test_a_page_of_the_live_side_is_none_for_a_key_of_the_test_side() -> None:
    live = RecordedFeed(livemode=True)
    live.change(subject("prf_test_one", grant()))
    with pytest.raises(UnreliableAnswer, match="other side"):
        live.local().follower.step()


def test_a_page_of_the_test_side_is_none_for_a_key_of_the_live_side() -> None:
    registry = RecordedFeed()
    with pytest.raises(UnreliableAnswer, match="test side"):
        registry.local(key=LIVE_KEY).follower.step()


def test_a_page_by_keys_that_are_not_in_the_trust_file_is_none() -> None:
    registry, other = RecordedFeed(), RecordedFeed()
    with pytest.raises(UnreliableAnswer, match="does not verify"):
        registry.local(trust=other.trust).follower.step()


def test_whose_key_it_is_can_be_said_and_is_held_to() -> None:
    registry = RecordedFeed()
    with pytest.raises(UnreliableAnswer, match="org_test_else"):
        registry.local(organization="org_test_else").follower.step()


def test_a_recorded_answer_that_is_played_again_teaches_nothing() -> None:
    registry, stepped = followed()
    kept: list[HttpResponse] = []
    send = registry.send

    def tap(request: HttpRequest) -> HttpResponse:
        kept.append(send(request))
        return kept[-1]

    registry.send = tap  # type: ignore[method-assign]
    stepped.follow()
    registry.send = send  # type: ignore[method-assign]
    end(registry)
    registry.steps.append(kept[0])
    is_ignored_until_ended(registry, stepped)


def is_ignored_until_ended(registry: RecordedFeed, stepped: Stepped) -> None:
    before = stepped.memory.fresh
    with pytest.raises(UnreliableAnswer, match="nonce"):
        stepped.follower.step()
    assert stepped.memory.fresh is before
    stepped.follow()
    assert stepped.ask().reasons == ("no_active_consent",)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_bit_that_differs_in_any_part_teaches_nothing(part: int) -> None:
    registry, stepped = followed()
    token = registry.sign(registry.payload({"nonce": "n", "after": "ct_h1_1"}) or {})
    size = len(unb64u(token.split(".")[part]))
    for bit in range(0, size * 8, max(1, size * 8 // 40)):

        def flip(request: HttpRequest, bit: int = bit) -> HttpResponse:
            answer = json.loads(RecordedFeed.send(registry, request).body)["changes"]
            parts = answer.split(".")
            data = bytearray(unb64u(parts[part]))
            data[bit // 8 % len(data)] ^= 1 << bit % 8
            parts[part] = b64u(bytes(data))
            return json_response({"changes": ".".join(parts)})

        registry.send = flip  # type: ignore[method-assign]
        before = stepped.memory.fresh
        with pytest.raises(UnreliableAnswer):
            stepped.follower.step()
        assert stepped.memory.fresh is before


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b'{"changes":"'),
        HttpResponse(status=200, headers={"content-type": "text/html"}, body=b"<p>"),
        json_response({"changes": 7}),
        json_response({"changes": "a.b"}),
        json_response([]),
        HttpResponse(status=302, headers={"location": "https://elsewhere.example"}, body=b""),
        problem(429, "rate_limited"),
        problem(503, "stale"),
        problem(404, "not_found"),
        TransportError("cut off"),
    ],
)
def test_an_answer_that_is_none_teaches_nothing(answer: Any) -> None:
    registry, stepped = followed()
    registry.steps.append(answer)
    is_ignored(registry, stepped)


def test_a_gap_in_the_counter_makes_everything_be_read_anew() -> None:
    registry, stepped = followed()
    end(registry)
    registry.change(subject("prf_test_two", grant("grt_test_two")))

    def skip(payload: dict[str, Any]) -> None:
        payload.update(
            from_n=2, events=payload["events"][1:], subjects=payload["subjects"][1:]
        )  # the end of a consent is left out

    registry.steps.append(skip)
    is_read_anew(registry, stepped, match="expected them from 1")
    assert not stepped.ask()


def test_an_event_without_the_facts_of_its_subject_teaches_nothing() -> None:
    registry, stepped = followed()
    end(registry)
    registry.steps.append(set_(subjects=[]))
    with pytest.raises(UnreliableAnswer):
        stepped.follower.step()
    stepped.follow()
    assert not stepped.ask()


def test_a_position_off_the_history_refuses_until_all_is_read_anew() -> None:
    registry, stepped = followed()
    registry.steps.append(problem(409, "position_conflict"))
    is_read_anew(registry, stepped)


def test_an_older_head_makes_everything_be_read_anew() -> None:
    registry, stepped = followed()
    registry.steps.append(set_(as_of="2027-03-01T11:00:00.000Z"))
    is_read_anew(registry, stepped, match="before the last one")


def test_nodes_that_differ_by_a_moment_are_no_older_head() -> None:
    registry, stepped = followed()
    registry.steps.append(set_(as_of="2027-03-01T11:59:59.500Z"))
    stepped.follow()
    assert stepped.ask()


def test_a_registry_that_lost_what_it_told_is_refused_for_good() -> None:
    registry, stepped = followed()
    end(registry)
    stepped.follow()
    registry.events.pop()  # restored from an older backup: the consent is back
    registry.subjects["org_test_caller", "prf_test_one"] = subject("prf_test_one", grant())
    for _ in range(4):
        with pytest.raises(Unavailable):
            stepped.follower.step()
        with pytest.raises(Unavailable):
            stepped.ask()
    assert "forgotten what it told" in str(stepped.local.status().why_not)


def test_a_declared_new_history_is_read_anew_and_then_followed() -> None:
    registry, stepped = followed()
    end(registry)
    stepped.follow()
    registry.events.clear()
    registry.history = "h2"
    is_read_anew(registry, stepped)
    assert not stepped.ask()
    registry.change(subject("prf_test_one", grant()))
    stepped.follow()
    assert stepped.ask()


def test_pages_of_two_histories_are_never_mixed() -> None:
    registry, stepped = followed()
    registry.steps.append(set_(history="h2"))
    is_read_anew(registry, stepped, match="another")


def test_a_snapshot_of_two_histories_is_begun_anew() -> None:
    registry = RecordedFeed(page_size=1)
    for name in ("prf_test_one", "prf_test_two"):
        registry.change(subject(name, grant("grt_" + name[4:])))
    stepped = registry.local()
    assert stepped.follower.step()
    registry.steps.append(set_(history="h2"))
    with pytest.raises(Unavailable, match="another snapshot"):
        stepped.follower.step()
    stepped.follow()
    assert stepped.ask("prf_test_two")


def test_a_cursor_that_is_too_old_goes_on_from_a_snapshot_while_the_old_picture_answers() -> None:
    registry, stepped = followed()
    end(registry)
    registry.change(subject("prf_test_two", grant("grt_test_two")))
    registry.page_size = 1
    registry.oldest = 3
    assert stepped.follower.step()
    assert stepped.ask()  # still as of before, and not too old
    stepped.follow()
    assert not stepped.ask()
    assert stepped.ask("prf_test_two")


def test_changes_between_the_pages_of_a_snapshot_are_followed_before_it_answers() -> None:
    registry = RecordedFeed(page_size=1)
    for name in ("prf_test_one", "prf_test_two"):
        registry.change(subject(name, grant("grt_" + name[4:])))
    stepped = registry.local()
    assert stepped.follower.step()  # the page with the first performer
    end(registry)
    stepped.follow()
    assert not stepped.ask()
    assert stepped.ask("prf_test_two")


def test_a_page_of_a_snapshot_that_nobody_asked_for_is_not_taken() -> None:
    registry, stepped = followed()
    registry.steps.append(set_(snapshot=True, first=False))
    is_read_anew(registry, stepped, match="not asked for")


def test_changes_where_a_snapshot_was_asked_for_are_not_taken() -> None:
    registry = RecordedFeed()
    registry.steps.append(set_(snapshot=False))
    with pytest.raises(Unavailable, match="beginning of a snapshot"):
        registry.local().follower.step()


def test_a_page_of_a_snapshot_that_is_gone_begins_another() -> None:
    registry = RecordedFeed(page_size=1)
    for name in ("prf_test_one", "prf_test_two"):
        registry.change(subject(name, grant("grt_" + name[4:])))
    stepped = registry.local()
    assert stepped.follower.step()
    registry.steps.append(problem(400, "page_invalid"))
    assert stepped.follower.step()
    stepped.follow()
    assert (registry.snapshots, bool(stepped.ask("prf_test_two"))) == (2, True)


def test_every_request_has_a_nonce_of_its_own() -> None:
    registry, stepped = followed()
    for _ in range(20):
        stepped.follow()
    nonces = [request.url.split("nonce=")[1].split("&")[0] for request in registry.requests]
    assert len(set(nonces)) == len(nonces)


def test_the_key_s_context_and_capabilities_follow_the_feed() -> None:
    registry, stepped = followed()
    question = {"performer": "prf_test_one", "use": "train.voice", "language": "de", "purpose": "audiobook"}
    ask: Callable[[], Any] = lambda: stepped.local.check(**question)  # type: ignore[arg-type]  # noqa: E731
    assert ask().missing == ("territory",)
    registry.context = {"territory": "DE"}
    stepped.follow()
    assert ask()
    registry.context = {"territory": "US"}
    stepped.follow()
    assert ask().reasons == ("territory",)
    marked = subject("prf_test_one", grant(obligations=["label.audible"]))
    registry.change(marked)
    registry.context = {"territory": "DE"}
    stepped.follow()
    output = {**question, "use": "infer.voice"}
    assert stepped.local.check(**output).reasons == ("obligation_unmet",)  # type: ignore[arg-type]
    registry.capabilities = ["label.audible"]
    stepped.follow()
    assert stepped.local.check(**output).obligations == ("label.audible",)  # type: ignore[arg-type]
