"""Discovery: the trust file, the keys, whom to tell about a hole."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.house import House


def test_the_trust_file_is_served_as_published_and_parses(house: "House") -> None:
    from signing.trust import parse_trust

    answer = house.send("GET", "/.well-known/consent-registry")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.data == house.ports.trust()
    assert parse_trust(answer.data) == house.trust
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_key_set_names_role_side_and_validity_and_holds_no_private_part(house: "House") -> None:
    answer = house.send("GET", "/.well-known/jwks.json")
    keys = answer.json["keys"]
    assert {(each["role"], each["livemode"]) for each in keys} == {
        (role, side) for role in ("registry", "receipt", "status", "log") for side in (True, False)
    }
    assert {each["kid"] for each in keys} == {each.kid for each in house.trust.keys}
    assert not any("d" in each for each in keys)
    json_too = house.send("GET", "/.well-known/jwks.json", headers={"Accept": "application/json"})
    assert json_too.status == 200 and json_too.json == answer.json


def test_security_txt_names_a_contact_and_expires_within_a_year(house: "House") -> None:
    answer = house.send("GET", "/.well-known/security.txt")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    fields = dict(line.split(": ", 1) for line in answer.data.decode().splitlines())
    assert fields["Contact"] == "mailto:security@registry.example"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(0) < expires - house.world.clock() < timedelta(days=365)


def test_without_a_contact_there_is_no_security_txt(house: "House") -> None:
    from django.test import RequestFactory

    from consent.api.v1.well_known import SecurityTextView

    ports = replace(house.ports, security_contact=None)
    view = SecurityTextView.as_view(ports=ports)
    response = view(RequestFactory().get("/.well-known/security.txt"))
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_process_makes_a_new_receipt_key_before_its_certificate_ends(house: "House") -> None:
    from consent.check.process_keys import ProcessKeys

    keys = ProcessKeys(house.ports.registry.signers)
    at = house.world.clock()
    first = keys.signer(True, at=at)
    assert keys.signer(True, at=at + timedelta(hours=22)) is first
    second = keys.signer(True, at=at + timedelta(hours=23, minutes=30))
    assert second is not first and second.not_after > first.not_after
    assert keys.signer(False, at=at).issuer != first.issuer
    assert keys.signer(True, at=at - timedelta(hours=2)).not_before <= at
