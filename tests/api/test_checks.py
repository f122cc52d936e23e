"""Checks over HTTP: what is answered, on what it rests, and that nothing fails open."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


def test_a_deny_is_an_answer_with_status_200_reasons_and_a_next_step(house: "House") -> None:
    from tests.api.house import client

    answer = client(house)("POST", "/v1/check", {"performer": "prf_" + "a" * 26, "use": "train.voice"})
    assert answer.status == 200
    assert answer.json["decision"] == "deny" and answer.json["reasons"] == ["performer_unknown"]
    assert answer.json["next_step"] and answer.json["receipt"] is None


def test_the_answer_echoes_the_completed_question_and_the_receipt_binds_its_digest(house: "House") -> None:
    from signing.canonical import canonicalize, sha256_hex
    from signing.receipt import verify_receipt
    from tests.api.house import granted

    of = granted(house)
    answer = of.ask(receipt="inline", nonce="n-1").json
    assert answer["asked"]["caller"] == of.pipeline.organization
    assert (answer["asked"]["commercial"], answer["asked"]["end_user_scope"]) == (True, "public")
    receipt = verify_receipt(
        answer["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=of.pipeline.organization,
    )
    assert receipt.item.req_sha256 == sha256_hex(canonicalize(answer["asked"]))
    assert (receipt.nonce, receipt.position, receipt.licensee) == (
        "n-1",
        answer["position"],
        of.pipeline.organization,
    )
    assert receipt.item.record_sha256 == answer["record_sha256"]
    assert receipt.item.grants == (of.grant,)


def test_a_deferred_receipt_can_be_fetched_by_its_asker_and_by_nobody_else(house: "House") -> None:
    from signing.receipt import verify_receipt
    from tests.api.house import client, granted

    of = granted(house)
    answer = of.ask().json
    decision = answer["decision_id"]
    fetched = of.pipeline("GET", f"/v1/receipts/{decision}")
    assert fetched.status == 200 and fetched.json["decision"] == "allow"
    receipt = verify_receipt(
        fetched.json["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=of.pipeline.organization,
    )
    assert (receipt.item.decision_id, receipt.item.record_sha256) == (decision, answer["record_sha256"])
    assert receipt.expires_at.isoformat().replace("+00:00", "Z") == answer["valid_until"]
    assert client(house)("GET", f"/v1/receipts/{decision}").status == 404
    assert of.pipeline("GET", "/v1/receipts/dec_" + "a" * 26).status == 404


def test_a_receipt_of_before_there_was_a_ledger_stays_readable(house: "House") -> None:
    from consent.core.ids import new_id
    from consent.registry.models import DecisionRecord, KeptReceipt
    from tests.api.house import client, granted

    of = granted(house)
    jws = of.ask(receipt="inline").json["receipt"]
    row = DecisionRecord.objects.create(
        id=new_id("dec"),
        livemode=True,
        organization_id=of.pipeline.organization,
        outcome="allow",
        record_sha256="ab" * 32,
        receipt=KeptReceipt.objects.create(livemode=True, jws=jws),
        seq=1,
        decided_at=house.world.clock(),
    )
    fetched = of.pipeline("GET", f"/v1/receipts/{row.id}")
    assert (fetched.status, fetched.json["receipt"], fetched.json["decision"]) == (200, jws, "allow")
    assert client(house)("GET", f"/v1/receipts/{row.id}").status == 404


def test_the_keys_standing_context_completes_the_question(house: "House") -> None:
    from tests.api.house import QUESTION, client, granted

    of = granted(house)
    context = {name: QUESTION[name] for name in ("territory", "language", "purpose", "base_model")}
    settled = client(house, organization=of.pipeline.organization, context=context)
    answer = settled("POST", "/v1/check", {"performer": of.reference, "use": "train.voice"}).json
    assert answer["decision"] == "allow" and answer["asked"]["territory"] == "DE"


def test_a_missing_attribute_denies_and_is_named(house: "House") -> None:
    from tests.api.house import QUESTION, granted
    from tests.registry import terms

    german = {"kind": "territory", "v": 1, "allow": ["DE"]}
    line = terms.line("l1", "train.voice", german, terms.LANGUAGES, terms.COMMERCIAL, terms.ANY_BASE)
    of = granted(house, terms=terms.terms(line))
    question = {name: value for name, value in QUESTION.items() if name != "territory"}
    answer = of.pipeline("POST", "/v1/check", {**question, "performer": of.reference}).json
    assert (answer["reasons"], answer["missing"]) == (["context_missing"], ["territory"])


def test_an_external_id_serves_wherever_a_performer_does(house: "House") -> None:
    from tests.api.house import QUESTION, granted

    of = granted(house)
    body = {"performer": of.reference, "external_id": "p225"}
    assert of.pipeline("POST", "/v1/external-ids", body).status == 201
    for selector in (
        {"performer": "external_id:p225"},
        {"performers": ["external_id:p225"]},
        {"external_id": "p225"},
        {"grant": of.grant},
    ):
        answer = of.pipeline("POST", "/v1/check", {**QUESTION, **selector})
        assert answer.json["decision"] == "allow", answer.json
    unknown = of.pipeline("POST", "/v1/check", {**QUESTION, "external_id": "p226"}).json
    assert unknown["reasons"] == ["performer_unknown"]


@pytest.mark.parametrize("selector", ["persona", "model"])
def test_models_and_personas_answer_not_a_recipient_while_nothing_is_registered(
    house: "House", selector: str
) -> None:
    from tests.api.house import QUESTION, granted

    of = granted(house)
    prefix = {"persona": "per", "model": "mdl"}[selector]
    answer = of.pipeline("POST", "/v1/check", {**QUESTION, selector: f"{prefix}_{'a' * 26}"}).json
    assert (answer["decision"], answer["reasons"]) == ("deny", ["not_a_recipient"])


def test_a_grant_of_somebody_else_answers_not_a_recipient_like_one_that_does_not_exist(
    house: "House",
) -> None:
    from tests.api.house import QUESTION, client, granted

    of, stranger = granted(house), client(house)
    answers = [
        stranger("POST", "/v1/check", {**QUESTION, "grant": grant}).json
        for grant in (of.grant, "grt_" + "a" * 26)
    ]
    assert [answer["reasons"] for answer in answers] == [["not_a_recipient"]] * 2


def test_a_named_recipient_may_ask_on_behalf_of_the_licensee_and_nobody_else_may(house: "House") -> None:
    from signing.receipt import verify_receipt
    from tests.api.house import QUESTION, client, granted
    from tests.registry.terms import terms

    host, stranger = client(house), client(house)
    of = granted(house, terms=terms(recipients=[{"id": host.organization, "role": "host"}]))
    question = {**QUESTION, "performer": of.reference, "on_behalf_of": of.pipeline.organization}
    allowed = host("POST", "/v1/check", {**question, "receipt": "inline"})
    assert allowed.json["decision"] == "allow", allowed.json
    receipt = verify_receipt(
        allowed.json["receipt"],
        trust=house.trust,
        at=house.world.clock(),
        expected_audience=host.organization,
    )
    assert receipt.licensee == of.pipeline.organization
    denied = stranger("POST", "/v1/check", question).json
    assert (denied["decision"], denied["reasons"]) == ("deny", ["not_a_recipient"])


def test_explain_shows_the_grants_and_constraints_that_were_considered(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    answer = of.ask(explain=True, purpose="audiobook").json
    assert answer["explanation"]["grants"][0]["grant"] == of.grant
    assert answer["explanation"]["grants"][0]["state"] == "active"
    assert answer["explanation"]["constraints"]
    assert "explanation" not in of.ask().json


def test_a_position_that_was_seen_may_be_demanded_and_one_of_another_history_is_a_conflict(
    house: "House",
) -> None:
    from tests.api.house import both_sides, granted

    of = granted(house)
    first = of.ask().json["position"]
    assert of.ask(at_least=first).status == 200
    _, test_side = both_sides(house)
    other = test_side("POST", "/v1/check", {"use": "train.voice", "performer": of.reference}).json["position"]
    refused = of.ask(at_least=other)
    assert refused.status == 409 and refused.json["code"] == "position_invalid"
    assert of.ask(at_least="ct_nonsense").json["errors"][0]["pointer"] == "/at_least"


def test_a_position_ahead_of_the_history_is_a_conflict_and_never_a_wait(house: "House") -> None:
    from consent.log.heads import read_head
    from consent.log.position import Position
    from tests.api.house import granted

    of = granted(house)
    ahead = Position(livemode=True, seq=read_head(True).seq + 5, chain=bytes(32))
    refused = of.ask(at_least=house.ports.registry.log.tokens.encode(ahead))
    assert refused.status == 409 and refused.json["code"] == "position_conflict"


def test_counted_outputs_count_once_a_nonce_and_deny_when_they_are_used_up(house: "House") -> None:
    from tests.api.house import granted
    from tests.registry.terms import COUNTED, terms

    of = granted(house, terms=terms(COUNTED))
    counted = {"use": "infer.voice", "end_user_age_assured": False}
    for _ in range(3):
        assert of.ask(**counted, quantity=6, nonce="once").json["decision"] == "allow"
    over = of.ask(**counted, quantity=6, nonce="again").json
    assert (over["decision"], over["reasons"]) == ("deny", ["max_outputs"])
    other = of.ask(**counted, quantity=1, nonce="once")
    assert other.status == 409 and other.json["code"] == "nonce_spent"
    assert of.ask(**counted, quantity=4, nonce="rest").json["decision"] == "allow"
    assert of.ask(**counted, quantity=4, nonce="rest").json["decision"] == "allow"
    assert of.ask(**counted, quantity=1).json["reasons"] == ["max_outputs"]


def test_an_allow_says_until_when_it_holds(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    training = of.ask().json
    speaking = of.ask(use="infer.voice", end_user_age_assured=False).json
    assert (training["as_of"], training["valid_until"]) == (
        "2026-12-01T09:00:00.000Z",
        "2026-12-01T09:15:00Z",
    )
    assert speaking["valid_until"] == "2026-12-01T09:05:00Z"


def _explode(error: Exception) -> Any:
    def raise_it(*_: Any, **__: Any) -> Any:
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("what", "error", "status", "code"),
    [
        ("snapshot", "RolledBackError", 503, "rolled_back"),
        ("snapshot", "GuardUnavailableError", 503, "guard_unavailable"),
        ("snapshot", "OperationalError", 503, "stale"),
        ("snapshot", "UnsafeDatabaseError", 503, "unsafe_database"),
        ("decide", "RuntimeError", 500, "internal"),
        ("keep", "LedgerError", 503, "ledger"),
        ("keep", "RuntimeError", 500, "internal"),
        ("consume_counters", "OperationalError", 503, "stale"),
    ],
)
def test_whatever_fails_on_the_check_path_is_a_problem_and_never_a_decision(
    house: "House", monkeypatch: pytest.MonkeyPatch, what: str, error: str, status: int, code: str
) -> None:
    from django.db import OperationalError

    from consent.check import answering, primary, settling
    from consent.check.ledger.errors import LedgerError
    from consent.check.ledger.segment_ledger import SegmentLedger
    from consent.check.limits import counting
    from consent.log import errors
    from tests.api.house import granted
    from tests.registry.terms import COUNTED, terms

    of = granted(house, terms=terms(COUNTED))
    kinds = {"OperationalError": OperationalError, "RuntimeError": RuntimeError, "LedgerError": LedgerError}
    kind: Any = kinds.get(error) or getattr(errors, error)
    home = next(
        each for each in (primary, answering, settling, counting, SegmentLedger) if hasattr(each, what)
    )
    for name in (what, "keep_one") if what == "keep" else (what,):  # of a batch, of a single check
        monkeypatch.setattr(home, name, _explode(kind("secret detail")))
    answer = of.ask(use="infer.voice", end_user_age_assured=False)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "decision" not in answer.json and b"secret detail" not in answer.data
    assert ("Retry-After" in answer.headers) == (status == 503)
    batch = of.pipeline(
        "POST",
        "/v1/check/batch",
        {"checks": [{"id": "1", "performer": of.reference, "use": "infer.voice", "purpose": "audiobook",
                     "territory": "DE", "language": "de", "end_user_age_assured": False}]},
    )  # fmt: skip
    assert (batch.status, batch.json["code"]) == (status, code)


def test_an_allow_that_would_not_last_a_second_is_a_deny(house: "House", api_log_ports: Any) -> None:
    from tests.api.house import build_house, granted
    from tests.registry.terms import terms
    from tests.registry.world import Clock

    clock = Clock()
    own = build_house(api_log_ports, clock)
    of = granted(own, terms=terms(valid_until="2026-12-02T00:00:00Z"))
    clock.forward(hours=14, minutes=59, seconds=58.5)
    assert of.ask().json["valid_until"] == "2026-12-01T23:59:59Z"
    clock.forward(seconds=1)
    answer = of.ask(receipt="inline")
    assert (answer.status, answer.json["decision"], answer.json["reasons"]) == (200, "deny", ["term"])


def test_a_lost_database_connection_is_a_503_and_the_next_connection_answers(
    house: "House", database: str
) -> None:
    import psycopg
    from django.db import connection

    from tests.api.house import granted

    of = granted(house)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    lost = of.ask()
    assert (lost.status, lost.json["code"]) == (503, "stale")
    assert lost.headers["Retry-After"] and "decision" not in lost.json
    connection.close()  # what Django does at the end of a request over a broken connection
    assert of.ask().json["decision"] == "allow"
