"""The same question about somebody else is read by its form: exactly as if its whole body had been read."""

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.check.test_question import REFERENCE, _caller

if TYPE_CHECKING:
    from consent.check.caller import OrganizationCaller
    from consent.check.question import Question

OTHER = "prf_" + "b" * 26
READABLE = "prf_test_somebody_else"


def _told(question: "Question") -> dict[str, Any]:
    return {
        name: getattr(question, name) if name != "names" else list(question.names)
        for name in type(question).__slots__
        if name != "_about"
    }


def _read(asking: Any, body: bytes, caller: Any) -> dict[str, Any] | tuple[str, str]:
    from consent.core.wire.errors import WireError

    try:
        return _told(asking.read(body, caller=caller))
    except WireError as exc:
        return exc.code, exc.pointer


@pytest.fixture
def caller() -> "OrganizationCaller":
    """The very same object for all questions of a test, as in memory."""
    return _caller()


def test_a_question_about_somebody_else_is_what_reading_its_whole_body_makes_it(
    caller: "OrganizationCaller",
) -> None:
    from consent.check.questions import Questions
    from tests.check.questions import questions

    seen, alike = Questions(), 0
    for body in questions(REFERENCE, count=3000, seed=12):
        _read(seen, body, caller)
        for somebody in (OTHER, READABLE):
            asked = body.replace(REFERENCE.encode(), somebody.encode())
            told = _read(seen, asked, caller)
            assert told == _read(Questions(), asked, caller), asked
            alike += isinstance(told, dict) and asked != body
    assert alike > 500


def test_the_form_is_what_answers_a_second_body(
    caller: "OrganizationCaller", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import questions
    from consent.check.questions import Questions

    asking = Questions()
    for separators in ((",", ":"), (", ", ": ")):
        bodies = [
            json.dumps(
                {"use": "train.voice", "performer": who, "territory": "DE"}, separators=separators
            ).encode()
            for who in (REFERENCE, OTHER)
        ]
        asking.read(bodies[0], caller=caller)
        with monkeypatch.context() as patched:
            patched.setattr(questions, "_read", _refuse)
            about = asking.read(bodies[1], caller=caller)
        assert about.asked.performers == (OTHER,) and about.request.performer == OTHER
        assert about.names[0].value == OTHER and about.performers == [OTHER]


def _refuse(*_: object) -> Any:
    raise AssertionError("expected the form to be enough")


@pytest.mark.parametrize(
    "body",
    [
        # The place that looks like the performer is none: an escape, another selector, a name inside a list or a text.
        rb'{"use":"train.voice","base_model":"a\"performer\":\"%s\"","performer":"%s"}',
        b'{"use":"train.voice","base_model":"x","performer":"%s","performer":"%s"}',
        b'{"use":"train.voice","performers":["performer","%s"],"performer":"%s"}',
        b'{"use":"train.voice","performer":"%s","grant":"%s"}',
        b'{"performer":"%s","use":"train.voice","nonce":"%s"}',
        b'{"performer":"%s","use":"train.voice","at_least":"%s"}',
        b'{"performer":"%s","use":"train.voice","%s":1}',
        b'[{"performer":"%s","use":"train.voice","performer":"%s"}]',
        b'{"use":"train.voice","base_model":"%s","performer":"%s"}',
    ],
)
def test_bodies_that_look_alike_are_read_like_any_other(body: bytes, caller: "OrganizationCaller") -> None:
    from consent.check.questions import Questions

    chosen = random.Random(3)
    names = [each.encode() for each in (REFERENCE, OTHER, READABLE, "prf_" + "1" * 26, "prf_test_", "prf_")]
    seen = Questions()
    for _ in range(200):
        asked = body % (chosen.choice(names), chosen.choice(names))
        assert _read(seen, asked, caller) == _read(Questions(), asked, caller), asked


def test_bodies_with_accidents_are_read_as_without_any_form(caller: "OrganizationCaller") -> None:
    from consent.check.questions import Questions

    chosen, seen = random.Random(8), Questions()
    plain = json.dumps({"use": "train.voice", "performer": REFERENCE, "purpose": "audiobook"}).encode()
    _read(seen, plain, caller)
    formed = 0
    for _ in range(20_000):
        body = bytearray(plain.replace(REFERENCE.encode(), OTHER.encode()))
        for _ in range(chosen.randrange(1, 3)):
            body[chosen.randrange(len(body))] = chosen.choice(b'"\\{}[]:, abz27prf_\x00\xc3')
        told = _read(seen, bytes(body), caller)
        assert told == _read(Questions(), bytes(body), caller), bytes(body)
        formed += isinstance(told, dict)
    assert formed > 500


def test_a_form_is_of_its_very_caller_and_forms_are_bounded(caller: "OrganizationCaller") -> None:
    from consent.check.questions import FORMS, Questions
    from consent.core.complete import StandingContext

    asking = Questions()
    body = json.dumps({"use": "train.voice", "performer": REFERENCE}).encode()
    asked = body.replace(REFERENCE.encode(), OTHER.encode())
    asking.read(body, caller=caller)
    moved = asking.read(asked, caller=_caller(context=StandingContext(territory="US")))
    assert (moved.asked.territory, moved.asked.purpose) == ("US", None)
    stranger = asking.read(asked, caller=_caller(organization="org_" + "c" * 26, livemode=False))
    assert stranger.asked.caller == "org_" + "c" * 26 and stranger.names[0].livemode is False
    for number in range(3 * FORMS):
        asking.read(
            json.dumps({"use": "train.voice", "performer": OTHER, "quantity": number + 1}).encode(),
            caller=caller,
        )
        assert len(asking._forms) <= FORMS
