"""The identity queue: names stand there and nowhere else, and a decision is made once."""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.software_authenticator import SoftwareAuthenticator

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_an_examiner_approves_whom_the_document_shows(site: "Site") -> None:
    from consent.registry.models import IdentityCheck
    from tests.web.operators import LEGAL_NAME, approval, enrol, last_part, operator_of, state_of

    site.world.clock.forward(days=3650)  # nobody of another test waits less long
    performer, credential = enrol(site)
    _, browser = operator_of(site)
    browser.get(last_part())
    assert LEGAL_NAME not in browser.text and "Planted &lt;b&gt;Legal" in browser.text
    browser.get(f"/operator/identity/{credential}")
    assert 'value="Olga Operator"' in browser.text and "Stage &lt;i&gt;" in browser.text
    assert "my &lt;u&gt;key" in browser.text and "3 February 1990" in browser.text
    browser.post(approval(credential))
    assert (browser.path, state_of(credential)) == ("/operator/identity", "active")
    assert "Approved and recorded" in browser.text
    browser.get("/operator/identity")
    assert "Approved and recorded" not in browser.text
    check = IdentityCheck.objects.get(performer=performer)
    assert (check.examiner, check.method, check.over_18) == ("Olga Operator", "document", True)


def test_titles_name_nobody(site: "Site") -> None:
    from tests.web.operators import enrol, operator_of

    _, credential = enrol(site)
    _, browser = operator_of(site)
    for path in ("/operator/identity", f"/operator/identity/{credential}"):
        browser.get(path)
        title = browser.text.split("<title>")[1].split("</title>")[0]
        assert "Planted" not in title and "Stage" not in title


def test_of_an_uploaded_document_only_the_digest_is_kept(site: "Site", tmp_path: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from consent.registry.models import IdentityCheck
    from tests.web.operators import approval, enrol, operator_of

    performer, credential = enrol(site)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    scan = b"a scan of a document" * 300_000
    upload = SimpleUploadedFile("planted-name.pdf", scan)
    browser.post({**approval(credential, sha256=""), "evidence": upload})
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
    from tests.web.operators import approval, enrol, operator_of, state_of

    _, credential = enrol(site)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(approval(credential, **changes))
    assert browser.status in (409, 422) and words in browser.text
    assert state_of(credential) == "pending"


def test_on_the_test_side_the_examiners_own_note_will_do(site: "Site") -> None:
    from tests.web.operators import approval, enrol, operator_of, state_of

    _, credential = enrol(site, livemode=False)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    assert "Test side" in browser.text
    browser.post(approval(credential, sha256=""))
    assert state_of(credential) == "active"


def test_nobody_under_18_is_approved_not_even_by_a_crafted_form(site: "Site") -> None:
    from tests.web.operators import approval, enrol, operator_of, state_of

    tomorrow_18 = site.world.clock().date() + timedelta(days=1)
    born = tomorrow_18.replace(year=tomorrow_18.year - 18)
    _, credential = enrol(site, birth_date=born)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    assert "Nobody under 18 can be approved" in browser.text and ">Approve<" not in browser.text
    browser.post(approval(credential))
    assert browser.status == 422 and state_of(credential) == "pending"
    site.world.clock.forward(days=1)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post(approval(credential))
    assert state_of(credential) == "active"


def test_a_refusal_switches_the_key_off_and_says_no_name(
    site: "Site", caplog: pytest.LogCaptureFixture
) -> None:
    from consent.registry.models import IdentityCheck
    from tests.web.operators import enrol, operator_of, state_of

    performer, credential = enrol(site)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post({"decision": "refuse", "examiner": "Olga", "keys": credential, "sha256": "cd" * 32})
    assert (browser.path, state_of(credential)) == ("/operator/identity", "blocked")
    check = IdentityCheck.objects.get(performer=performer)
    assert (check.over_18, check.method) == (False, "self_attested")
    assert "Planted" not in caplog.text and "Stage" not in caplog.text


def test_every_decision_is_an_event_with_the_operators_account(site: "Site") -> None:
    from consent.registry.queries.events import events_of_performer
    from tests.web.operators import approval, enrol, invite

    performer, credential = enrol(site)
    operator, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": "Olga Operator"})
    browser.get(f"/operator/identity/{credential}")
    browser.post(approval(credential))
    bodies = {each.kind: each.body for each in events_of_performer(site.ports.registry, performer=performer)}
    assert bodies["identity.checked"]["actor"] == operator


@pytest.mark.parametrize("second", ["approve", "refuse"])
def test_of_two_operators_who_decide_the_second_changes_nothing(site: "Site", second: str) -> None:
    from consent.registry.models import IdentityCheck
    from tests.web.operators import approval, enrol, operator_of, state_of

    performer, credential = enrol(site)
    (_, first), (_, other) = operator_of(site), operator_of(site)
    for browser in (first, other):
        browser.get(f"/operator/identity/{credential}")
    first.post(approval(credential))
    other.post(approval(credential, decision=second))
    assert other.status in (404, 409) and "Somebody decided meanwhile" in other.text
    assert state_of(credential) == "active"
    assert IdentityCheck.objects.filter(performer=performer).count() == 1


def test_a_refusal_that_comes_a_moment_too_late_undoes_no_approval(site: "Site") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.refuse_identity import refuse_identity
    from tests.web.operators import enrol, state_of

    performer, credential = enrol(site)
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
    assert state_of(credential) == "active"


def test_a_key_that_nobody_looked_at_is_not_covered(site: "Site") -> None:
    """Somebody else's waiting key in the form is refused whole."""
    from tests.web.operators import approval, enrol, operator_of, state_of

    _, credential = enrol(site)
    _, foreign = enrol(site)
    _, browser = operator_of(site)
    browser.get(f"/operator/identity/{credential}")
    browser.post({**approval(credential), "keys": [credential, foreign]})
    assert browser.status == 409
    assert (state_of(credential), state_of(foreign)) == ("pending", "pending")


def test_one_lost_key_keeps_nobody_else_waiting(site: "Site") -> None:
    from consent.registry.models import IdentityRecord
    from tests.web.operators import enrol, last_part, operator_of

    site.world.clock.forward(days=3700)
    lost, lost_key = enrol(site, legal_name="Lost Person")
    _, other_key = enrol(site, legal_name="Other Person")
    IdentityRecord.objects.filter(performer=lost).update(record="identity-of-which-no-key-is-left")
    _, browser = operator_of(site)
    browser.get(last_part())
    assert "Other Person" in browser.text and "Lost Person" not in browser.text
    assert browser.get(f"/operator/identity/{lost_key}").status_code == 404
    assert browser.get(f"/operator/identity/{other_key}").status_code == 200


def test_a_long_queue_comes_in_parts(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.registry.queries.identity import count_waiting_identity
    from consent.web.operator import queue
    from tests.web.operators import enrol, operator_of

    monkeypatch.setattr(queue, "PAGE", 2)
    for _ in range(3):
        enrol(site)
    _, browser = operator_of(site)
    browser.get("/operator/identity")
    assert 'rel="next"' in browser.text and 'rel="prev"' not in browser.text
    browser.get(f"/operator/identity?from={count_waiting_identity() - 1}")
    assert 'rel="prev"' in browser.text and 'rel="next"' not in browser.text
    for odd in ("x", "-1", "9" * 30):
        assert browser.get(f"/operator/identity?from={odd}").status_code == 200
