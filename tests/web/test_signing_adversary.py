"""Whoever is not the performer, or not asked, signs nothing: each check of a signature, once bent."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from signing.encoding import b64u, unb64u

if TYPE_CHECKING:
    from tests.web.browserless import Site
    from tests.web.performing import Actor

MAIN, SIGNING = "https://registry.example", "https://sign.registry.example"


def _asked(site: "Site", **about: Any) -> "tuple[Actor, str]":
    """Somebody on the page that asks for the signature."""
    from tests.web.performing import actor, words

    ada = actor(site, **about)
    offer = ada.request(ada.organization())
    ada.choose(offer, "l1")
    assert ada.browser.path == f"/sign/{offer}", words(ada.browser.text)
    return ada, offer


def _nothing_signed(offer: str) -> None:
    from consent.registry.models import Grant, Offer

    assert not Grant.objects.filter(offer=offer).exists()
    assert Offer.objects.get(id=offer).state != "signed"


@pytest.mark.parametrize(
    "bent",
    [
        pytest.param({"flags": 0x01}, id="the person was not verified"),
        pytest.param({"flags": 0x04}, id="nobody was there"),
        pytest.param({"flags": 0x0D}, id="a passkey of another kind than was made"),
        pytest.param({"origin": MAIN}, id="answered on the main origin, where only sign-ins happen"),
        pytest.param({"origin": "https://evil.example"}, id="answered on another site"),
        pytest.param({"kind": "webauthn.create"}, id="a registration instead of an answer"),
        pytest.param({"members": {"crossOrigin": True, "topOrigin": "https://evil.example"}}, id="framed"),
    ],
)
def test_a_bent_answer_signs_nothing_and_may_be_tried_again(site: "Site", bent: dict[str, Any]) -> None:
    from tests.web.performing import words

    ada, offer = _asked(site)
    ada.browser.use_passkey(**bent)
    assert ada.browser.status == 409
    assert "Nothing was done." in words(ada.browser.text)
    _nothing_signed(offer)
    ada.browser.use_passkey()
    assert ada.browser.status == 200 and ada.browser.path.endswith("?signed")


def test_a_login_is_no_signature(site: "Site") -> None:
    """The answer to the sign-in page's question, made on the main origin, is sent as a signature."""
    ada, offer = _asked(site)
    thief = site.browser(ada.device.passkey)
    thief.get(f"{MAIN}/sign-in")
    login = thief.answer()
    ada.browser.post({"passkey": login})
    assert ada.browser.status == 409
    _nothing_signed(offer)


def test_a_signature_is_no_login(site: "Site") -> None:
    ada, _offer = _asked(site)
    signature = ada.browser.answer()
    thief = site.browser(ada.device.passkey)
    thief.get(f"{MAIN}/sign-in")
    thief.post({"passkey": signature})
    assert thief.get("/home", follow=False).status_code == 303


def test_an_answer_works_once(site: "Site") -> None:
    from consent.registry.models import Grant

    ada, offer = _asked(site)
    hidden, answer = ada.browser.hidden(), ada.browser.answer()
    sent = {**hidden, "passkey": answer}
    ada.browser.post(sent, token=False)
    assert ada.browser.path.endswith("?signed")
    ada.browser.post(sent, to=f"{SIGNING}/sign/{offer}", token=False, origin=SIGNING)
    assert ada.browser.path.endswith("?signed")  # the task is done: its result, and nothing new
    assert Grant.objects.filter(offer=offer).count() == 1


def test_what_was_prepared_for_one_page_is_not_taken_for_another(site: "Site") -> None:
    """The second page's form carries the first page's answer."""
    ada, offer = _asked(site)
    first = ada.browser.answer()
    ada.browser.get(f"/sign/{offer}")  # another body with another nonce
    ada.browser.post({"passkey": first})
    assert ada.browser.status == 409
    _nothing_signed(offer)


def test_the_question_of_another_browser_is_none(site: "Site") -> None:
    ada, offer = _asked(site)
    foreign = ada.browser.hidden()["ceremony"]
    bo, other = _asked(site)
    answer = ada.browser.answer()
    bo.browser.post({"ceremony": foreign, "passkey": answer})
    assert bo.browser.status == 409
    _nothing_signed(offer)
    _nothing_signed(other)


def test_a_question_about_another_step_is_none(site: "Site") -> None:
    """What was asked for an ending does not answer the question for a signature, in the same browser."""
    from consent.web.models import Ceremony

    ada, offer = _asked(site)
    hidden = ada.browser.hidden()
    Ceremony.objects.filter(id=hidden["ceremony"]).update(purpose="end:0000000000000000")
    ada.browser.use_passkey()
    assert ada.browser.status == 409
    _nothing_signed(offer)


@pytest.mark.parametrize("name", ["body", "nonce", "text_sha256"])
def test_what_was_asked_cannot_be_altered_behind_the_signature(site: "Site", name: str) -> None:
    """Even whoever could write the kept question gets no other statement signed: the challenge commits to it."""
    from consent.web.models import Ceremony

    ada, offer = _asked(site)
    row = Ceremony.objects.get(id=ada.browser.hidden()["ceremony"])
    kept = dict(row.content)
    if name == "body":
        kept["body"] = {**kept["body"], "performer_name": "Somebody Else"}
    elif name == "nonce":
        kept["nonce"] = b64u(bytes(32))
    else:
        kept["text_sha256"] = "ab" * 32
    Ceremony.objects.filter(id=row.id).update(content=kept)
    ada.browser.use_passkey()
    assert ada.browser.status == 409
    _nothing_signed(offer)


def test_fields_that_the_form_does_not_have_choose_nothing(site: "Site") -> None:
    from consent.registry.models import Grant, Statement
    from consent.registry.operations.read_package import opened_statement

    ada, offer = _asked(site)
    ada.browser.use_passkey({"lines": ["l1", "l2"], "body": "{}", "performer_name": "X", "key": "cre_x"})
    grant = Grant.objects.get(offer=offer)
    body = opened_statement(Statement.objects.get(id=grant.id), site.ports.registry)["envelope"]["body"]
    assert [line["id"] for line in body["lines"]] == ["l1"]


def test_another_persons_passkey_signs_nothing(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada, offer = _asked(site)
    bo = actor(site)
    own, ada.browser.passkey = ada.browser.passkey, bo.device.passkey
    ada.browser.use_passkey()
    assert ada.browser.status == 409 and "Another passkey answered" in words(ada.browser.text)
    _nothing_signed(offer)
    answer = json.loads(ada.browser.answer())
    assert own is not None
    answer["rawId"] = b64u(own.credential_id)  # a foreign signature under one's own name
    ada.browser.post({"passkey": json.dumps(answer)})
    assert ada.browser.status == 409
    _nothing_signed(offer)


@pytest.mark.parametrize("sent", ["", "{", "[]", '{"rawId":"!"}', "x" * 200_000, '{"rawId": null}'])
def test_an_answer_that_nobody_can_read_signs_nothing(site: "Site", sent: str) -> None:
    ada, offer = _asked(site)
    ada.browser.post({"passkey": sent})
    assert ada.browser.status == 409
    _nothing_signed(offer)


def test_a_signature_of_other_bytes_signs_nothing(site: "Site") -> None:
    ada, offer = _asked(site)
    answer = json.loads(ada.browser.answer())
    data = bytearray(unb64u(answer["response"]["authenticatorData"]))
    data[36] ^= 1
    answer["response"]["authenticatorData"] = b64u(bytes(data))
    ada.browser.post({"passkey": json.dumps(answer)})
    assert ada.browser.status == 409
    _nothing_signed(offer)


def test_a_signature_needs_the_signing_page_of_ones_own(site: "Site") -> None:
    """Other sites, the main origin, and a browser that never came by the ticket: no form, no question."""
    ada, offer = _asked(site)
    sent = {**ada.browser.hidden(), "passkey": ada.browser.answer()}
    ada.browser.post(sent, token=False, origin="https://evil.example")
    assert ada.browser.status == 403
    ada.browser.post(sent, token=False, origin=MAIN)
    assert ada.browser.status == 403
    assert ada.browser.post(sent, to=f"{MAIN}/sign/{offer}", token=False).status_code in (404, 421, 403)
    stranger = site.browser(ada.device.passkey)
    assert stranger.get(f"{SIGNING}/sign/{offer}").status_code == 410
    _nothing_signed(offer)


def test_the_task_is_for_one_request_only(site: "Site") -> None:
    ada, offer = _asked(site)
    other = ada.request(ada.organization())
    assert ada.browser.get(f"/sign/{other}").status_code == 410
    ada.browser.get(f"/sign/{offer}")
    ada.browser.post({"passkey": ada.browser.answer()}, to=f"/sign/{other}")
    assert ada.browser.status == 410
    _nothing_signed(other)


def test_a_request_that_was_taken_back_meanwhile_is_not_signed(site: "Site") -> None:
    from consent.registry.models import Offer
    from consent.registry.operations.close_offer import withdraw_offer
    from tests.web.performing import words

    ada, offer = _asked(site)
    withdraw_offer(
        site.ports.registry,
        livemode=True,
        organization=Offer.objects.get(id=offer).organization_id,
        offer=offer,
    )
    ada.browser.use_passkey()
    assert ada.browser.status == 200 and "This request was taken back." in words(ada.browser.text)
    _nothing_signed(offer)


def test_a_passkey_of_less_than_72_hours_does_not_sign_but_ends(site: "Site") -> None:
    from datetime import timedelta

    from consent.registry.models import Credential, Grant
    from tests.web.performing import words

    ada, offer = _asked(site)
    grant = ada.consent()
    ada.choose(offer, "l1")
    young = Credential.objects.filter(thumbprint=ada.thumbprint)
    young.update(usable_from=site.world.clock.now + timedelta(hours=72))
    ada.browser.use_passkey()  # it was old enough when the page was made, as far as the page knew
    assert ada.browser.status == 200 and "too new to sign this" in words(ada.browser.text)
    ada.browser.get(f"/sign/{offer}")
    assert "from 4 December 2026, 09:00 UTC" in words(ada.browser.text)
    ada.browser.get(f"{MAIN}/requests/{offer}")
    assert "Your passkey is new." in words(ada.browser.text)
    _nothing_signed(offer)
    ada.go_and_sign(grant, "end")
    assert Grant.objects.get(id=grant).state == "revoked"


def test_a_blocked_passkey_is_out_on_both_origins(site: "Site") -> None:
    from consent.registry.operations.add_credential import block_credential

    ada, offer = _asked(site)
    sent = {**ada.browser.hidden(), "passkey": ada.browser.answer()}
    block_credential(
        site.ports.registry,
        livemode=True,
        performer=ada.id,
        thumbprint=ada.thumbprint,
        authority="session",
    )
    assert ada.browser.post(sent, token=False).status_code in (403, 410)
    assert ada.browser.get(f"{MAIN}/home", follow=False).status_code == 303
    _nothing_signed(offer)


def test_two_tabs_make_one_consent(site: "Site") -> None:
    from consent.registry.models import Grant

    ada, offer = _asked(site)
    first = {**ada.browser.hidden(), "passkey": ada.browser.answer()}
    ada.browser.get(f"/sign/{offer}")  # the second tab, in the same browser
    second = {**ada.browser.hidden(), "passkey": ada.browser.answer()}
    ada.browser.post(first, token=False)
    assert ada.browser.path.endswith("?signed")
    ada.browser.post(second, to=f"{SIGNING}/sign/{offer}", token=False, origin=SIGNING)
    assert ada.browser.status == 200 and Grant.objects.filter(offer=offer).count() == 1


def test_what_is_not_mine_and_what_is_not_there_answer_alike(site: "Site") -> None:
    from consent.core.ids import new_id
    from tests.web.performing import actor, words

    ada, bo = actor(site), actor(site)
    grant = ada.consent()
    offer = ada.request(ada.organization())
    for theirs, nobodys in (
        (f"/requests/{offer}", f"/requests/{new_id('off')}"),
        (f"/requests/{offer}/text", f"/requests/{new_id('off')}/text"),
        (f"/consents/{grant}", f"/consents/{new_id('grt')}"),
        (f"/consents/{grant}/end", f"/consents/{new_id('grt')}/end"),
    ):
        answers = []
        for address in (theirs, nobodys, "/consents/\x00", "/requests/%ff%fe"):
            bo.browser.get(MAIN + address)
            answers.append((bo.browser.status, words(bo.browser.text)))
        assert answers[0][0] == 404 and len(set(answers)) == 1
    bo.browser.get(f"{MAIN}/home")
    bo.browser.get(f"{MAIN}/limits")  # a page with a form, whose token serves for the tries below
    for address in (
        f"/consents/{grant}/end",
        f"/consents/{grant}/pause",
        f"/consents/{grant}/sign/end",
        f"/requests/{offer}",
        f"/requests/{offer}/decline",
    ):
        bo.browser.get(f"{MAIN}/limits")
        assert bo.browser.post({"do": "now"}, to=address).status_code == 404, address
    from consent.registry.models import Grant, Offer

    assert Grant.objects.get(id=grant).state == "active" and Offer.objects.get(id=offer).state == "offered"


def test_a_test_side_session_sees_nothing_of_the_live_side(site: "Site") -> None:
    from consent.web.origins import Place
    from consent.web.sessions import SessionStore
    from consent.web.who import sign_in_performer
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()
    session = SessionStore(place=Place.MAIN)
    sign_in_performer(
        session, performer=ada.id, livemode=False, credential=ada.thumbprint, at=site.world.clock()
    )
    session.save()
    ada.browser._client(MAIN).cookies["__Host-consent_session"] = str(session.session_key)
    assert ada.browser.get(f"{MAIN}/consents/{grant}").status_code == 404


def test_every_task_and_subject_asks_for_a_purpose_of_its_own() -> None:
    from consent.core.ids import new_id
    from consent.web.models import Ceremony
    from consent.web.signing.hand_off import ADDRESSES
    from consent.web.signing.task_page import purpose_of

    subjects = ["", *(new_id("grt") for _each in range(20))]
    made = [purpose_of(task, subject) for task in ADDRESSES for subject in subjects]
    assert len(set(made)) == len(made)
    assert max(map(len, made)) <= Ceremony._meta.get_field("purpose").max_length  # type: ignore[operator]
