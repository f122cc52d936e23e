"""The first complete path, over HTTP: sign, ask, end, ask again, and hold the receipt."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.house import House

QUESTION = {
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
    "base_model": "sha256:" + "0" * 64,
}


def test_a_performer_signs_a_pipeline_is_allowed_the_performer_ends_it_and_the_pipeline_is_refused(
    house: "House",
) -> None:
    from signing.receipt import verify_receipt
    from tests.api.house import client, performer
    from tests.registry.terms import terms

    pipeline = client(house)
    drafted = pipeline("POST", "/v1/offers", {"terms": terms()})
    assert drafted.status == 201, drafted.json
    offer = drafted.json["id"]
    sent = pipeline(
        "POST",
        f"/v1/offers/{offer}/send",
        {"invitation": {"language": "en"}},
        headers={"Idempotency-Key": "send-1"},
    )
    assert sent.status == 200 and sent.json["state"] == "offered", sent.json
    person = house.world.person()
    me = performer(house, person)
    redeemed = me("POST", "/v1/me/invitations", {"code": sent.json["invitation"]["code"]})
    assert redeemed.status == 201, redeemed.json
    reference = redeemed.json["performer"]
    assert me("GET", f"/v1/me/offers/{offer}").json["state"] == "viewed"
    prepared = me(
        "POST", f"/v1/me/offers/{offer}/prepare", {"language": "en", "credential": person.key.thumbprint}
    )
    assert prepared.status == 201, prepared.json
    signed = house.send(
        "POST",
        "/v1/statements",
        data=person.key.sign(prepared.json["body"]),
        headers={"Idempotency-Key": "sign-" + offer},
    )
    assert signed.status == 201 and signed.json["state"] == "active", signed.json

    allowed = pipeline("POST", "/v1/check", {**QUESTION, "performer": reference, "receipt": "inline"})
    assert allowed.status == 200 and allowed.json["decision"] == "allow", allowed.json
    assert allowed.json["grants"] == [signed.json["grant"]]
    receipt = verify_receipt(
        allowed.json["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=pipeline.organization,
    )
    assert receipt.item.decision_id == allowed.json["decision_id"]

    ended = house.send(
        "POST",
        "/v1/statements",
        data=person.key.sign(house.world.about("revocation", signed.json["grant"], person.key)),
        headers={"Idempotency-Key": "end-" + offer},
    )
    assert ended.status == 201 and ended.json["state"] == "ended", ended.json
    assert ended.json["enforced_at"].endswith("Z") and ended.json["acknowledgement"]
    denied = pipeline("POST", "/v1/check", {**QUESTION, "performer": reference})
    assert denied.status == 200
    assert (denied.json["decision"], denied.json["reasons"]) == ("deny", ["no_active_consent"])
    kept = pipeline("GET", f"/v1/receipts/{denied.json['decision_id']}")
    assert kept.status == 200 and kept.json["decision"] == "deny"
