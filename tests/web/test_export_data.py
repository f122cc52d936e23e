"""The data export: everything of the person who asks, and nothing of anybody else."""

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.web.browserless import Site


def _opened(answer: Any) -> zipfile.ZipFile:
    """The archive that was sent, whole."""
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    return archive


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
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-consent-data.zip"'
    archive = _opened(answer)
    text = archive.read("data.json").decode()
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
    assert archive.read(f"consents/{grant}.text.md").decode() == consent["text"]
    assert (
        json.loads(archive.read(f"consents/{grant}.grant.json"))
        and f"consents/{grant}.ended.jws" in archive.namelist()
    )
    assert "legal name" in archive.read("README.txt").decode()
    text += "".join(archive.read(name).decode() for name in archive.namelist())
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
    assert (
        json.loads(_opened(browser.last).read("data.json"))["identity"]["legal_name"] == "Adelheid Querfurth"
    )


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


def test_every_kind_that_an_erasure_destroys_is_told(site: "Site") -> None:
    """The list of what goes is complete by a test of its own; here each line of it has a section, or a reason."""
    from consent.registry.erasure.inventory import DELETED
    from consent.web.performer.export_data import SECTIONS

    told = {
        "registry_stagename": "stage_names", "registry_credential": "keys", "registry_passkey": "passkeys",
        "registry_identitycheck": "identity_checks", "registry_offer": "requests", "registry_grant": "consents",
        "registry_statement": "statements", "registry_limits": "limits_history", "registry_granthold": "pauses",
        "registry_pendingrevocation": "pending_endings", "registry_externalid": "external_names",
        "registry_priorrecord": "paper_consents", "registry_checkcount": "checks", "log_outbox": "notices",
        "registry_legalhold": "legal_holds", "registry_recoverycode": "recovery_sheets",
    }  # fmt: skip
    elsewhere = {
        "registry_identityrecord": "the member `identity`",
        "registry_acknowledgement": "files beside data.json", "registry_countersignature": "in the packages",
        "registry_grantending": "the ends in `consents` and `history`",
        "registry_grantrecipient": "in the terms of `consents`",
        "registry_counter": "how much of a line is used: the company's own count",
        "registry_preparedgrant": "a text on its way to being signed; gone in an hour",
        "registry_offerchoice": "switches not signed yet; gone in a day",
        "registry_invitation": "in `history`", "registry_oneuselink": "secrets that run out",
        "registry_idempotentrequest": "answers to requests of their own, kept for a day in case they are sent again",
        "registry_contactindex": "a digest of the address in `identity`",
    }  # fmt: skip
    assert {table.strip() for table in DELETED} == told.keys() | elsewhere.keys()
    assert set(told.values()) | {"references", "history"} == SECTIONS.keys()


def test_what_companies_and_machines_noted_is_told_too(site: "Site") -> None:
    from consent.registry.operations.legal_holds import place_legal_hold
    from consent.registry.operations.recovery import make_recovery_code
    from consent.registry.operations.references import introduce_performer, set_external_id
    from tests.web.performing import actor

    ada = actor(site)
    organization, ports = ada.organization(), site.ports.registry
    reference = introduce_performer(ports, livemode=True, performer=ada.id, organization=organization)
    set_external_id(
        ports, livemode=True, organization=organization, performer=reference, external_id="their-ada"
    )
    make_recovery_code(ports, performer=ada.id)
    until = site.world.clock().replace(year=2031)
    place_legal_hold(
        ports, livemode=True, performer=ada.id, ground="A claim.", until=until, placed_by="operator-1"
    )
    told = json.loads(_opened(ada.browser.get("/me/export")).read("data.json"))
    assert told["external_names"][0]["own_name_for_you"] == "their-ada"
    assert told["references"][0]["calls_you"] == reference
    assert told["legal_holds"][0]["ground"] == "A claim." and len(told["recovery_sheets"]) == 1
    assert told["passkeys"] and told["notices"] and told["statements"][0]["kind"] == "credential"
