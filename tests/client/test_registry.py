"""Asking one question: what counts as an answer, and everything else failing closed."""

import json
import pickle
from datetime import timedelta
from typing import Any

import pytest

from consent import Denied, Registry, Unavailable
from consent.client.api_key import ApiKey
from consent.client.errors import BadRequest, ConfigurationError, Unauthorized, UnreliableAnswer
from consent.client.exchange import ANSWER_BYTES
from consent.client.transport import HttpResponse, TransportError
from consent.core.complete import StandingContext
from tests.client.recorded_registry import (
    LIVE_KEY,
    NOW,
    TEST_KEY,
    RecordedRegistry,
    json_response,
    problem,
    stamp,
)

ASK: dict[str, Any] = {
    "performer": "prf_test_allow",
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
}


def test_an_allow_is_true_and_carries_what_it_authorises() -> None:
    decision = RecordedRegistry().registry().check(**ASK)
    assert decision
    assert decision.outcome == "allow"
    assert decision.obligations == ("label.audible",)
    assert decision.asked["modality"] == "voice"
    assert decision.holds(NOW)
    assert not decision.holds(NOW + timedelta(seconds=300))
    assert json.loads(json.dumps(decision.to_json()))["decision"] == "allow"


def test_a_deny_is_returned_by_check_and_raised_by_require() -> None:
    fake = RecordedRegistry(verdicts={"prf_test_allow": ["context_missing"]})
    decision = fake.registry().check(**ASK)
    assert not decision
    with pytest.raises(Denied) as denied:
        fake.registry().require(**ASK)
    assert denied.value.reasons == ("context_missing",)
    assert denied.value.missing == ("territory",)
    assert denied.value.next_step == "Say in which territory."
    assert "context_missing" in str(denied.value)


def test_a_plain_name_is_sent_as_an_external_id() -> None:
    fake = RecordedRegistry()
    fake.registry().check(performer="p225", use="train.voice")
    fake.registry().check(external_id="p225", use="train.voice")
    sent = [json.loads(request.body or b"") for request in fake.requests]
    assert [body["performer"] for body in sent] == ["external_id:p225"] * 2


def test_the_standing_context_may_fill_what_was_not_asked() -> None:
    fake = RecordedRegistry(context=StandingContext(territory="AT", purpose="news"))
    decision = fake.registry().check(performer="p225", use="train.voice")
    assert decision.asked["territory"] == "AT"


def set_member(name: str, value: object) -> Any:
    return lambda answer: answer.__setitem__(name, value)


def set_asked(name: str, value: object) -> Any:
    return lambda answer: answer["asked"].__setitem__(name, value)


def drop(name: str) -> Any:
    return lambda answer: answer.pop(name)


@pytest.mark.parametrize(
    "bend",
    [
        set_asked("performer", "prf_test_other"),
        set_asked("use", "infer.voice"),
        set_asked("territory", "FR"),
        set_asked("language", "fr"),
        set_asked("purpose", "news"),
        set_asked("base_model", 7),
        set_asked("content_tier", "explicit-solo"),
        set_asked("commercial", False),
        set_asked("commercial", 1),
        set_asked("end_user_scope", "internal"),
        set_asked("quantity", 2),
        set_asked("quantity", True),
        set_asked("themes", ["hate"]),
        set_asked("political", True),
        set_asked("on_behalf_of", "org_test_other"),
        set_asked("caller", None),
        lambda answer: answer["asked"].pop("performer"),
        set_member("asked", {}),
        set_member("livemode", True),
        set_member("nonce", "another"),
        set_member("decision", "maybe"),
        set_member("decision", True),
        set_member("reasons", ["territory"]),
        set_member("reasons", None),
        set_member("grants", []),
        set_member("valid_until", stamp(NOW)),
        set_member("valid_until", stamp(NOW + timedelta(days=3))),
        set_member("valid_until", "soon"),
        set_member("as_of", stamp(NOW - timedelta(seconds=61))),
        set_member("as_of", stamp(NOW + timedelta(seconds=61))),
        set_member("as_of", "2027-02-30T00:00:00Z"),
        drop("decision"),
        drop("asked"),
        drop("livemode"),
        drop("valid_until"),
        drop("position"),
    ],
)
def test_an_answer_that_is_not_surely_to_this_question_is_no_answer(bend: Any) -> None:
    fake = RecordedRegistry(steps=[bend])
    with pytest.raises(UnreliableAnswer):
        fake.registry().check(**ASK)


def test_a_deny_without_a_reason_is_no_answer() -> None:
    def bend(answer: dict[str, Any]) -> None:
        answer.update(decision="deny", reasons=[])

    with pytest.raises(UnreliableAnswer, match="without a reason"):
        RecordedRegistry(steps=[bend]).registry().check(**ASK)


def test_unknown_members_of_an_answer_are_ignored() -> None:
    fake = RecordedRegistry(steps=[set_member("since_v1_9", {"a": 1})])
    assert fake.registry().check(**ASK)


def test_a_fictional_persona_is_allowed_without_grants() -> None:
    def bend(answer: dict[str, Any]) -> None:
        answer.update(reasons=["fictional_persona"], grants=[])

    assert RecordedRegistry(steps=[bend]).registry().check(persona="per_test_one", use="infer.chat-persona")


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(status=200, headers={"content-type": "text/html"}, body=b"<html>"),
        HttpResponse(status=200, headers={}, body=b"{}"),
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b""),
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b"[]"),
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b'{"decision": "allow"'),
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b'{"a": 1, "a": 2}'),
        HttpResponse(status=200, headers={"content-type": "application/json"}, body=b"[" * 100_000),
        HttpResponse(
            status=200, headers={"content-type": "application/json"}, body=b" " * (ANSWER_BYTES + 1)
        ),
        HttpResponse(status=204, headers={"content-type": "application/json"}, body=b"{}"),
        HttpResponse(status=206, headers={"content-type": "application/json"}, body=b"{}"),
        HttpResponse(status=302, headers={"location": "https://elsewhere.example"}, body=b""),
        HttpResponse(status=308, headers={"location": "/v1/check"}, body=b""),
        HttpResponse(status=101, headers={}, body=b""),
        HttpResponse(status=404, headers={"content-type": "text/html"}, body=b"no such page"),
    ],
)
def test_anything_but_a_json_answer_or_a_problem_is_unreliable(response: HttpResponse) -> None:
    fake = RecordedRegistry(steps=[response])
    with pytest.raises(UnreliableAnswer):
        fake.registry().check(**ASK)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/problem+json", ""])
def test_a_perfect_answer_under_another_content_type_is_no_answer(content_type: str) -> None:
    fake = RecordedRegistry()
    fake.registry().check(**ASK)
    genuine = fake.send(fake.requests[0])
    fake.steps = [HttpResponse(status=200, headers={"content-type": content_type}, body=genuine.body)]
    with pytest.raises(UnreliableAnswer, match="expected application/json"):
        fake.registry().check(**ASK)


def test_a_redirect_is_named_as_such() -> None:
    fake = RecordedRegistry(steps=[HttpResponse(status=307, headers={"location": "/x"}, body=b"")])
    with pytest.raises(UnreliableAnswer, match="a key is never sent on"):
        fake.registry().check(**ASK)


def test_problems_become_typed_errors_that_say_what_was_expected() -> None:
    fake = RecordedRegistry(
        steps=[problem(400, "use_invalid"), problem(401, "key_invalid"), problem(403, "scope_missing")]
    )
    registry = fake.registry()
    with pytest.raises(BadRequest, match="/use: expected a use, got 'x'") as refused:
        registry.check(**ASK)
    assert (refused.value.code, refused.value.request_id) == ("use_invalid", "req_test_one")
    for _ in range(2):
        with pytest.raises(Unauthorized):
            registry.check(**ASK)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_failures_are_asked_again_with_the_same_nonce(status: int) -> None:
    fake = RecordedRegistry(steps=[problem(status, "stale"), TransportError("cut off")])
    assert fake.registry().check(**ASK)
    nonces = {json.loads(request.body or b"")["nonce"] for request in fake.requests}
    assert (len(fake.requests), len(nonces)) == (3, 1)
    assert len(fake.slept_s) == 2


def test_retries_are_bounded_and_end_in_unavailable() -> None:
    fake = RecordedRegistry(steps=[problem(503, "rolled_back")] * 9)
    with pytest.raises(Unavailable) as failed:
        fake.registry().check(**ASK)
    assert failed.value.code == "rolled_back"
    assert len(fake.requests) == 3


def test_a_long_retry_after_is_reported_not_waited_for() -> None:
    fake = RecordedRegistry(steps=[problem(503, "stale", retry_after="30")])
    with pytest.raises(Unavailable, match="come back in 30 s") as failed:
        fake.registry().check(**ASK)
    assert (failed.value.retry_after_s, fake.slept_s) == (30.0, [])


def test_a_limit_is_told_as_one_and_not_as_a_registry_that_is_away() -> None:
    body = {"code": "quota_exceeded", "title": "The key's quota of the day is used up", "status": 429}
    refusal = json_response(body | {"detail": "12 of 12 rows were asked today"}, status=429)
    with pytest.raises(Unavailable) as failed:
        RecordedRegistry(steps=[refusal] * 9).registry().check(**ASK)
    assert str(failed.value) == (
        "The key's quota of the day is used up (HTTP 429, quota_exceeded): 12 of 12 rows were asked today"
    )


def test_an_internal_error_is_not_asked_again() -> None:
    fake = RecordedRegistry(steps=[problem(500, "internal")])
    with pytest.raises(Unavailable):
        fake.registry().check(**ASK)
    assert len(fake.requests) == 1


def test_the_whole_call_is_bounded_in_time() -> None:
    clock = iter(range(0, 1000, 6))
    fake = RecordedRegistry(steps=[TransportError("slow")] * 9)
    with pytest.raises(Unavailable):
        fake.registry(monotonic=lambda: float(next(clock)), timeout_s=10.0).check(**ASK)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "question",
    [
        {"use": "train.voice"},
        {"performer": "p1"},
        {"performer": "p1", "model": "mdl_test_x", "use": "train.voice"},
        {"performer": "", "use": "train.voice"},
        {"performer": "p\n1", "use": "train.voice"},
        {"performer": "p1", "use": "train.voice", "quantity": 0},
        {"performer": "p1", "use": "train.voice", "quantity": True},
        {"performer": "p1", "use": "train.voice", "commercial": "no"},
        {"performer": "p1", "use": "train.voice", "themes": []},
        {"performer": "p1", "use": "train.voice", "themes": "hate"},
        {"performer": "p1", "use": "train.voice", "colour": "red"},
        {"performer": "x" * 600, "use": "train.voice"},
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_it_is_sent(question: dict[str, Any]) -> None:
    fake = RecordedRegistry()
    with pytest.raises(ConfigurationError, match="expected"):
        fake.registry().check(**question)
    assert fake.requests == []


@pytest.mark.parametrize(
    "member", [{"territory": "EU"}, {"use": "train"}, {"language": "german!"}, {"quantity": 10**12}]
)
def test_a_malformed_question_is_the_same_problem_as_the_registry_s(member: dict[str, Any]) -> None:
    fake = RecordedRegistry()
    with pytest.raises(BadRequest, match="expected"):
        fake.registry().check(**(ASK | member))
    assert fake.requests == []


def test_the_key_never_prints_and_is_sent_only_in_its_header() -> None:
    fake = RecordedRegistry()
    registry = fake.registry()
    registry.check(**ASK)
    secret = TEST_KEY.removeprefix("crk_test_")
    request = fake.requests[0]
    assert request.headers["Authorization"] == f"Bearer {TEST_KEY}"
    for text in (repr(registry), repr(ApiKey(TEST_KEY)), str(ApiKey(TEST_KEY)), repr(request), request.url):
        assert secret not in text
    with pytest.raises(TypeError):
        pickle.dumps(ApiKey(TEST_KEY))


@pytest.mark.parametrize(
    "text", ["", "crk_prod_abcdefghijkl", "crk_test_short", "crk_test_abcdefgh\n", "Bearer crk_test_abcdefgh"]
)
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        ApiKey(text)
    assert not text or text not in str(refused.value)


def test_a_live_key_refuses_test_answers() -> None:
    with pytest.raises(UnreliableAnswer, match="expected an answer of the live side, got test"):
        RecordedRegistry().registry(key=LIVE_KEY).check(**ASK)


def test_settings_come_from_the_environment_or_from_files(tmp_path: Any) -> None:
    key = tmp_path / "key"
    key.write_text(f"{TEST_KEY}\n")
    registry = Registry.from_env({"CONSENT_URL": "http://localhost:8000/", "CONSENT_API_KEY_FILE": str(key)})
    assert repr(registry) == "Registry('http://localhost:8000', ApiKey(test))"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "CONSENT_URL is not set"),
        ({"CONSENT_URL": "https://r.example"}, "CONSENT_API_KEY is not set"),
        ({"CONSENT_URL": "http://r.example", "CONSENT_API_KEY": TEST_KEY}, "expected https for r.example"),
        ({"CONSENT_URL": "https://r.example", "CONSENT_API_KEY_FILE": "/nowhere"}, "cannot be read"),
        (
            {"CONSENT_URL": "https://r.example", "CONSENT_API_KEY": TEST_KEY, "CONSENT_TRUST": "/nowhere"},
            "consent trust fetch",
        ),
    ],
)
def test_missing_or_unsafe_settings_say_how_to_mend_them(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Registry.from_env(environ)


def test_a_problem_cannot_write_control_characters_to_a_terminal() -> None:
    hostile = {
        "title": "\x1b[2Jyou may train",
        "code": "x\r\n",
        "status": 400,
        "errors": "no",
        "request_id": 7,
    }
    with pytest.raises(BadRequest) as refused:
        RecordedRegistry(steps=[json_response(hostile, status=400)]).registry().check(**ASK)
    assert str(refused.value).isprintable()
