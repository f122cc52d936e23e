"""Who may make a consent: the performer's own passkey, on the signing origin, over exactly what was shown, once."""

import hashlib
from typing import Any

import psycopg
import pytest

from signing.encoding import b64u
from tests.browser.authenticator import Authenticator, in_software
from tests.browser.conftest import Visit
from tests.browser.elsewhere import Elsewhere
from tests.browser.people import (
    Person,
    arrive,
    do,
    join,
    passkey_button,
    sign_in,
    somebody,
    take_up,
)
from tests.browser.place import Place
from tests.browser.questions import Question, answer, answer_in_software, question_on, send
from tests.browser.visitor import Visitor
from tests.signing.software_authenticator import UP, UV, SoftwareAuthenticator

REFUSED = {403, 409, 422}


@pytest.fixture
def visitor(visit: Visit, place: Place, performer: Person) -> Visitor:
    """The performer, signed in on their phone."""
    made = visit()
    made.guard.allow("status of 4(03|09|10|22)")
    sign_in(made, place, performer)
    return made


def asked_to_sign(visitor: Visitor, place: Place) -> tuple[str, Question]:
    """One more request, read and on the page that asks for a signature; the offer and the question."""
    offer = take_up(visitor, place, place.invite()[1])
    do(visitor, "sign")
    arrive(visitor, f"/sign/{offer}")
    return offer, question_on(visitor.page)


def signed(place: Place, offer: str) -> bool:
    """Whether the company has its consent."""
    state = place.ask(f"/v1/offers/{offer}")["state"]
    assert state in ("viewed", "signed")
    return bool(state == "signed")


def asked_body(place: Place, question: Question) -> dict[str, Any]:
    """What the registry keeps of a question: body, nonce, and the digest of the text."""
    with psycopg.connect(place.database_url()) as database:
        row = database.execute(
            "SELECT content FROM web_ceremony WHERE id = %s", [question.fields["ceremony"]]
        ).fetchone()
    assert row is not None
    return dict(row[0])


def test_the_right_answer_signs_so_that_the_wrong_ones_mean_something(visitor: Visitor, place: Place) -> None:
    offer, question = asked_to_sign(visitor, place)
    right = answer(visitor.page, question.options)
    assert send(visitor, question, right).status == 303
    assert signed(place, offer)


def test_a_sign_in_never_becomes_a_signature(
    visitor: Visitor, place: Place, visit: Visit, performer: Person
) -> None:
    offer, question = asked_to_sign(visitor, place)
    other = visit()
    for passkey in performer.passkeys:
        other.key.take(passkey)
    other.go(f"{place.main}/sign-in")
    login = answer(other.page, question_on(other.page).options)
    assert "error" not in login
    assert send(visitor, question, login).status in REFUSED
    assert not signed(place, offer)


def test_what_the_main_origin_gets_signed_counts_for_nothing(visitor: Visitor, place: Place) -> None:
    """Even if the sign-in page were made to ask for the signing challenge."""
    offer, question = asked_to_sign(visitor, place)
    visitor.go(f"{place.main}/docs/promises")
    there = answer(visitor.page, question.options)
    assert "error" not in there
    assert send(visitor, question, there).status in REFUSED
    assert not signed(place, offer)


def test_another_origin_gets_nothing_that_counts(visitor: Visitor, place: Place) -> None:
    offer, question = asked_to_sign(visitor, place)
    with Elsewhere({"/": "<p>Win a prize"}) as site:
        visitor.guard.allow(site.origin)
        visitor.go(site.origin)
        phished = answer(visitor.page, question.options)
        assert "error" not in phished  # same RP id, so the browser itself does not refuse
        assert send(visitor, question, phished).status in REFUSED
        visitor.guard.allow(site.foreign_origin)
        visitor.go(site.foreign_origin)
        assert answer(visitor.page, question.options)["error"] == "SecurityError"
    assert not signed(place, offer)


def test_an_answer_works_once(visitor: Visitor, place: Place) -> None:
    offer, question = asked_to_sign(visitor, place)
    right = answer(visitor.page, question.options)
    first = send(visitor, question, right)
    again = send(visitor, question, right)
    assert first.status == 303 and signed(place, offer)
    # A second click ends up where the first one did; it signs nothing.
    assert again.status in REFUSED or again.headers["location"] == first.headers["location"]
    other_offer, other_question = asked_to_sign(visitor, place)
    assert send(visitor, other_question, right).status in REFUSED
    assert not signed(place, other_offer)


def test_an_answer_fits_one_body_only(visitor: Visitor, place: Place) -> None:
    offer_a, question_a = asked_to_sign(visitor, place)
    for_a = answer(visitor.page, question_a.options)
    offer_b, question_b = asked_to_sign(visitor, place)
    assert send(visitor, question_b, for_a).status in REFUSED
    assert send(visitor, question_a, for_a, to=question_b.action).status in REFUSED
    assert not signed(place, offer_b)
    assert not signed(place, offer_a)


def test_a_form_cannot_name_another_body(visitor: Visitor, place: Place) -> None:
    """What is signed and kept is what was shown; further fields of the form mean nothing."""
    offer, question = asked_to_sign(visitor, place)
    shown = asked_body(place, question)["body"]
    right = answer(visitor.page, question.options)
    send(visitor, question, right, body="{}", text="I agree to everything", lines="l9", grant="grt_other")
    assert signed(place, offer)
    assert place.package(shown["id"])["body"] == shown


@pytest.mark.parametrize("altered", ["nothing", "body", "text", "nonce", "another credential"])
def test_whoever_reads_the_database_can_still_alter_nothing(
    visitor: Visitor, place: Place, altered: str
) -> None:
    """The attacker knows the body, the nonce and the text's digest, holds the answer, and skips the pages."""
    offer, question = asked_to_sign(visitor, place)
    asked = asked_body(place, question)
    passkey = in_software(visitor.key.credentials()[0])
    right = answer(visitor.page, question.options)["response"]
    body, nonce, text_sha256 = asked["body"], asked["nonce"], asked["text_sha256"]
    credential = body["credential"]
    match altered:
        case "body":
            body = {**body, "valid_until": "2046-01-01T00:00:00Z"}
        case "text":
            text_sha256 = hashlib.sha256(b"I agree to everything").hexdigest()
        case "nonce":
            nonce = b64u(bytes(32))
        case "another credential":
            passkey = SoftwareAuthenticator()
            credential = passkey.public_key.thumbprint
    status = place.submit(
        {
            "body": body,
            "signatures": [
                {
                    "role": "performer",
                    "method": "webauthn",
                    "credential": credential,
                    "public_key": b64u(passkey.public_key.to_cose()),
                    "nonce": nonce,
                    "text_sha256": text_sha256,
                    "client_data_json": right["clientDataJSON"],
                    "authenticator_data": right["authenticatorData"],
                    "signature": right["signature"],
                }
            ],
        }
    )
    assert signed(place, offer) == (altered == "nothing")
    assert status == 201 if altered == "nothing" else 400 <= status < 500


def test_somebody_elses_passkey_cannot_sign(visitor: Visitor, place: Place, visit: Visit) -> None:
    other, stranger = somebody(), visit()
    join(stranger, place, place.invite()[1], other)
    offer, question = asked_to_sign(visitor, place)
    foreign = other.passkeys[0]
    visitor.key.take(foreign)
    options = {**question.options, "allowCredentials": []}
    for known in visitor.key.credentials():
        if known["credentialId"] != foreign["credentialId"]:
            visitor.key.remove(known["credentialId"])
    theirs = answer(visitor.page, options)
    assert "error" not in theirs
    assert send(visitor, question, theirs).status in REFUSED
    assert not signed(place, offer)


def test_without_finger_or_code_the_browser_refuses_and_the_page_says_so(
    visitor: Visitor, place: Place
) -> None:
    offer, question = asked_to_sign(visitor, place)
    visitor.key.verifies(False)
    assert answer(visitor.page, question.options)["error"] == "NotAllowedError"
    passkey_button(visitor).click()
    visitor.page.locator("[role=alert]:visible").first.wait_for()
    assert visitor.path == f"/sign/{offer}"
    assert not signed(place, offer)
    visitor.key.verifies(True)
    passkey_button(visitor).click()
    arrive(visitor, "/consents/grt_.+")
    assert signed(place, offer)


@pytest.mark.parametrize(
    ("flags", "kind", "at"),
    [(UP, "webauthn.get", "signing"), (UV, "webauthn.get", "signing"), (UP | UV, "webauthn.create", "signing"),
     (UP | UV, "webauthn.get", "main")],
    ids=["not verified", "nobody there", "another ceremony", "another origin"],
)  # fmt: skip
def test_a_program_with_the_key_cannot_leave_the_checks_out(
    visitor: Visitor, place: Place, flags: int, kind: str, at: str
) -> None:
    offer, question = asked_to_sign(visitor, place)
    bent = answer_in_software(
        in_software(visitor.key.credentials()[0]),
        question.challenge,
        origin=place.signing if at == "signing" else place.main,
        flags=flags,
        kind=kind,
    )
    assert send(visitor, question, bent).status in REFUSED
    assert not signed(place, offer)


def test_a_second_authenticator_without_the_key_cannot_help(visitor: Visitor, place: Place) -> None:
    offer, question = asked_to_sign(visitor, place)
    visitor.key.clear()
    Authenticator(visitor.page, transport="usb")
    assert answer(visitor.page, {**question.options, "timeout": 3000})["error"] == "NotAllowedError"
    assert not signed(place, offer)
