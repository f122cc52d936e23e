"""Another organization's objects, another performer's, and ids that were guessed: all answer alike."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House

GUESSED = "a" * 26


@pytest.fixture(scope="module")
def theirs(house: "House") -> Any:
    """Everything that one organization owns, by the name it has in a path."""
    from tests.api.house import client, granted
    from tests.registry.terms import terms

    of = granted(house)
    pipeline = of.pipeline
    drafted = pipeline("POST", "/v1/offers", {"terms": terms()}).json["id"]
    sent = pipeline(
        "POST",
        f"/v1/offers/{drafted}/send",
        {"invitation": {"language": "en"}},
        headers={"Idempotency-Key": "theirs"},
    )
    member = pipeline("POST", "/v1/members", {"email": "a@b.example", "role": "desk", "display_name": "Desk"})
    record = pipeline(
        "POST",
        "/v1/prior-records",
        {
            "who": "Ada",
            "signed_on": "2020-01-01",
            "uses": ["train.voice"],
            "scan_sha256": "cd" * 32,
            "vouched_by": "Bo",
        },
    )
    assert record.status == member.status == 201, (record.json, member.json)
    owned = {
        "offer": drafted,
        "grant": of.grant,
        "invitation": sent.json["invitation"]["id"],
        "member": member.json["id"],
        "key": pipeline.key,
        "decision": of.ask().json["decision_id"],
        "record": record.json["id"],
        "performer": of.reference,
    }
    return of, owned, client(house)


def _routes(actor: str) -> list[tuple[str, str, str]]:
    from consent.api.urls import operations

    return [
        (method.upper(), path, path[path.index("{") + 1 : path.index("}")])
        for path, methods in operations()
        for method, described in methods.items()
        if described.actor.value == actor and "{" in path
    ]


def test_every_route_answers_404_for_anothers_object_exactly_as_for_a_guessed_id(theirs: Any) -> None:
    of, owned, stranger = theirs
    routes = _routes("organization")
    assert {name for _, _, name in routes} == set(owned)
    for method, path, name in routes:
        prefix = owned[name].partition("_")[0]
        answers = []
        for place, value in enumerate((owned[name], f"{prefix}_{GUESSED}")):
            filled = path.replace(f"{{{name}}}", value)
            headers = {"Idempotency-Key": f"iso-{place}-{len(answers)}-{routes.index((method, path, name))}"}
            answers.append(stranger(method, filled, {}, headers=headers))
        assert [each.status for each in answers] == [404, 404], (method, path, answers[0].data)
        alike = [{k: v for k, v in each.json.items() if k != "request_id"} for each in answers]
        assert alike[0] == alike[1], (method, path)
    # and nothing happened to them
    assert of.ask().json["decision"] == "allow"
    assert of.pipeline("GET", f"/v1/offers/{owned['offer']}").json["state"] == "offered"
    assert of.pipeline("GET", f"/v1/keys/{owned['key']}").json["revoked_at"] is None


def test_every_performers_route_answers_404_for_somebody_elses_object(house: "House", theirs: Any) -> None:
    from tests.api.house import performer

    of, _, _ = theirs
    person = house.world.person()
    other = performer(house, person)
    bodies = {
        "request-changes": {"note": "other"},
        "prepare": {"language": "en", "credential": person.key.thumbprint},
    }
    for method, path, name in _routes("performer"):
        body = bodies.get(path.rpartition("/")[2], {}) if method == "POST" else None
        value = {"offer": of.offer, "grant": of.grant}[name]
        for each in (value, f"{value[:3]}_{GUESSED}"):
            answer = other(method, path.replace(f"{{{name}}}", each), body)
            assert answer.status == 404, (method, path, answer.data)


def test_an_offer_to_somebody_elses_reference_or_external_id_is_refused_alike(
    house: "House", theirs: Any
) -> None:
    from tests.registry.terms import terms

    of, _, stranger = theirs
    of.pipeline("POST", "/v1/external-ids", {"performer": of.reference, "external_id": "mine"})
    for named in (of.reference, f"prf_{GUESSED}", "external_id:mine", "external_id:nobody"):
        answer = stranger("POST", "/v1/offers", {"terms": terms(), "performer": named})
        assert answer.status == 404 and answer.json["code"] == "not_found"
        assert answer.json["errors"][0]["pointer"] == "/performer"
    named = stranger("POST", "/v1/external-ids", {"performer": of.reference, "external_id": "x"})
    assert named.status == 404


def test_a_check_tells_nothing_of_another_organizations_performer(house: "House", theirs: Any) -> None:
    from tests.api.house import QUESTION

    of, _, stranger = theirs
    known = stranger("POST", "/v1/check", {**QUESTION, "performer": of.reference}).json
    unknown = stranger("POST", "/v1/check", {**QUESTION, "performer": f"prf_{GUESSED}"}).json
    for member in ("decision", "reasons", "missing", "next_step", "grants", "obligations"):
        assert known[member] == unknown[member]
    assert known["reasons"] == ["performer_unknown"]


def test_two_organizations_know_one_performer_by_different_references(house: "House") -> None:
    from tests.api.house import granted

    person = house.world.person()
    first, second = granted(house, person=person), granted(house, person=person)
    assert first.reference != second.reference
    assert first.pipeline("GET", f"/v1/performers/{second.reference}").status == 404


def test_no_answer_to_an_organization_holds_a_name_an_address_or_an_internal_id(theirs: Any) -> None:
    of, owned, _ = theirs
    for path in (
        "/v1/performers",
        "/v1/external-ids",
        "/v1/grants",
        "/v1/offers",
        "/v1/invitations",
        "/v1/members",
        "/v1/keys",
        "/v1/prior-records",
        "/v1/events",
        f"/v1/grants/{owned['grant']}",
    ):
        text = of.pipeline("GET", path).data.decode()
        for planted in ("Querfurth", "adelheid", "1990-02-03", str(of.person.id), "a@b.example"):
            assert planted not in text, (path, planted)
