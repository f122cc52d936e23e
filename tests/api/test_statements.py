"""`POST /v1/statements`: only the performer's own key says anything, and what denies is enforced before the answer."""

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import Answer, House


def _hand_in(house: "House", envelope: bytes, key: str | None = None, query: str = "") -> "Answer":
    headers = {"Idempotency-Key": key or secrets.token_urlsafe(12)}
    return house.send("POST", f"/v1/statements{query}", data=envelope, headers=headers)


def test_a_revocation_waits_and_answers_enforced_at_with_a_signed_acknowledgement(house: "House") -> None:
    from signing.acknowledgement import verify_acknowledgement
    from signing.canonical import canonicalize, sha256_hex
    from tests.api.conftest import L_WAIT_MS
    from tests.api.house import granted

    of = granted(house)
    body = house.world.about("revocation", of.grant, of.person.key)
    boot = house.ports.registry.log.boot_clock
    before = boot()
    answer = _hand_in(house, of.person.key.sign(body))
    assert boot() - before >= 1.05 * L_WAIT_MS / 1000
    assert answer.status == 201
    assert set(answer.json) == {
        "id", "livemode", "kind", "grant", "state", "committed", "enforced_at", "acknowledgement",
    }  # fmt: skip
    told = verify_acknowledgement(
        answer.json["acknowledgement"],
        trust=house.trust,
        expected_body_sha256=sha256_hex(canonicalize(body)),
    )
    assert (told.grant, told.statement) == (of.grant, answer.json["id"])
    assert of.ask(at_least=answer.json["committed"]).json["reasons"] == ["no_active_consent"]


def test_the_same_statement_again_answers_the_same_after_waiting(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("revocation", of.grant, of.person.key))
    first, second = _hand_in(house, envelope), _hand_in(house, envelope)
    assert first.status == second.status == 201
    assert first.json == second.json
    replayed = _hand_in(house, envelope, "one-key"), _hand_in(house, envelope, "one-key")
    assert replayed[0].json == replayed[1].json == first.json
    assert replayed[1].headers["Idempotency-Replayed"] == "true"


def test_whoever_does_not_wait_is_told_that_it_is_not_enforced_yet(house: "House") -> None:
    from tests.api.conftest import L_WAIT_MS
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("revocation", of.grant, of.person.key))
    boot = house.ports.registry.log.boot_clock
    at_once = _hand_in(house, envelope, "hasty", query="?wait=committed")
    assert at_once.status == 202
    assert (at_once.json["enforced_at"], at_once.json["acknowledgement"]) == (None, None)
    assert of.ask(at_least=at_once.json["committed"]).json["reasons"] == ["no_active_consent"]
    before = boot()
    waited = _hand_in(house, envelope, "patient")
    assert boot() - before >= 1.05 * L_WAIT_MS / 1000
    assert waited.status == 201 and waited.json["acknowledgement"]
    assert waited.json["committed"] == at_once.json["committed"]
    # Enforced by now: there is nothing left to wait for, and the whole answer is told.
    again = _hand_in(house, envelope, "late", query="?wait=committed")
    assert (again.status, again.json) == (201, waited.json)


def test_not_waiting_is_another_request_under_the_same_key_and_no_other_word_counts(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("suspension", of.grant, of.person.key))
    assert _hand_in(house, envelope, "mine", query="?wait=committed").status == 202
    assert _hand_in(house, envelope, "mine").json["code"] == "idempotency_mismatch"
    replayed = _hand_in(house, envelope, "mine", query="?wait=committed")
    assert (replayed.status, replayed.json["enforced_at"]) == (202, None)
    for query in ("?wait=nothing", "?wait=", "?wait=enforced&wait=committed", "?now=1"):
        assert _hand_in(house, envelope, query=query).json["code"] == "parameter_invalid"


def test_another_revocation_of_an_ended_grant_is_a_conflict(house: "House") -> None:
    from tests.api.house import end, granted

    of = granted(house)
    end(house, of)
    again = end(house, of)
    assert (again.status, again.json["code"]) == (409, "already_ended")


def _altered(envelope: bytes, **changes: Any) -> bytes:
    document = json.loads(envelope)
    document["body"].update(changes)
    return json.dumps(document).encode()


def test_a_body_altered_by_one_byte_is_refused(house: "House") -> None:
    from tests.api.house import granted

    of, other = granted(house), granted(house)
    body = house.world.about("revocation", of.grant, of.person.key)
    envelope = of.person.key.sign(body)
    theirs = house.world.about("revocation", other.grant, other.person.key)
    for changes in (
        {"grant": other.grant, "grant_sha256": theirs["grant_sha256"]},
        {"nonce": body["nonce"][:-1] + ("A" if body["nonce"][-1] != "A" else "E")},
        {"livemode": False},
    ):
        answer = _hand_in(house, _altered(envelope, **changes))
        assert answer.status == 400, answer.json
        assert answer.json["code"] in ("signature_invalid", "statement_invalid", "livemode_mismatch")
    assert of.ask().json["decision"] == other.ask().json["decision"] == "allow"


def test_a_signature_of_another_performer_is_refused(house: "House") -> None:
    from tests.api.house import granted

    of, other = granted(house), granted(house)
    body = house.world.about("revocation", of.grant, of.person.key)
    mine = json.loads(of.person.key.sign(body))
    theirs = json.loads(other.person.key.sign({**body, "credential": other.person.key.thumbprint}))
    swapped = {"body": mine["body"], "signatures": theirs["signatures"]}
    answer = _hand_in(house, json.dumps(swapped).encode())
    assert answer.status == 400 and answer.json["code"] in ("signature_invalid", "statement_invalid")
    not_theirs = other.person.key.sign({**body, "credential": other.person.key.thumbprint})
    assert _hand_in(house, not_theirs).status == 404
    assert of.ask().json["decision"] == "allow"


def test_pausing_denies_resuming_allows_and_each_answer_says_what_holds(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    key = of.person.key
    paused = _hand_in(house, key.sign(house.world.about("suspension", of.grant, key))).json
    assert paused["state"] == "paused" and paused["enforced_at"]
    assert of.ask().json["reasons"] == ["no_active_consent"]
    resumed = _hand_in(house, key.sign(house.world.about("resumption", of.grant, key))).json
    assert resumed["state"] == "active" and resumed["enforced_at"] is None
    assert of.ask().json["decision"] == "allow"


def test_limits_deny_beside_every_grant_and_are_read_back(house: "House") -> None:
    from tests.api.house import granted, performer

    of = granted(house)
    key = of.person.key
    me = performer(house, of.person)
    assert me("GET", "/v1/me/limits").json == {
        "livemode": True, "version": 0, "body_sha256": None, "body": None,
    }  # fmt: skip
    body = house.world.limits(key, version=1, previous=None, never=[{"uses": ["train.voice"]}])
    answer = _hand_in(house, key.sign(body))
    assert answer.status == 201 and answer.json["enforced_at"], answer.json
    assert of.ask().json["reasons"] == ["performer_limits"]
    current = me("GET", "/v1/me/limits").json
    assert (current["version"], current["body"]) == (1, body)
    again = house.world.limits(key, version=1, previous=None, never=[{"uses": ["train.voice"]}])
    conflict = _hand_in(house, key.sign(again))
    assert (conflict.status, conflict.json["code"]) == (409, "limits_version_conflict")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"schema": "consent-registry/revocation/v2"}, "/body/schema"),
        ({"schema": "consent-registry/receipt/v1"}, "/body/schema"),
        ({"schema": 3}, "/body/schema"),
        ({"id": "stm_x"}, "/body/id"),
        ({"grant": "off_" + "a" * 26}, "/body/grant"),
        ({"effect": "pause"}, "/body/effect"),
        ({"colour": "blue"}, "/body/colour"),
        ({"nonce": "short"}, "/body/nonce"),
        ({"livemode": "yes"}, "/body/livemode"),
    ],
)
def test_a_malformed_body_is_refused_by_pointer(house: "House", change: Any, pointer: str) -> None:
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("revocation", of.grant, of.person.key))
    answer = _hand_in(house, _altered(envelope, **change))
    assert (answer.status, answer.json["code"]) == (400, "statement_invalid"), answer.json
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_statement_without_an_idempotency_key_is_refused(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("revocation", of.grant, of.person.key))
    answer = house.send("POST", "/v1/statements", data=envelope)
    assert (answer.status, answer.json["code"]) == (400, "idempotency_key_missing")
    assert of.ask().json["decision"] == "allow"


def test_an_idempotency_key_serves_one_request_only(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    key = of.person.key
    first = key.sign(house.world.about("suspension", of.grant, key))
    second = key.sign(house.world.about("resumption", of.grant, key))
    assert _hand_in(house, first, "k-1").status == 201
    other = _hand_in(house, second, "k-1")
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")
    for malformed in ("a" * 129, "two words", '"half', "\u00e9"):
        assert _hand_in(house, second, malformed).json["code"] == "header_invalid"
    assert _hand_in(house, second, '"quoted-key"').status == 201


def test_a_running_request_with_the_same_key_is_a_conflict_with_retry_after(house: "House") -> None:
    import hashlib

    from consent.registry.idempotency import once
    from signing.canonical import canonicalize
    from tests.api.house import granted

    of = granted(house)
    key = of.person.key
    envelope = key.sign(house.world.about("suspension", of.grant, key))
    fingerprint = hashlib.sha256(b"POST /v1/statements\n" + canonicalize(json.loads(envelope))).hexdigest()
    scope = f"statement/{key.thumbprint}"
    with once(house.ports.registry, scope=scope, key="running", fingerprint=fingerprint):
        answer = _hand_in(house, envelope, "running")
    assert (answer.status, answer.json["code"]) == (409, "idempotency_running")
    assert answer.headers["Retry-After"]


def test_a_failed_request_may_be_repeated_with_its_key(
    house: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.api.v1 import statements
    from consent.log.errors import CommitUnknownError
    from tests.api.house import granted

    of = granted(house)
    envelope = of.person.key.sign(house.world.about("revocation", of.grant, of.person.key))

    def lost(*_: object, **__: object) -> None:
        raise CommitUnknownError("COMMIT was not answered")

    with monkeypatch.context() as patch:
        patch.setattr(statements, "submit_statement", lost)
        failed = _hand_in(house, envelope, "again")
        assert (failed.status, failed.json["code"]) == (503, "commit_unknown")
    assert _hand_in(house, envelope, "again").status == 201


def test_adult_terms_are_not_signed_with_a_software_key(house: "House") -> None:
    from tests.api.house import client
    from tests.registry.terms import ADULT, terms

    pipeline, person = client(house), house.world.person()
    offer = house.world.offer(pipeline.organization, person, terms(ADULT))
    prepared = house.world.prepare(person, offer)
    answer = _hand_in(house, person.key.sign(prepared.body, text=prepared.text))
    assert (answer.status, answer.json["code"]) == (403, "signing_method_insufficient")
