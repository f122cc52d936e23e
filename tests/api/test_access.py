"""Who may call: API keys with scopes and expiry, performers with proofs, and the wall between the sides."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "unauthenticated"),
        ("", "unauthenticated"),
        ("Basic YTpi", "unauthenticated"),
        ("Bearer", "key_invalid"),
        ("Bearer crk_live_short", "key_invalid"),
        ("Bearer crk_live_" + "a" * 43, "key_invalid"),
        ("Bearer crk_test_" + "a" * 43, "key_invalid"),
        ("Performer abc", "unauthenticated"),
    ],
)
def test_a_caller_without_a_valid_key_is_refused(house: "House", header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = house.send("GET", "/v1/organization", headers=headers)
    assert (answer.status, answer.json["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_organization_route_refuses_a_call_without_a_key(house: "House") -> None:
    from consent.api.operation import Actor
    from consent.api.urls import operations

    for path, methods in operations():
        for method, described in methods.items():
            if described.actor in (Actor.ORGANIZATION, Actor.PERFORMER):
                filled = _filled(path)
                answer = house.send(method.upper(), filled, json_body={})
                assert answer.status == 401, (method, path, answer.data)


def _filled(path: str) -> str:
    from consent.api.openapi import PATH_PREFIXES

    for name, prefix in PATH_PREFIXES.items():
        path = path.replace(f"{{{name}}}", f"{prefix}_{'a' * 26}")
    return path


def test_every_route_with_a_scope_refuses_a_key_without_it(house: "House") -> None:
    from consent.api.urls import operations
    from tests.api.house import client

    bare = client(house, scopes=("check",))
    other = client(house, scopes=("offers",))
    for path, methods in operations():
        for method, described in methods.items():
            if described.scope:
                caller = other if described.scope == "check" else bare
                answer = caller(method.upper(), _filled(path), {})
                assert (answer.status, answer.json["code"]) == (403, "scope_missing"), (method, path)


def test_an_expired_key_is_refused_from_its_last_instant(house: "House", api_log_ports: Any) -> None:
    from tests.api.house import build_house, client
    from tests.registry.world import Clock

    clock = Clock()
    own = build_house(api_log_ports, clock)
    pipeline = client(own, expires_at=clock() + timedelta(hours=1))
    assert pipeline("GET", "/v1/organization").status == 200
    clock.forward(hours=1)
    assert pipeline("GET", "/v1/organization").json["code"] == "key_invalid"


def test_a_revoked_key_is_refused_and_revoking_twice_answers_the_same(house: "House") -> None:
    from tests.api.house import client

    owner = client(house)
    other = client(house, organization=owner.organization)
    first = owner("POST", f"/v1/keys/{other.key}/revoke")
    assert first.status == 200 and first.json["enforced_at"] and first.json["revoked_at"]
    assert other("GET", "/v1/organization").json["code"] == "key_invalid"
    assert owner("POST", f"/v1/keys/{other.key}/revoke").json == first.json


def test_a_key_never_sees_the_other_side(house: "House") -> None:
    from tests.api.house import QUESTION, both_sides, granted

    live, test = both_sides(house)
    of = granted(house, pipeline=live)
    assert live("GET", f"/v1/grants/{of.grant}").json["livemode"] is True
    for path in (
        f"/v1/grants/{of.grant}",
        f"/v1/grants/{of.grant}/package",
        f"/v1/offers/{of.offer}",
        f"/v1/performers/{of.reference}",
        f"/v1/keys/{live.key}",
    ):
        assert test("GET", path).status == 404, path
    for path in ("/v1/grants", "/v1/offers", "/v1/performers"):
        assert test("GET", path).json["data"] == [], path
    assert [each["id"] for each in test("GET", "/v1/keys").json["data"]] == [test.key]
    answer = test("POST", "/v1/check", {**QUESTION, "performer": of.reference}).json
    assert (answer["decision"], answer["reasons"]) == ("deny", ["performer_unknown"])
    assert answer["livemode"] is False


def test_a_test_receipt_is_refused_by_whoever_does_not_allow_tests(house: "House") -> None:
    from signing.errors import UntrustedError
    from signing.receipt import verify_receipt
    from tests.api.house import both_sides, granted

    _, test = both_sides(house)
    of = granted(house, pipeline=test)
    receipt = of.ask(receipt="inline").json["receipt"]
    options: Any = {"trust": house.trust, "at": house.world.clock(), "expected_audience": test.organization}
    with pytest.raises(UntrustedError):
        verify_receipt(receipt, **options)
    assert verify_receipt(receipt, **options, allow_test=True).item.allowed


def test_a_key_makes_no_key_that_could_do_more_than_itself(house: "House") -> None:
    from tests.api.house import client

    weak = client(house, scopes=("keys", "check"))
    made = weak("POST", "/v1/keys", {"name": "x", "scopes": ["check", "offers"]})
    assert (made.status, made.json["errors"][0]["pointer"]) == (403, "/scopes/1")
    strong = client(house, organization=weak.organization)
    assert weak("POST", f"/v1/keys/{strong.key}/rotate").status == 403


def test_a_proof_names_the_performer_and_works_once(house: "House") -> None:
    from tests.api.house import performer

    me = performer(house, house.world.person(stage_name="Ada Quill"))
    proof = me.proof("GET", "/v1/me")
    first = house.send("GET", "/v1/me", headers={"Authorization": proof})
    assert first.status == 200 and first.json["stage_names"] == ["Ada Quill"]
    again = house.send("GET", "/v1/me", headers={"Authorization": proof})
    assert (again.status, again.json["code"]) == (401, "proof_replayed")
    assert again.headers["WWW-Authenticate"].startswith("Performer")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"htm": "POST"}, "htm"),
        ({"htu": "https://registry.example/v1/me/offers"}, "htu"),
        ({"htu": "https://evil.example/v1/me"}, "htu"),
        ({"htu": ["https://registry.example/v1/me"]}, "htu"),
        ({"iat": 0}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": True}, "iat"),
        ({"iat": 2**53 - 1}, "iat"),
        ({"jti": "short"}, "jti"),
        ({"jti": "a" * 129}, "jti"),
        ({"jti": "sixteen chars \u00e9\u00e9\u00e9"}, "jti"),
        ({"more": 1}, "members"),
    ],
)
def test_a_proof_that_says_anything_else_is_refused(house: "House", changes: Any, rule: str) -> None:
    from tests.api.house import performer

    me = performer(house, house.world.person())
    answer = house.send("GET", "/v1/me", headers={"Authorization": me.proof("GET", "/v1/me", **changes)})
    assert (answer.status, answer.json["code"]) == (401, "proof_invalid")
    assert answer.json["errors"][0]["rule"] == rule


@pytest.mark.parametrize("seconds", [-61, 61])
def test_a_proof_is_good_for_a_minute_either_way(house: "House", seconds: int) -> None:
    from tests.api.house import performer

    me = performer(house, house.world.person())
    now = int(house.world.clock().timestamp())
    near = me.proof("GET", "/v1/me", iat=now + (seconds + 1 if seconds < 0 else seconds - 1))
    assert house.send("GET", "/v1/me", headers={"Authorization": near}).status == 200
    far = me.proof("GET", "/v1/me", iat=now + seconds)
    assert house.send("GET", "/v1/me", headers={"Authorization": far}).json["code"] == "proof_invalid"


def test_a_key_that_is_not_enrolled_or_whose_signature_is_swapped_names_nobody(house: "House") -> None:
    from signing.keys import PrivateKey
    from tests.api.house import Performer, performer
    from tests.registry.world import Key

    stranger = Performer(house=house, key=Key(software=PrivateKey.generate()))
    assert stranger("GET", "/v1/me").json["errors"][0]["rule"] == "kid"
    me = performer(house, house.world.person())
    head, payload, _ = me.proof("GET", "/v1/me").split(".")
    signature = stranger.proof("GET", "/v1/me").split(".")[2]
    swapped = {"Authorization": f"{head}.{payload}.{signature}"}
    assert house.send("GET", "/v1/me", headers=swapped).json["errors"][0]["rule"] == "signature"
    for token in ("Performer x", "Performer a.b.c", "Performer " + "a" * 5000, "Performer \u00e9"):
        assert house.send("GET", "/v1/me", headers={"Authorization": token}).status == 401


def test_a_statement_is_no_proof_and_a_proof_is_no_statement(house: "House") -> None:
    import json

    from tests.api.house import granted

    of = granted(house)
    body = house.world.about("revocation", of.grant, of.person.key)
    envelope = json.loads(of.person.key.sign(body))
    statement = {"Authorization": f"Performer {envelope['signatures'][0]['jws']}"}
    assert house.send("GET", "/v1/me", headers=statement).json["code"] == "proof_invalid"


def test_a_key_switched_off_names_nobody(house: "House") -> None:
    from consent.registry.models import Credential
    from tests.api.house import performer

    person = house.world.person()
    Credential.objects.filter(thumbprint=person.key.thumbprint).update(
        state="blocked", blocked_at=house.world.clock()
    )
    assert performer(house, person)("GET", "/v1/me").json["code"] == "proof_invalid"
