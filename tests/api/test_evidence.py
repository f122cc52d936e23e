"""Evidence over the API: of one's own consents only, by whom it concerns, on one's own side, in house words."""

from typing import TYPE_CHECKING, Any

import pytest

from consent.client.evidence_bundles import verify_whole
from signing.evidence_bundle import VerifiedBundle
from signing.evidence_zip import read_zip

if TYPE_CHECKING:
    from tests.api.house import Granted, House

QUESTION = {"use": "train.voice", "purpose": "audiobook", "territory": "DE", "language": "de"}


def proven(house: "House", data: bytes) -> VerifiedBundle:
    """What the bundle proves, verified as anybody would."""
    return verify_whole(
        data,
        trust=house.trust,
        at=house.world.ports.clock(),
        expected_organization=None,
        allow_test=True,
    )


def ask(of: "Granted", **changes: Any) -> Any:
    """The bundle of the performer, asked by the licensee."""
    body = {"performer": of.reference, "questions": [QUESTION], **changes}
    return of.pipeline(
        "POST", "/v1/evidence", {key: value for key, value in body.items() if value is not None}
    )


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_the_licensee_gets_a_bundle_that_verifies_and_says_yes(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    answer = ask(of, questions=[QUESTION, {**QUESTION, "use": "publish.stream"}])
    assert answer.status == 200, answer.data
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    found = proven(house, answer.data).answer
    assert [(each.side, each.then.outcome, each.now.outcome) for each in found.questions] == [
        ("creation", "allow", "allow"),
        ("publication", "deny", "deny"),
    ]
    assert found.questions[0].then.grants == (of.grant,)
    assert (found.organization, found.performer) == (of.pipeline.organization, of.reference)


def test_a_grant_is_asked_about_in_its_own_words(house: "House") -> None:
    from tests.api.house import granted, performer

    of = granted(house)
    mine = performer(house, of.person)("POST", "/v1/me/evidence", {"grant": of.grant})
    theirs = of.pipeline("POST", "/v1/evidence", {"grant": of.grant})
    for answer in (mine, theirs):
        assert answer.status == 200, answer.data
        found = proven(house, answer.data).answer
        assert {each.asked["use"] for each in found.questions} == {"train.voice", "infer.voice"}
        assert {each.then.outcome for each in found.questions} == {"allow"}
        assert {each.asked["grant"] for each in found.questions} == {of.grant}


def test_nobody_gets_evidence_of_somebody_elses_consent(house: "House") -> None:
    from tests.api.house import both_sides, client, granted, performer

    live, of_test = both_sides(house)
    of, other = granted(house, pipeline=live), granted(house)
    stranger = client(house)
    for asking in (stranger, other.pipeline):
        for body in (
            {"grant": of.grant},
            {"performer": of.reference, "questions": [QUESTION]},
            {"external_id": "nobody", "questions": [QUESTION]},
        ):
            assert code(asking("POST", "/v1/evidence", body)) == (404, "not_found")
    assert code(performer(house, other.person)("POST", "/v1/me/evidence", {"grant": of.grant})) == (
        404,
        "not_found",
    )
    assert code(of_test("POST", "/v1/evidence", {"grant": of.grant})) == (404, "not_found")


def test_a_key_needs_the_scope_of_what_it_encloses(house: "House") -> None:
    from tests.api.house import client, granted

    of = granted(house)
    decision = of.ask().json["decision_id"]
    checks_only = client(house, organization=of.pipeline.organization, scopes=("check",))
    assert code(checks_only("POST", "/v1/evidence", {"grant": of.grant})) == (403, "scope_missing")
    without = client(house, organization=of.pipeline.organization, scopes=("grants",))
    body = {"grant": of.grant, "decisions": [decision]}
    assert code(without("POST", "/v1/evidence", body)) == (403, "scope_missing")


def test_a_decision_of_the_time_is_enclosed_and_only_ones_own(house: "House") -> None:
    from tests.api.house import granted

    of, other = granted(house), granted(house)
    decision = of.ask(receipt="inline").json["decision_id"]
    house.ledger.seal(True)
    answer = ask(of, decisions=[decision])
    assert answer.status == 200, answer.data
    found = proven(house, answer.data)
    assert list(found.receipts) == [decision] and found.answer.decisions == (decision,)
    assert code(ask(other, decisions=[decision])) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"performer": None}, ""),
        ({"grant": "grt_test_x"}, ""),
        ({"questions": None}, "/questions"),
        ({"questions": []}, "/questions"),
        ({"questions": [QUESTION] * 65}, "/questions"),
        ({"questions": [{"use": "train"}]}, "/questions/0/use"),
        ({"questions": [QUESTION, {**QUESTION, "territory": "EU"}]}, "/questions/1/territory"),
        ({"questions": [{**QUESTION, "on_behalf_of": "org_test_x"}]}, "/questions/0/on_behalf_of"),
        ({"at": "2026-12-01"}, "/at"),
        ({"at": "2026-02-30T00:00:00Z"}, "/at"),
        ({"at": "2099-01-01T00:00:00Z"}, "/at"),
        ({"decisions": ["dec_x"] * 21}, "/decisions"),
        ({"legal_name": True}, "/legal_name"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(house: "House", changes: Any, pointer: str) -> None:
    from tests.api.house import granted

    answer = ask(granted(house), **changes)
    assert answer.status == 400, answer.data
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


def test_evidence_of_the_test_side_is_marked_and_counts_for_nothing_else(house: "House") -> None:
    from signing.errors import UntrustedError
    from tests.api.house import client, granted

    of = granted(house, pipeline=client(house, livemode=False))
    data = of.pipeline("POST", "/v1/evidence", {"grant": of.grant}).data
    assert not proven(house, data).answer.livemode
    with pytest.raises(UntrustedError, match="allow_test"):
        verify_whole(data, trust=house.trust, at=house.world.ports.clock(), expected_organization=None)


def test_a_bundle_says_nothing_of_whom_nobody_asked_about(house: "House") -> None:
    from tests.api.house import granted
    from tests.registry.world import Person

    of = granted(house)
    elsewhere = granted(house, person=of.person)
    data = of.pipeline("POST", "/v1/evidence", {"grant": of.grant}).data
    files = read_zip(data)
    everything = b"".join(files.values())
    assert isinstance(of.person, Person)
    for secret in (
        elsewhere.grant, elsewhere.reference, elsewhere.pipeline.organization, str(of.person.id),
        "Adelheid Querfurth", "1990-02-03", "adelheid@mail.example",
    ):  # fmt: skip
        assert secret.encode() not in everything, secret
    assert of.grant.encode() in everything


def test_asking_needs_a_body_and_a_zip_and_changes_nothing(house: "House") -> None:
    from consent.log.models import Event
    from tests.api.house import granted

    of = granted(house)
    mine = Event.objects.filter(organization_id=of.pipeline.organization)
    before = mine.count()
    first, second = ask(of), ask(of)
    assert first.status == second.status == 200 and mine.count() == before
    assert proven(house, first.data).answer.id != proven(house, second.data).answer.id
    refused = of.pipeline("POST", "/v1/evidence", {"grant": of.grant}, headers={"Accept": "application/json"})
    assert refused.status == 406
