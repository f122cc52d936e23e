"""AuthZEN is another way to ask the same question: never a yes that `/v1/check` would not say as well."""

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.two_faces import TwoFaces

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
SINGLES, PAIRS, LISTS = 1500, 1200, 300


@pytest.fixture(scope="module")
def faces(check_log_ports: Any) -> "TwoFaces":
    """Both faces over one registry."""
    from tests.check.two_faces import two_faces

    return two_faces(check_log_ports)


@pytest.fixture(scope="module")
def of(faces: "TwoFaces") -> Any:
    """A consent that covers what most questions ask."""
    from tests.api.house import granted
    from tests.registry.terms import COUNTED, INFER, TRAIN, terms

    return granted(faces.house, terms=terms(TRAIN, INFER, COUNTED))


def _same(faces: "TwoFaces", path: str, body: bytes, secret: str) -> tuple[int, Any]:
    by_view = faces.by_view(path, body, secret)
    by_lane = faces.by_lane(path, body, secret)
    assert by_lane[:2] == by_view[:2], body
    for name in ("Content-Type", "Cache-Control", "Retry-After", "WWW-Authenticate"):
        assert by_lane[2].get(name) == by_view[2].get(name), (name, body)
    return by_lane[0], json.loads(by_lane[1])


def test_lane_and_view_answer_every_evaluation_alike(faces: "TwoFaces", of: Any) -> None:
    from tests.check.evaluations import singles

    seen: dict[str, int] = {}
    for body in singles(of.reference, count=SINGLES, seed=1):
        status, answer = _same(faces, ONE, body, of.pipeline.secret)
        kind = str(answer["decision"]) if status == 200 else f"{status} {answer['code']}"
        seen[kind] = seen.get(kind, 0) + 1
    assert seen["True"] > 100 and seen["False"] > 100 and len(seen) > 10, seen


def test_lane_and_view_answer_many_evaluations_alike(faces: "TwoFaces", of: Any) -> None:
    from tests.check.evaluations import many

    seen: dict[str, int] = {}
    for body in many(of.reference, count=LISTS, seed=2):
        status, answer = _same(faces, MANY, body, of.pipeline.secret)
        for each in answer.get("evaluations", ()):
            kind = "error" if "error" in each["context"] else str(each["decision"])
            seen[kind] = seen.get(kind, 0) + 1
            assert each["decision"] is (kind == "True")  # a boolean always, and never true beside an error
        seen[str(status)] = seen.get(str(status), 0) + 1
    assert all(seen[kind] > 20 for kind in ("True", "False", "error", "200", "400")), seen


def test_an_evaluation_is_the_check_in_other_words(faces: "TwoFaces", of: Any) -> None:
    from tests.check.evaluations import pairs

    for native, sent in pairs(of.reference, count=PAIRS, seed=3):
        check = faces.by_lane("/v1/check", json.dumps(native).encode(), of.pipeline.secret)
        there = json.loads(check[1])
        status, here = _same(faces, ONE, json.dumps(sent).encode(), of.pipeline.secret)
        assert status == check[0], (native, sent, here)
        if status != 200:
            continue
        assert here["decision"] is (there["decision"] == "allow"), (native, sent)
        context = here["context"]
        assert [each["id"] for each in context.pop("obligations")] == there["obligations"]
        del there["decision"], there["obligations"]
        if isinstance(native.get("receipt"), str) and native["receipt"] == "inline":
            assert context.pop("receipt") and there.pop("receipt")  # each signs its own instant
        if native.get("explain") is not True:
            assert "explanation" not in there
        assert context == there, (native, sent)


def test_many_evaluations_are_each_of_them_alone(faces: "TwoFaces", of: Any) -> None:
    from tests.check.evaluations import pairs

    rows, alone = [], []
    for _, sent in pairs(of.reference, count=200, seed=4):
        context = {**sent.get("context", {}), **sent["action"].get("properties", {})}
        if {"at_least", "receipt", "explain", "nonce"} & context.keys() or "." in str(
            context.get("quantity")
        ):
            continue  # of the whole, or no JSON of ours
        status, answer = _same(faces, ONE, json.dumps(sent).encode(), of.pipeline.secret)
        rows.append(sent)
        alone.append((answer["decision"], answer["context"]["reasons"]) if status == 200 else (False, None))
    status, answer = _same(faces, MANY, json.dumps({"evaluations": rows}).encode(), of.pipeline.secret)
    assert status == 200 and answer["context"]["receipt"].count(".") == 2
    together = [(each["decision"], each["context"].get("reasons")) for each in answer["evaluations"]]
    assert together == alone and {True, False} <= {decision for decision, _ in together}


def _asked(of: Any, **changes: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": "alice@example.com"},
        "action": {"name": "train.voice"},
        "resource": {"type": "performer", "id": of.reference},
        "context": {
            "territory": "DE",
            "language": "de",
            "purpose": "audiobook",
            "base_model": "sha256:" + "0" * 64,
        },
        **changes,
    }


def _ask(faces: "TwoFaces", of: Any, path: str, sent: Any) -> tuple[int, Any]:
    return _same(faces, path, json.dumps(sent).encode(), of.pipeline.secret)


def test_an_allow_carries_what_may_be_needed_to_act_on_it(faces: "TwoFaces", of: Any) -> None:
    status, answer = _ask(faces, of, ONE, _asked(of))
    assert (status, answer["decision"]) == (200, True)
    context = answer["context"]
    assert context["grants"] and context["reasons"] == [] and context["decision_id"].startswith("dec_")
    assert context["position"].startswith("ct_") and context["asked"]["performer"] == of.reference
    asked = _asked(of)
    asked["context"]["receipt"] = "inline"
    assert _ask(faces, of, ONE, asked)[1]["context"]["receipt"].count(".") == 2


def test_who_the_end_user_is_stands_in_no_answer_and_no_record(faces: "TwoFaces", of: Any) -> None:
    _, answer = _ask(faces, of, ONE, _asked(of))
    assert "alice" not in json.dumps(answer)


def test_the_licensee_is_the_subject_only_where_it_is_an_organization(faces: "TwoFaces", of: Any) -> None:
    own = {"type": "organization", "id": of.pipeline.organization}
    assert _ask(faces, of, ONE, _asked(of, subject=own))[1]["decision"] is True
    other = {"type": "organization", "id": "org_" + "a" * 26}
    _, answer = _ask(faces, of, ONE, _asked(of, subject=other))
    assert answer["decision"] is False
    assert answer["context"]["asked"]["on_behalf_of"] == other["id"]
    for subject in (
        {"type": "Organization", "id": other["id"]},
        {"type": " organization", "id": other["id"]},
        {"type": "user", "id": other["id"]},
        {"type": "service", "id": other["id"].upper()},
    ):
        status, answer = _ask(faces, of, ONE, _asked(of, subject=subject))
        assert (status, answer["errors"][0]["pointer"]) == (400, "/subject/type"), subject


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"context": {"teritory": "DE"}}, "/context/teritory"),
        ({"context": {"territory": 7}}, "/context/territory"),
        ({"context": {"territory": "EU"}}, "/context/territory"),
        ({"context": {"quantity": 0}}, "/context/quantity"),
        ({"action": {"name": "train"}}, "/action/name"),
        (
            {"action": {"name": "train.voice", "properties": {"language": "german"}}},
            "/action/properties/language",
        ),
        (
            {"action": {"name": "train.voice", "properties": {"territory": "DE"}}},
            "/action/properties/territory",
        ),
        ({"resource": {"type": "performer", "id": "nobody"}}, "/resource/id"),
        ({"resource": {"type": "song", "id": "x"}}, "/resource/type"),
        (
            {"resource": {"type": "performer", "id": "prf_x", "properties": {"content_tier": "explicit"}}},
            "/resource/properties/content_tier",
        ),
        ({"resource": {"type": "external_id", "id": "a b"}}, "/resource/id"),
        (
            {"subject": {"type": "user", "id": "u", "properties": {"purpose": "x"}}},
            "/subject/properties/purpose",
        ),
    ],
)
def test_what_is_not_clear_is_refused_where_it_stands(
    faces: "TwoFaces", of: Any, changes: dict[str, Any], pointer: str
) -> None:
    context = {**_asked(of)["context"], **changes.get("context", {})}
    if "properties" in changes.get("action", {}):
        context.pop("language")
    status, answer = _ask(faces, of, ONE, _asked(of, **{**changes, "context": context}))
    assert (status, answer["errors"][0]["pointer"]) == (400, pointer)
    row = _asked(of, **{**changes, "context": context})
    status, answer = _ask(faces, of, MANY, {"evaluations": [_asked(of), row, _asked(of)]})
    decisions = [each["decision"] for each in answer["evaluations"]]
    assert (status, decisions) == (200, [True, False, True])
    error = answer["evaluations"][1]["context"]["error"]
    assert (error["status"], error["errors"][0]["pointer"]) == (400, pointer)


def test_members_of_the_standards_own_objects_that_nobody_knows_are_ignored(
    faces: "TwoFaces", of: Any
) -> None:
    asked = _asked(of, page={"size": 3})
    asked["subject"]["nickname"] = "al"
    asked["resource"] |= {"title": "x", "properties": {"owner": "bob"}}
    asked["action"]["verb"] = "POST"
    asked["context"] |= {"time": "2026-12-02T10:00:00+01:00", "ip": "192.0.2.7"}
    assert _ask(faces, of, ONE, asked)[1]["decision"] is True


def test_defaults_stand_in_for_what_an_evaluation_leaves_out_and_are_replaced_whole(
    faces: "TwoFaces", of: Any
) -> None:
    defaults = _asked(of)
    defaults["context"]["political"] = True
    rows = [{}, {"context": _asked(of)["context"]}, {"action": {"name": "edit.undress"}}, {"context": {}}]
    _, answer = _ask(faces, of, MANY, {**defaults, "evaluations": rows})
    assert [each["decision"] for each in answer["evaluations"]] == [False, True, False, True]
    asked = [each["context"]["asked"] for each in answer["evaluations"]]
    # The last one's context stood for itself: the rest is the key's own, and nothing of the default.
    assert ["political" in each for each in asked] == [True, False, True, False]


def test_without_evaluations_it_is_one_question(faces: "TwoFaces", of: Any) -> None:
    for more in ({}, {"evaluations": []}):
        _, answer = _ask(faces, of, MANY, {**_asked(of), **more})
        assert answer["decision"] is True and "evaluations" not in answer


@pytest.mark.parametrize("semantic", ["deny_on_first_deny", "permit_on_first_permit", "", "EXECUTE_ALL"])
def test_another_semantic_than_execute_all_is_refused(faces: "TwoFaces", of: Any, semantic: str) -> None:
    sent = {"evaluations": [_asked(of)], "options": {"evaluations_semantic": semantic}}
    status, answer = _ask(faces, of, MANY, sent)
    assert (status, answer["errors"][0]["pointer"]) == (400, "/options/evaluations_semantic")
    assert answer["errors"][0]["expected"] == "execute_all"


def test_many_questions_that_share_a_long_default_are_bounded(faces: "TwoFaces", of: Any) -> None:
    asked = _asked(of)
    asked["context"]["source_material"] = ["0" * 64] * 20_000
    status, answer = _ask(faces, of, MANY, {**asked, "evaluations": [{}] * 5000})
    assert (status, answer["code"]) == (400, "batch_size_invalid")
    asked = _asked(of)
    asked["resource"]["properties"] = {f"p{number}": number for number in range(50_000)}
    status, answer = _ask(faces, of, MANY, {**asked, "evaluations": [{}] * 200})
    assert status == 200 and answer["evaluations"][0]["decision"] is True


def test_what_holds_for_all_is_taken_from_the_default_context(faces: "TwoFaces", of: Any) -> None:
    asked = _asked(of)
    asked["context"] |= {"nonce": "n-7", "receipt": "inline"}
    status, answer = _ask(faces, of, MANY, {**asked, "evaluations": [{}, {}]})
    assert (status, [each["decision"] for each in answer["evaluations"]]) == (200, [True, True])
    asked["context"]["at_least"] = "ct_nonsense"
    status, answer = _ask(faces, of, MANY, {**asked, "evaluations": [{}]})
    assert (status, answer["errors"][0]["pointer"]) == (400, "/context/at_least")


@pytest.mark.parametrize("path", [ONE, MANY])
def test_the_clients_request_id_is_repeated_by_both_faces(faces: "TwoFaces", of: Any, path: str) -> None:
    from tests.check.two_faces import REQUEST_ID, environ

    sent = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    good, bad = json.dumps(_asked(of)).encode(), b"{}"
    for body, status in ((good, 200), (bad, 400)):
        asked = environ(path, body, of.pipeline.secret, HTTP_X_REQUEST_ID=sent)
        by_lane = faces.lane.answer(asked)
        assert by_lane is not None and (by_lane.status, dict(by_lane.headers)["X-Request-Id"]) == (
            status,
            sent,
        )
        assert by_lane.request_id == REQUEST_ID  # our own stands in our logs
        by_view = faces.house.send(
            "POST",
            path,
            data=body,
            headers={
                "Authorization": f"Bearer {of.pipeline.secret}",
                "Content-Type": "application/json",
                "X-Request-ID": sent,
            },
        )
        assert (by_view.status, by_view.headers["X-Request-Id"]) == (status, sent)


@pytest.mark.parametrize("sent", ["", "x" * 129, "caf\u00e9", " padded ", "tab\there"])
def test_a_request_id_that_cannot_be_repeated_is_refused(faces: "TwoFaces", of: Any, sent: str) -> None:
    from tests.check.two_faces import environ

    body = json.dumps(_asked(of)).encode()
    assert faces.lane.answer(environ(ONE, body, of.pipeline.secret, HTTP_X_REQUEST_ID=sent)) is None
    headers = {
        "Authorization": f"Bearer {of.pipeline.secret}",
        "Content-Type": "application/json",
        "X-Request-ID": sent,
    }
    answer = faces.house.send("POST", ONE, data=body, headers=headers)
    assert (answer.status, answer.json["code"]) == (400, "value_invalid")


def test_other_routes_repeat_no_id_of_a_client(faces: "TwoFaces", of: Any) -> None:
    from tests.check.two_faces import REQUEST_ID, environ

    body = json.dumps({"use": "train.voice", "performer": of.reference}).encode()
    answer = faces.lane.answer(environ("/v1/check", body, of.pipeline.secret, HTTP_X_REQUEST_ID="planted"))
    assert answer is not None and dict(answer.headers)["X-Request-Id"] == REQUEST_ID


def test_a_key_that_may_not_check_may_not_evaluate(faces: "TwoFaces", of: Any) -> None:
    from tests.api.house import client

    body = json.dumps(_asked(of)).encode()
    assert _same(faces, ONE, body, client(faces.house, scopes=("events",)).secret)[0] == 403
    assert _same(faces, MANY, body, "crk_live_" + "A" * 43)[0] == 401
    stranger = client(faces.house)
    status, answer = _same(faces, ONE, body, stranger.secret)
    assert (status, answer["decision"], answer["context"]["reasons"]) == (200, False, ["performer_unknown"])


def test_a_revoked_consent_is_false(faces: "TwoFaces") -> None:
    from tests.api.house import granted

    of = granted(faces.house)
    sent = json.dumps(_asked(of)).encode()
    assert _same(faces, ONE, sent, of.pipeline.secret)[1]["decision"] is True
    faces.house.world.say("revocation", of.grant, of.person.key, effect="end")
    faces.feeder.turn()
    _, answer = _same(faces, ONE, sent, of.pipeline.secret)
    assert (answer["decision"], answer["context"]["reasons"]) == (False, ["no_active_consent"])


def test_the_configuration_is_the_same_on_both_faces(faces: "TwoFaces") -> None:
    from consent.check.authzen.configuration import configuration
    from consent.core.wire.encode import encode
    from tests.api.house import ORIGIN

    answer = faces.house.send("GET", "/.well-known/authzen-configuration")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json == {
        "policy_decision_point": ORIGIN,
        "access_evaluation_endpoint": f"{ORIGIN}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{ORIGIN}/access/v1/evaluations",
    }
    assert answer.data == encode(configuration(ORIGIN))
    assert "max-age" in answer.headers["Cache-Control"]
