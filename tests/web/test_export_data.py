"""The data export: everything of the person who asks, and nothing of anybody else."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_the_export_has_everything_of_the_person_and_nothing_of_others(site: "Site") -> None:
    from tests.web.performing import actor

    bo = actor(site, legal_name="Bodil Fremdnam", stage_names=["Bo Stranger"])
    bo.consent(name="Kestrel Chat Ltd")
    ada = actor(site, email="ada@mail.example", stage_names=["Ada Quill", "Q"])
    offer = ada.request(ada.organization())
    ada.browser.get(f"/requests/{offer}")
    ada.browser.post({"lines": ["l1"], "do": "sign", "performer_name": "Q"})
    ada.browser.use_passkey()
    grant = ada.browser.path.split("/")[2].partition("?")[0]
    ada.browser.post(to=f"/consents/{grant}/end", data={"do": "now"})
    waiting = ada.request(ada.organization())
    answer = ada.browser.get("/me/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-consent-data.json"'
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    told = json.loads(text)
    assert told["complete"] is True and told["livemode"] is True
    assert told["identity"] == {
        "legal_name": "Adelheid Querfurth",
        "birth_date": "1990-02-03",
        "email": "ada@mail.example",
    }
    assert [each["name"] for each in told["stage_names"]] == ["Ada Quill", "Q"]
    assert [each["label"] for each in told["keys"]] == ["my phone"]
    states = {each["offer"]: each["state"] for each in told["requests"]}
    assert states == {waiting: "offered", offer: "signed"}
    [consent] = told["consents"]
    assert (consent["grant"], consent["state"]) == (grant, "revoked")
    assert consent["envelope"]["body"]["performer_name"] == "Q"
    assert consent["text"].startswith("# Northlight Audio GmbH asks to use your voice")
    kinds = {each["kind"] for each in told["history"]}
    assert {"grant.signed", "grant.active", "grant.ended"} <= kinds
    for foreign in ("Bodil", "Bo Stranger", "Kestrel", str(bo.id), str(ada.id)):
        assert foreign not in text


def test_a_session_alone_does_not_open_it_and_the_passkey_does(site: "Site") -> None:
    from tests.web.browserless import MAIN
    from tests.web.performing import actor

    me = actor(site)
    site.world.clock.forward(minutes=11)
    browser = me.browser
    browser.get(f"{MAIN}/me/export")
    assert browser.path == "/sign-in?anew&next=/me/export" and "once more" in browser.text
    assert "Adelheid" not in browser.text
    browser.use_passkey()
    assert browser.path == "/me/export" and browser.last is not None
    text = b"".join(browser.last.streaming_content).decode()  # type: ignore[attr-defined]
    assert json.loads(text)["identity"]["legal_name"] == "Adelheid Querfurth"


def test_somebody_elses_sign_in_in_the_same_browser_does_not_count(site: "Site") -> None:
    from tests.signing.software_authenticator import SoftwareAuthenticator
    from tests.web.browserless import MAIN
    from tests.web.operators import invite
    from tests.web.performing import actor

    me = actor(site)
    site.world.clock.forward(minutes=11)
    me.browser.passkey = SoftwareAuthenticator()
    me.browser.get(f"{MAIN}/o/{invite(site)[1]}")
    me.browser.use_passkey({"name": "Olga Operator"})
    assert me.browser.path == "/operator/identity"
    me.browser.get("/me/export")
    assert me.browser.path == "/sign-in?anew&next=/me/export"
