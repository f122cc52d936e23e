"""What follows from a question's bytes: its digest, its echo, and who may share it with whom."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consent.check.caller import OrganizationCaller

REFERENCE = "prf_" + "a" * 26


def _caller(**changes: Any) -> "OrganizationCaller":
    from consent.check.caller import OrganizationCaller
    from consent.core.complete import StandingContext

    made = OrganizationCaller(
        key="key_test",
        organization="org_" + "a" * 26,
        livemode=True,
        scopes=frozenset({"check"}),
        context=StandingContext(territory="DE", language="de", purpose="audiobook"),
        capabilities=frozenset(),
    )
    return replace(made, **changes)


def test_the_digest_is_over_canonical_bytes_from_the_typed_encoder_which_equal_rfc_8785() -> None:
    import hashlib

    import rfc8785

    from consent.check.questions import Questions
    from consent.core.wire.errors import WireError
    from tests.check.questions import questions

    asking, caller, compared = Questions(), _caller(), 0
    for body in questions(REFERENCE, count=3000, seed=9):
        try:
            question = asking.read(body, caller=caller)
        except WireError:
            continue
        canonical = rfc8785.dumps(question.asked.to_json())
        assert question.asked_json == canonical
        assert question.digest == hashlib.sha256(canonical).hexdigest() == question.asked.digest()
        compared += 1
    assert compared > 500


@pytest.mark.parametrize("name", ["\u00e9", "\U0001f600", "\u2028x", "\x7f", 'a"b', "a\\b", "\ufb01"])
def test_the_digest_is_canonical_also_for_names_beyond_ascii(name: str) -> None:
    import rfc8785

    from consent.check.questions import Questions
    from consent.core.wire.errors import WireError

    body = json.dumps({"use": "train.voice", "external_id": name}).encode()
    try:
        question = Questions().read(body, caller=_caller())
    except WireError:
        return
    assert question.asked_json == rfc8785.dumps(question.asked.to_json())


def test_a_remembered_question_is_the_callers_own_and_of_its_context_now() -> None:
    from consent.check.questions import Questions
    from consent.core.complete import StandingContext

    asking = Questions()
    body = json.dumps({"use": "train.voice", "performer": REFERENCE}).encode()
    one = _caller()
    first = asking.read(body, caller=one)
    assert asking.read(body, caller=one) is first
    other = asking.read(body, caller=_caller(organization="org_" + "b" * 26))
    assert other.asked.caller != first.asked.caller and other.names != first.names
    moved = asking.read(body, caller=_caller(context=StandingContext(territory="US")))
    assert (moved.asked.territory, moved.asked.purpose) == ("US", None)
    assert asking.read(body, caller=_caller(livemode=False)).names[0].livemode is False
    assert asking.read(body, caller=one).asked == first.asked


def test_questions_are_remembered_within_bounds_and_never_one_with_a_nonce() -> None:
    from consent.check.questions import Questions

    asking, caller = Questions(limit=10), _caller()
    bodies = [
        json.dumps({"use": "train.voice", "external_id": f"p{number}"}).encode() for number in range(50)
    ]
    for body in bodies:
        asking.read(body, caller=caller)
    assert len(asking) == 10 and bodies[-1] in asking and bodies[0] not in asking
    once = json.dumps({"use": "train.voice", "performer": REFERENCE, "nonce": "n-1"}).encode()
    long = json.dumps(
        {"use": "train.voice", "performers": [REFERENCE[:-1] + c for c in "bcdefgh"] * 9}
    ).encode()
    for body in (once, long):
        asking.read(body, caller=caller)
        assert body not in asking


def test_facts_are_made_anew_as_soon_as_one_cell_is_another() -> None:
    from consent.check.cells import SubjectCell
    from consent.check.questions import Questions
    from consent.core.facts import SubjectFacts

    def cell(*, known: bool) -> SubjectCell:
        facts = SubjectFacts(
            reference=REFERENCE,
            known=known,
            grants=(),
            limits=None,
            deceased_at=None,
            prior_record=False,
            ever_signed=False,
        )
        return SubjectCell(performer="x" if known else None, facts=facts)

    caller = _caller()
    question = Questions().read(b'{"use":"train.voice","performer":"%s"}' % REFERENCE.encode(), caller=caller)
    before, after = cell(known=True), cell(known=False)
    assert question.facts([before], caller).subjects[0].known
    assert question.facts([before], caller) is question.facts([before], caller)
    assert not question.facts([after], caller).subjects[0].known
    assert question.facts([before], caller).subjects[0].known


def test_instants_read_as_everywhere_else() -> None:
    import random
    from datetime import UTC, datetime, timedelta, timezone

    from consent.check.moments import instant_ms, instant_s, second_of
    from consent.core.wire.times import milliseconds, seconds

    chosen = random.Random(4)
    for _ in range(2000):
        zone = timezone(timedelta(minutes=chosen.randrange(-700, 700)))
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=chosen.randrange(-(10**16), 10**17))
        at = at.astimezone(zone)
        second = second_of(at)
        assert second == int(at.replace(microsecond=0).timestamp())
        assert (instant_ms(at, second), instant_s(second)) == (milliseconds(at), seconds(at))
