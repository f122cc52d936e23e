"""The organization's side, route by route: what it does, and what it refuses."""

import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


def test_an_organization_reads_and_changes_itself(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    assert pipeline("GET", "/v1/organization").json["legal_name"] == "Northlight Audio GmbH"
    changed = pipeline("PATCH", "/v1/organization", {"contact": "new@northlight.example"})
    assert changed.status == 200 and changed.json["contact"] == "new@northlight.example"
    assert changed.json["legal_name"] == "Northlight Audio GmbH"
    refused = pipeline("PATCH", "/v1/organization", {"country": "XX"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/country")


def test_members_come_and_go_and_one_owner_stays(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    body = {"email": "o@northlight.example", "role": "owner", "display_name": "Otti"}
    owner = pipeline("POST", "/v1/members", body)
    assert owner.status == 201 and "email" not in owner.json
    assert [each["id"] for each in pipeline("GET", "/v1/members").json["data"]] == [owner.json["id"]]
    last = pipeline("DELETE", f"/v1/members/{owner.json['id']}")
    assert (last.status, last.json["code"]) == (403, "last_owner")
    second = pipeline("POST", "/v1/members", {**body, "display_name": "Pia"}).json["id"]
    assert pipeline("DELETE", f"/v1/members/{owner.json['id']}").status == 200
    assert [each["id"] for each in pipeline("GET", "/v1/members").json["data"]] == [second]
    assert pipeline("DELETE", f"/v1/members/{owner.json['id']}").status == 404


def test_a_key_is_made_shown_once_rotated_and_revoked(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    body = {
        "name": "ci",
        "scopes": ["check"],
        "context": {"territory": "DE"},
        "capabilities": ["mark.c2pa"],
        "expires_at": "2027-01-01T00:00:00Z",
    }
    made = pipeline("POST", "/v1/keys", body)
    assert made.status == 201 and made.json["secret"].startswith("crk_live_")
    assert made.json["context"] == {"territory": "DE"} and made.json["livemode"] is True
    key = made.json["id"]
    read = pipeline("GET", f"/v1/keys/{key}").json
    assert "secret" not in read and made.json["secret"].startswith(read["hint"])
    assert made.json["secret"] not in pipeline("GET", "/v1/keys").data.decode()

    def allowed(secret: str) -> bool:
        question = {"performer": "prf_" + "a" * 26, "use": "train.voice"}
        headers = {"Authorization": f"Bearer {secret}"}
        return house.send("POST", "/v1/check", json_body=question, headers=headers).status == 200

    assert allowed(made.json["secret"])
    rotated = pipeline("POST", f"/v1/keys/{key}/rotate", {"overlap_s": 60})
    assert rotated.status == 201 and rotated.json["id"] != key
    assert allowed(made.json["secret"]) and allowed(rotated.json["secret"])
    at_once = pipeline("POST", f"/v1/keys/{rotated.json['id']}/rotate")
    assert not allowed(rotated.json["secret"]) and allowed(at_once.json["secret"])
    assert pipeline("POST", f"/v1/keys/{rotated.json['id']}/rotate").json["code"] == "state_conflict"


def test_whoever_switches_a_key_off_may_ask_not_to_wait(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    key = pipeline("POST", "/v1/keys", {"name": "old", "scopes": ["check"]}).json["id"]
    hasty = pipeline("POST", f"/v1/keys/{key}/revoke?wait=committed")
    assert (hasty.status, hasty.json["enforced_at"]) == (202, None)
    assert hasty.json["revoked_at"] is not None
    waited = pipeline("POST", f"/v1/keys/{key}/revoke")
    assert waited.status == 200 and waited.json["enforced_at"] is not None
    late = pipeline("POST", f"/v1/keys/{key}/revoke?wait=committed")
    assert (late.status, late.json) == (200, waited.json)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"scopes": []}, "/scopes"),
        ({"context": {"territory": "EU"}}, "/context/territory"),
        ({"context": {"colour": "blue"}}, "/context/colour"),
        ({"capabilities": ["nothing"]}, "/capabilities"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2027-02-30T00:00:00Z"}, "/expires_at"),
        ({"name": ""}, "/name"),
        ({"colour": "blue"}, "/colour"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_pointer(house: "House", change: Any, pointer: str) -> None:
    from tests.api.house import client

    answer = client(house)("POST", "/v1/keys", {"name": "ci", "scopes": ["check"], **change})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == pointer, answer.json


def test_external_ids_are_private_names_that_can_be_forgotten(house: "House") -> None:
    from tests.api.house import QUESTION, granted

    of = granted(house)
    body = {"performer": of.reference, "external_id": "p225"}
    assert of.pipeline("POST", "/v1/external-ids", body).status == 201
    assert of.pipeline("POST", "/v1/external-ids", body).status == 201
    listed = of.pipeline("GET", "/v1/performers?external_id=p225").json["data"]
    assert [(each["performer"], each["external_ids"]) for each in listed] == [(of.reference, ["p225"])]
    second = granted(house, pipeline=of.pipeline)
    taken = of.pipeline("POST", "/v1/external-ids", {"performer": second.reference, "external_id": "p225"})
    assert (taken.status, taken.json["code"]) == (409, "external_id_taken")
    forgotten = of.pipeline("POST", "/v1/external-ids/forget", {"external_id": "p225"})
    assert forgotten.status == 200 and forgotten.json["committed"].startswith("ct_")
    answer = of.pipeline("POST", "/v1/check", {**QUESTION, "external_id": "p225"}).json
    assert answer["reasons"] == ["performer_unknown"]
    assert of.pipeline("POST", "/v1/external-ids/forget", {"external_id": "p225"}).status == 404


def test_an_offer_is_drafted_changed_dry_run_sent_and_withdrawn(house: "House") -> None:
    from tests.api.house import client
    from tests.registry.terms import TRAIN, terms

    pipeline = client(house)
    drafted = pipeline("POST", "/v1/offers", {"terms": terms(), "metadata": {"batch": "7"}})
    assert drafted.status == 201 and drafted.json["state"] == "draft"
    offer = drafted.json["id"]
    changed = pipeline("PATCH", f"/v1/offers/{offer}", {"terms": terms(TRAIN)})
    assert len(changed.json["terms"]["lines"]) == 1 and changed.json["metadata"] == {"batch": "7"}
    run = pipeline("POST", f"/v1/offers/{offer}/dry-run").json
    assert "train.voice" in {each["asked"]["use"] for each in run["could"]}
    assert "infer.voice" in {each["asked"]["use"] for each in run["could_not"]}
    sent = pipeline(
        "POST",
        f"/v1/offers/{offer}/send",
        {"invitation": {"language": "en", "email": "ada@mail.example"}},
        headers={"Idempotency-Key": f"send-{offer}"},
    )
    assert sent.status == 200, sent.json
    invitation = sent.json["invitation"]
    assert invitation["link"] == f"https://registry.example/i/{invitation['code']}"
    assert invitation["code"] not in pipeline("GET", f"/v1/offers/{offer}").data.decode()
    assert b"ada@mail" not in pipeline("GET", "/v1/invitations").data
    late = pipeline("PATCH", f"/v1/offers/{offer}", {"metadata": {}})
    assert (late.status, late.json["code"]) == (409, "state_conflict")
    assert pipeline("POST", f"/v1/offers/{offer}/withdraw").json["state"] == "withdrawn"
    listed = pipeline("GET", "/v1/invitations").json["data"][0]
    assert (listed["id"], listed["state"]) == (invitation["id"], "revoked")


def test_terms_that_cannot_be_offered_are_answered_with_every_fault_at_once(house: "House") -> None:
    from tests.api.house import client
    from tests.registry import terms

    line = terms.line("l1", "train.voice", terms.EVERYWHERE, terms.COMMERCIAL)  # no language, no base model
    body = {"terms": terms.terms(line, obligations=["label.audible", "label.nothing"])}
    answer = client(house)("POST", "/v1/offers", body)
    assert (answer.status, answer.json["code"]) == (400, "offer_invalid")
    pointers = [each["pointer"] for each in answer.json["errors"]]
    assert len(pointers) >= 3 and all(each.startswith("/terms/") for each in pointers), answer.json


def test_an_invitation_is_revoked_once(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    offer, code = house.world.invite(pipeline.organization)
    invitation = pipeline("GET", f"/v1/offers/{offer}").json["invitation"]["id"]
    assert pipeline("POST", f"/v1/invitations/{invitation}/revoke").json["state"] == "revoked"
    again = pipeline("POST", f"/v1/invitations/{invitation}/revoke")
    assert (again.status, again.json["code"]) == (409, "state_conflict")
    from tests.api.house import performer

    me = performer(house, house.world.person())
    spent = me("POST", "/v1/me/invitations", {"code": code})
    assert (spent.status, spent.json["code"]) == (409, "invitation_spent")


def test_a_grant_is_listed_read_and_its_package_verifies_offline(house: "House") -> None:
    from signing.package import verify_package
    from tests.api.house import granted

    of = granted(house)
    listed = of.pipeline("GET", "/v1/grants").json["data"]
    assert [each["id"] for each in listed] == [of.grant]
    read = of.pipeline("GET", f"/v1/grants/{of.grant}").json
    assert (read["state"], read["performer"], read["uses"]) == (
        "active",
        of.reference,
        ["infer.voice", "train.voice"],
    )
    package = of.pipeline("GET", f"/v1/grants/{of.grant}/package")
    assert package.json["proof"] == "pending"
    verified = verify_package(package.data, trust=house.trust, at=house.world.clock())
    assert verified is not None
    assert of.pipeline("GET", f"/v1/grants/{of.grant}/package").data == package.data


def test_every_stop_reads_alike_to_a_licensee(house: "House") -> None:
    from tests.api.house import end, granted

    of = granted(house)
    house.world.say("suspension", of.grant, of.person.key)
    paused = of.pipeline("GET", f"/v1/grants/{of.grant}").json
    assert paused["state"] == "paused" and paused["enforced_at"]
    end(house, of)
    ended = of.pipeline("GET", f"/v1/grants/{of.grant}").json
    assert ended["state"] == "ended" and ended["enforced_at"]
    for answer in (paused, ended):
        assert not {"holder", "reason", "author", "authority", "ended_by"} & set(answer)
    names = {each["type"] for each in of.pipeline("GET", "/v1/events").json["data"]}
    assert {"grant.signed", "grant.paused", "grant.ended", "offer.sent", "offer.viewed"} <= names
    for each in of.pipeline("GET", "/v1/events").json["data"]:
        assert not {"holder", "authority", "statement", "outcome"} & set(each["object"]), each


def test_a_prior_record_is_evidence_and_never_allows(house: "House") -> None:
    from tests.api.house import QUESTION, client

    pipeline = client(house)
    person = house.world.person()
    reference = house.world.reference(pipeline.organization, person)
    body = {
        "who": "Ada Quill",
        "signed_on": "2019-05-04",
        "uses": ["train.voice"],
        "scan_sha256": secrets.token_hex(32),
        "vouched_by": "Archive desk",
        "performer": reference,
    }
    made = pipeline("POST", "/v1/prior-records", body)
    assert made.status == 201 and made.json["performer"] == reference
    assert pipeline("GET", f"/v1/prior-records/{made.json['id']}").json == made.json
    assert pipeline("POST", "/v1/prior-records", body).json["code"] == "conflict"
    answer = pipeline("POST", "/v1/check", {**QUESTION, "performer": reference}).json
    assert "prior_record_unsigned" in answer["reasons"] and answer["decision"] == "deny"
    bad = pipeline("POST", "/v1/prior-records", {**body, "signed_on": "2019-02-30"})
    assert (bad.status, bad.json["errors"][0]["pointer"]) == (400, "/signed_on")
