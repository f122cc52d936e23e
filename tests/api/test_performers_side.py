"""The performer's side: enrol, read, be asked, answer."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


def _newcomer(house: "House") -> tuple[Any, dict[str, Any]]:
    from signing.keys import PrivateKey
    from tests.api.house import Performer
    from tests.registry.world import Key

    key = PrivateKey.generate()
    body = {
        "livemode": True,
        "public_key": key.public.to_jwk(),
        "stage_names": ["Nova Reed"],
        "identity": {"legal_name": "Nora Reedmann", "birth_date": "1991-02-28", "email": "nora@mail.example"},
        "label": "laptop",
    }
    return Performer(house=house, key=Key(software=key)), body


def test_a_newcomer_enrols_with_the_key_that_made_the_proof(house: "House") -> None:
    me, body = _newcomer(house)
    assert me("GET", "/v1/me").status == 401
    enrolled = me("POST", "/v1/enrolments", body)
    assert enrolled.status == 201, enrolled.json
    assert enrolled.json["identity"]["state"] == "waiting"
    assert [each["state"] for each in enrolled.json["credentials"]] == ["pending"]
    assert b"Reedmann" not in enrolled.data and b"nora@" not in enrolled.data
    assert me("GET", "/v1/me").json == enrolled.json
    again = me("POST", "/v1/enrolments", body)
    assert (again.status, again.json["code"]) == (409, "credential_taken")


def test_an_identity_check_shows_and_makes_the_key_active(house: "House") -> None:
    from consent.registry.models import Credential

    me, body = _newcomer(house)
    me("POST", "/v1/enrolments", body)
    row = Credential.objects.get(thumbprint=me.key.thumbprint)
    house.world.verify(row.performer_id)
    told = me("GET", "/v1/me").json
    assert (told["identity"]["state"], told["identity"]["examiner"]) == ("verified", "Examiner Eins")
    assert (told["credentials"][0]["state"], told["credentials"][0]["introduced_by"]) == (
        "active",
        "registry",
    )


def test_nobody_enrols_a_key_they_do_not_hold(house: "House") -> None:
    me, _ = _newcomer(house)
    _, body = _newcomer(house)
    answer = me("POST", "/v1/enrolments", body)
    assert (answer.status, answer.json["errors"][0]["rule"]) == (401, "signature")
    assert house.send("POST", "/v1/enrolments", json_body=body).status == 401


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"public_key": {"kty": "OKP", "crv": "Ed25519"}}, "/public_key"),
        ({"public_key": {"kty": "oct", "k": "AAAA"}}, "/public_key"),
        ({"stage_names": []}, "/stage_names"),
        ({"stage_names": ["a", "a"]}, "/stage_names"),
        ({"stage_names": ["\u0000"]}, "/stage_names/0"),
        (
            {"identity": {"legal_name": "x", "birth_date": "1991-02-30", "email": "a@b.example"}},
            "/identity/birth_date",
        ),
        (
            {"identity": {"legal_name": "x", "birth_date": "2090-01-01", "email": "a@b.example"}},
            "/identity/birth_date",
        ),
        ({"identity": {"legal_name": "x", "birth_date": "1991-02-03", "email": "a b"}}, "/identity/email"),
        ({"livemode": None}, "/livemode"),
    ],
)
def test_an_enrolment_that_makes_no_sense_is_refused_by_pointer(
    house: "House", change: Any, pointer: str
) -> None:
    me, body = _newcomer(house)
    answer = me("POST", "/v1/enrolments", {**body, **change})
    assert answer.status == 400, answer.json
    assert answer.json["errors"][0]["pointer"].startswith(pointer)


def test_a_test_account_never_meets_the_live_side(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house)
    _, code = house.world.invite(pipeline.organization)
    me, body = _newcomer(house)
    assert me("POST", "/v1/enrolments", {**body, "livemode": False}).json["livemode"] is False
    spent = me("POST", "/v1/me/invitations", {"code": code})
    assert (spent.status, spent.json["code"]) == (409, "invitation_spent")


def test_an_invitation_opens_one_offer_for_one_person_who_may_come_back(house: "House") -> None:
    from tests.api.house import client, performer

    pipeline = client(house)
    offer, code = house.world.invite(pipeline.organization)
    me, other = performer(house, house.world.person()), performer(house, house.world.person())
    first = me("POST", "/v1/me/invitations", {"code": code.lower()})
    assert (first.status, first.json["id"]) == (201, offer)
    assert first.json["state"] == "offered" and first.json["licensee"]["id"] == pipeline.organization
    assert first.json["languages"] == ["en"]
    assert me("POST", "/v1/me/invitations", {"code": code}).status == 201
    assert other("POST", "/v1/me/invitations", {"code": code}).json["code"] == "invitation_spent"
    assert (
        other("POST", "/v1/me/invitations", {"code": "AAAA-AAAA-AAAA-AAAA"}).json["code"]
        == "invitation_spent"
    )


def test_reading_an_offer_marks_it_viewed_and_only_then_can_it_be_signed(house: "House") -> None:
    from tests.api.house import client, performer

    pipeline, person = client(house), house.world.person()
    offer, code = house.world.invite(pipeline.organization)
    me = performer(house, person)
    me("POST", "/v1/me/invitations", {"code": code})
    body = {"language": "en", "credential": person.key.thumbprint}
    early = me("POST", f"/v1/me/offers/{offer}/prepare", body)
    assert (early.status, early.json["code"]) == (409, "state_conflict")
    assert me("GET", "/v1/me/offers").json["data"][0]["state"] == "offered"
    assert me("HEAD", f"/v1/me/offers/{offer}").status == 200
    assert pipeline("GET", f"/v1/offers/{offer}").json["viewed_at"] is None
    assert me("GET", f"/v1/me/offers/{offer}").json["state"] == "viewed"
    assert pipeline("GET", f"/v1/offers/{offer}").json["viewed_at"]
    prepared = me("POST", f"/v1/me/offers/{offer}/prepare", body)
    assert prepared.status == 201 and prepared.json["body"]["credential"] == person.key.thumbprint
    french = me("POST", f"/v1/me/offers/{offer}/prepare", {**body, "language": "fr"})
    assert (french.status, french.json["code"]) == (400, "description_language_missing")


def test_a_dry_run_shows_what_the_performers_own_limits_change(house: "House") -> None:
    from tests.api.house import client, performer

    pipeline, person = client(house), house.world.person()
    offer = house.world.offer(pipeline.organization, person)
    me = performer(house, person)

    def could(run: Any) -> set[str]:
        return {each["asked"]["use"] for each in run["could"]}

    assert "train.voice" in could(me("POST", f"/v1/me/offers/{offer}/dry-run").json)
    limits = house.world.limits(person.key, version=1, previous=None, never=[{"uses": ["train.voice"]}])
    house.world.submit(person.key.sign(limits))
    assert "train.voice" not in could(me("POST", f"/v1/me/offers/{offer}/dry-run").json)
    assert "train.voice" in could(pipeline("POST", f"/v1/offers/{offer}/dry-run").json)


@pytest.mark.parametrize(
    ("verb", "body", "state"),
    [
        ("decline", {}, "declined"),
        ("request-changes", {"note": "Only audiobooks, please."}, "changes_requested"),
    ],
)
def test_an_offer_is_answered_once_and_its_sender_sees_it(
    house: "House", verb: str, body: Any, state: str
) -> None:
    from tests.api.house import client, performer

    pipeline, person = client(house), house.world.person()
    offer = house.world.offer(pipeline.organization, person)
    me = performer(house, person)
    headers = {"Idempotency-Key": f"{verb}-{offer}"}
    first = me("POST", f"/v1/me/offers/{offer}/{verb}", body, headers=headers)
    assert first.status == 200 and first.json["state"] == state, first.json
    assert me("POST", f"/v1/me/offers/{offer}/{verb}", body, headers=headers).json == first.json
    late = me("POST", f"/v1/me/offers/{offer}/decline", {})
    assert (late.status, late.json["code"]) == (409, "state_conflict")
    seen = pipeline("GET", f"/v1/offers/{offer}").json
    assert (seen["state"], seen["requested_changes"]) == (state, body.get("note"))


def test_a_performer_reads_what_they_signed_and_holds_the_same_package(house: "House") -> None:
    from tests.api.house import end, granted, performer

    of = granted(house)
    me = performer(house, of.person)
    assert [each["id"] for each in me("GET", "/v1/me/grants").json["data"]] == [of.grant]
    mine = me("GET", f"/v1/me/grants/{of.grant}").json
    assert (mine["state"], mine["credential"]) == ("active", of.person.key.thumbprint)
    package = me("GET", f"/v1/me/grants/{of.grant}/package").data
    assert package == of.pipeline("GET", f"/v1/grants/{of.grant}/package").data
    ended = end(house, of).json
    after = me("GET", f"/v1/me/grants/{of.grant}").json
    assert (after["state"], after["enforced_at"]) == ("revoked", ended["enforced_at"])
    assert after["ended_at"]
