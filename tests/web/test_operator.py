"""The pages of those who run the registry: coming in by a link, examining people, letting organizations in."""

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.software_authenticator import SoftwareAuthenticator

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site

LEGAL_NAME, BORN = "Planted <b>Legal</b> Name", date(1990, 2, 3)
GONE = "This link does not work, or works no longer"


def _invite(site: "Site", name: str = "Olga Operator", **how: Any) -> tuple[str, str]:
    """A new operator and the token of their link."""
    from consent.registry.operations.accounts import create_operator
    from consent.registry.operations.links import make_link

    operator = create_operator(site.ports.registry, display_name=name)
    return operator, make_link(site.ports.registry, kind="operator", operator=operator, **how)


def _operator(site: "Site", name: str = "Olga Operator") -> "Browser":
    """A signed-in operator."""
    _, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": name})
    assert browser.path == "/operator/identity", browser.text
    return browser


def _enrol(site: "Site", *, livemode: bool = True, **changes: Any) -> tuple[Any, str]:
    """Somebody who waits for an identity check: the performer and the key's id."""
    from consent.registry.models import Credential
    from consent.registry.operations.enrol_performer import enrol_performer
    from signing.keys import PrivateKey

    told: dict[str, Any] = {
        "legal_name": LEGAL_NAME,
        "birth_date": BORN,
        "email": "planted@mail.example",
        "stage_names": ["Stage <i>Name</i>"],
        "label": "my <u>key</u>",
        **changes,
    }
    enrolled = enrol_performer(
        site.ports.registry,
        livemode=livemode,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        backup_eligible=None,
        **told,
    )
    return enrolled.performer, Credential.objects.get(performer=enrolled.performer).id


def _state(credential: str) -> str:
    from consent.registry.models import Credential

    return Credential.objects.get(id=credential).state


def _approval(credential: str, **changes: str) -> dict[str, str]:
    told = {
        "decision": "approve",
        "examiner": "Olga Operator",
        "method": "document",
        "sha256": "ab" * 32,
        "seen": "yes",
        "keys": credential,
    }
    return {**told, **changes}


def test_a_link_makes_an_operator_with_a_passkey_of_the_main_origin_and_works_once(site: "Site") -> None:
    from consent.registry.models import AccountPasskey, Operator

    operator, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    assert browser.status == 200 and "You run this registry" in browser.text
    browser.use_passkey({"name": "Olga Okonkwo"})
    assert (browser.status, browser.path) == (200, "/operator/identity")
    assert Operator.objects.get(id=operator).display_name == "Olga Okonkwo"
    assert AccountPasskey.objects.filter(operator=operator).count() == 1

    again = site.browser(SoftwareAuthenticator())
    again.get(f"/o/{token}")
    assert again.status == 410 and GONE in again.text


def test_whoever_only_looks_at_the_link_uses_nothing_up(site: "Site") -> None:
    _, token = _invite(site)
    for _ in range(3):
        site.browser().get(f"/o/{token}", site="none")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    assert browser.path == "/operator/identity"


def test_of_two_who_open_the_link_at_once_one_comes_in(site: "Site") -> None:
    operator, token = _invite(site)
    first, second = (site.browser(SoftwareAuthenticator()) for _ in range(2))
    first.get(f"/o/{token}")
    second.get(f"/o/{token}")
    first.use_passkey({"name": "First"})
    second.use_passkey({"name": "Second"})
    assert (first.path, second.status) == ("/operator/identity", 410)
    from consent.registry.models import AccountPasskey, Operator

    assert Operator.objects.get(id=operator).display_name == "First"
    assert AccountPasskey.objects.filter(operator=operator).count() == 1


def test_a_link_that_is_too_old_or_was_never_made_opens_nothing(site: "Site") -> None:
    _, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    site.world.clock.forward(hours=1, seconds=1)
    browser.use_passkey({"name": "Too Late"})
    assert browser.status == 410
    for other in ("x", "A" * 43, token[:-1]):
        assert site.browser().get(f"/o/{other}").status_code == 410


def test_the_passkey_of_one_link_is_not_taken_for_another(site: "Site") -> None:
    from consent.registry.models import AccountPasskey

    mine, my_token = _invite(site, "Mine")
    theirs, their_token = _invite(site, "Theirs")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{my_token}")
    browser.post({"passkey": browser.answer(), "name": "Me"}, to=f"/o/{their_token}")
    assert browser.status == 410
    assert not AccountPasskey.objects.filter(operator__in=[mine, theirs]).exists()


@pytest.mark.parametrize(
    "bent", [{"origin": "https://sign.registry.example"}, {"flags": 0x41}, {"origin": "https://evil.example"}]
)
def test_a_passkey_of_another_origin_or_without_verification_is_refused(
    site: "Site", bent: dict[str, Any]
) -> None:
    _, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"}, **bent)
    assert browser.status == 422 and "could not be taken" in browser.text


def test_a_name_is_asked_for(site: "Site") -> None:
    _, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": " "})
    assert browser.status == 422 and "Please write your name" in browser.text
    browser.use_passkey({"name": "Olga"})
    assert browser.path == "/operator/identity"


def test_an_operator_with_a_passkey_is_told_to_sign_in_and_may_add_another_device(site: "Site") -> None:
    from consent.registry.operations.links import make_link

    operator, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    fresh = make_link(site.ports.registry, kind="operator", operator=operator)
    other = site.browser(SoftwareAuthenticator())
    other.get(f"/o/{fresh}")
    assert "You have a passkey already" in other.text
    assert len(other.options()["excludeCredentials"]) == 1
    other.use_passkey({"name": "Olga"})
    assert other.path == "/operator/identity"


def test_an_examiner_approves_whom_the_document_shows(site: "Site") -> None:
    from consent.registry.models import IdentityCheck

    performer, credential = _enrol(site)
    browser = _operator(site)
    assert LEGAL_NAME not in browser.text and "Planted &lt;b&gt;Legal" in browser.text
    browser.get(f"/operator/identity/{credential}")
    assert 'value="Olga Operator"' in browser.text and "Stage &lt;i&gt;" in browser.text
    assert "my &lt;u&gt;key" in browser.text and "3 February 1990" in browser.text
    browser.post(_approval(credential))
    assert (browser.path, _state(credential)) == ("/operator/identity", "active")
    assert "Approved and recorded" in browser.text
    browser.get("/operator/identity")
    assert "Approved and recorded" not in browser.text
    check = IdentityCheck.objects.get(performer=performer)
    assert (check.examiner, check.method, check.over_18) == ("Olga Operator", "document", True)


def test_titles_name_nobody(site: "Site") -> None:
    _, credential = _enrol(site)
    browser = _operator(site)
    for path in ("/operator/identity", f"/operator/identity/{credential}"):
        browser.get(path)
        title = browser.text.split("<title>")[1].split("</title>")[0]
        assert "Planted" not in title and "Stage" not in title


def test_of_an_uploaded_document_only_the_digest_is_kept(site: "Site", tmp_path: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from consent.registry.models import IdentityCheck

    performer, credential = _enrol(site)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    scan = b"a scan of a document" * 300_000
    upload = SimpleUploadedFile("planted-name.pdf", scan)
    browser.post({**_approval(credential, sha256=""), "evidence": upload})
    assert browser.path == "/operator/identity"
    assert IdentityCheck.objects.get(performer=performer).evidence_sha256 == hashlib.sha256(scan).hexdigest()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": ""}, "Choose the file that you keep"),
        ({"sha256": "xyz"}, "64 characters"),
        ({"seen": ""}, "Say that you saw the document"),
        ({"method": "self_attested"}, "Only a document can show"),
        ({"method": "phrase"}, "Only a document can show"),
        ({"examiner": ""}, "name of the person who examined"),
        ({"examiner": "two\nlines"}, "one line"),
        ({"keys": ""}, ""),
    ],
)
def test_an_approval_lacks_nothing(site: "Site", changes: dict[str, str], words: str) -> None:
    _, credential = _enrol(site)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(_approval(credential, **changes))
    assert browser.status in (409, 422) and words in browser.text
    assert _state(credential) == "pending"


def test_on_the_test_side_the_examiners_own_note_will_do(site: "Site") -> None:
    _, credential = _enrol(site, livemode=False)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    assert "Test side" in browser.text
    browser.post(_approval(credential, sha256=""))
    assert _state(credential) == "active"


def test_nobody_under_18_is_approved_not_even_by_a_crafted_form(site: "Site") -> None:
    tomorrow_18 = site.world.clock().date() + timedelta(days=1)
    born = tomorrow_18.replace(year=tomorrow_18.year - 18)
    _, credential = _enrol(site, birth_date=born)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    assert "Nobody under 18 can be approved" in browser.text and ">Approve<" not in browser.text
    browser.post(_approval(credential))
    assert browser.status == 422 and _state(credential) == "pending"
    site.world.clock.forward(days=1)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(_approval(credential))
    assert _state(credential) == "active"


def test_a_refusal_switches_the_key_off_and_says_no_name(
    site: "Site", caplog: pytest.LogCaptureFixture
) -> None:
    from consent.registry.models import IdentityCheck

    performer, credential = _enrol(site)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post({"decision": "refuse", "examiner": "Olga", "keys": credential, "sha256": "cd" * 32})
    assert (browser.path, _state(credential)) == ("/operator/identity", "blocked")
    check = IdentityCheck.objects.get(performer=performer)
    assert (check.over_18, check.method) == (False, "self_attested")
    assert "Planted" not in caplog.text and "Stage" not in caplog.text


def test_every_decision_is_an_event_with_the_operators_account(site: "Site") -> None:
    from consent.registry.queries.events import events_of_performer

    performer, credential = _enrol(site)
    operator, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga Operator"})
    browser.get(f"/operator/identity/{credential}")
    browser.post(_approval(credential))
    bodies = {each.kind: each.body for each in events_of_performer(site.ports.registry, performer=performer)}
    assert bodies["identity.checked"]["actor"] == operator


@pytest.mark.parametrize("second", ["approve", "refuse"])
def test_of_two_operators_who_decide_the_second_changes_nothing(site: "Site", second: str) -> None:
    from consent.registry.models import IdentityCheck

    performer, credential = _enrol(site)
    first, other = _operator(site), _operator(site)
    for browser in (first, other):
        browser.get(f"/operator/identity/{credential}")
    first.post(_approval(credential))
    other.post(_approval(credential, decision=second))
    assert other.status in (404, 409) and "Somebody decided meanwhile" in other.text
    assert _state(credential) == "active"
    assert IdentityCheck.objects.filter(performer=performer).count() == 1


def test_a_refusal_that_comes_a_moment_too_late_undoes_no_approval(site: "Site") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.refuse_identity import refuse_identity

    performer, credential = _enrol(site)
    site.world.verify(performer)
    with pytest.raises(StateConflict):
        refuse_identity(
            site.ports.registry,
            livemode=True,
            performer=performer,
            credentials=[credential],
            examiner="Late",
            method="document",
            evidence_sha256="ab" * 32,
        )
    assert _state(credential) == "active"


def test_a_key_that_nobody_looked_at_is_not_covered(site: "Site") -> None:
    """Somebody else's waiting key in the form is refused whole."""
    _, credential = _enrol(site)
    _, foreign = _enrol(site)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post({**_approval(credential), "keys": [credential, foreign]})
    assert browser.status == 409
    assert (_state(credential), _state(foreign)) == ("pending", "pending")


@pytest.mark.parametrize(
    "path",
    [
        "/operator",
        "/operator/identity",
        "/operator/organizations",
        "/operator/health",
        "/operator/identity/{}",
    ],
)
def test_a_performer_and_a_stranger_are_sent_to_sign_in(site: "Site", path: str) -> None:
    from consent.web.who import SignedInPerformer  # noqa: F401  # what is not enough here

    _, credential = _enrol(site)
    path = path.format(credential)
    stranger = site.browser()
    answer = stranger.get(path, follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
    performer = _signed_in_as_performer(site)
    answer = performer.get(path, follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
    performer.post(_approval(credential), to=path, token=False, follow=False)
    assert performer.status == 403 and _state(credential) == "pending"


def test_an_operators_session_opens_no_performers_page(site: "Site") -> None:
    browser = _operator(site)
    answer = browser.get("/home", follow=False)
    assert answer.status_code == 303


def test_a_form_without_its_token_or_from_elsewhere_does_nothing(site: "Site") -> None:
    _, credential = _enrol(site)
    browser = _operator(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(_approval(credential), token=False)
    assert browser.status == 403
    browser.get(f"/operator/identity/{credential}")
    browser.post(_approval(credential), origin="https://evil.example")
    assert browser.status == 403 and _state(credential) == "pending"


def test_a_removed_operator_is_out_at_once(site: "Site") -> None:
    from consent.registry.operations.accounts import remove_operator

    operator, token = _invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga"})
    remove_operator(site.ports.registry, operator=operator)
    answer = browser.get("/operator/identity", follow=False)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")


def test_health_shows_figures_and_what_is_missing(site: "Site") -> None:
    browser = _operator(site)
    browser.get("/operator/health")
    assert (
        browser.status == 200 and "The registry can decide" in browser.text and "PostgreSQL" in browser.text
    )


def _signed_in_as_performer(site: "Site") -> "Browser":
    from importlib import import_module

    from consent.web.origins import Place
    from consent.web.sessions import SessionStore
    from consent.web.who import sign_in_performer

    assert import_module("consent.web.sessions")
    person = site.world.person(passkey=True)
    browser = site.browser(person.key.passkey)
    store = SessionStore(place=Place.MAIN)
    sign_in_performer(
        store, performer=person.id, livemode=True, credential=person.key.thumbprint, at=site.world.clock()
    )
    store.save()
    browser._client(browser.place).cookies["__Host-consent_session"] = store.session_key
    return browser
