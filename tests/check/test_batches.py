"""A batch is its rows: each answered as if it stood alone, whatever stands beside it, all under one receipt."""

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node
    from tests.check.two_faces import TwoFaces

OF_A_ROW = ("asked", "decision", "reasons", "grants", "missing", "next_step", "obligations", "valid_until")
# What looks like another question, and must not be taken for it.
LOOKALIKES: list[dict[str, Any]] = [
    {"themes": ["hate", "self-harm"]},
    {"themes": ["hate,self-harm"]},
    {"themes": ["hate"]},
    {"themes": "hate"},
    {"quantity": 1},
    {"quantity": True},
    {"quantity": "1"},
    {"commercial": True},
    {"commercial": 1},
    {"commercial": "true"},
    {"commercial": None},
    {"territory": "DE"},
    {"territory": "ＤＥ"},
    {"territory": "de"},
    {"territory": "DE "},
    {"language": "de"},
    {"language": "DE"},
    {"language": "de\u200b"},
    {"purpose": "audiobook"},
    {"purpose": "audiobооk"},
    {"external_id": "Jos\u00e9"},
    {"external_id": "Jose\u0301"},
    {"external_id": 'p","id":"row-1'},
    {"external_id": "p\\"},
    {"performers": ["prf_" + "a" * 26, "prf_" + "b" * 26]},
    {"performers": ["prf_" + "a" * 26 + ",prf_" + "b" * 26]},
]


@pytest.fixture(scope="module")
def faces(check_log_ports: Any) -> "TwoFaces":
    """Both faces over one registry."""
    from tests.check.two_faces import two_faces

    return two_faces(check_log_ports)


def _answer(faces: "TwoFaces", path: str, body: Any, secret: str, **style: Any) -> Any:
    data = json.dumps(body, **style).encode()
    status, answer, _ = faces.by_lane(path, data, secret)
    assert status == 200 or path == "/v1/check", answer
    return json.loads(answer)


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer says of its question alone: the decision, or the fault."""
    problem = answer.get("problem", answer)
    if "decision" not in answer:
        return {"code": problem["code"], "errors": problem.get("errors")}
    return {name: answer[name] for name in OF_A_ROW}


def _rows(chosen: random.Random, reference: str, count: int) -> list[dict[str, Any]]:
    """Generated questions, look-alikes, and many of them more than once; members in any order."""
    from tests.check.questions import BASE, question

    kinds = [question(chosen, reference) for _ in range(count // 3)]
    kinds += [{**BASE, "performer": reference, **change} for change in LOOKALIKES]
    for kind in kinds:
        for name in ("at_least", "receipt", "explain", "unheard_of"):
            kind.pop(name, None)
        if isinstance(kind.get("quantity"), float):
            del kind["quantity"]  # not strict JSON: a fault of the whole batch
        if "external_id" in kind or "performers" in kind:
            kind.pop("performer", None)
    rows = []
    for _ in range(count):
        members = list(chosen.choice(kinds).items())
        chosen.shuffle(members)
        rows.append(dict(members))
    return rows


def test_each_row_is_answered_as_if_it_were_asked_alone(faces: "TwoFaces") -> None:
    """engines.md I12: for any order and company, decision(batch[i]) = decision(i)."""
    from tests.api.house import granted
    from tests.registry.terms import INFER, TRAIN, terms

    of = granted(faces.house, terms=terms(TRAIN, INFER))
    chosen = random.Random(12)
    told: dict[str, int] = {}
    alone: dict[str, dict[str, Any]] = {}
    for turn in range(8):
        rows = _rows(chosen, of.reference, 250)
        named = [
            {"id": f"row {n}", **row} if turn % 2 else {**row, "id": f"row {n}"} for n, row in enumerate(rows)
        ]
        style: dict[str, Any] = {"separators": (",", ":")} if turn % 3 else {"ensure_ascii": False}
        answered = _answer(faces, "/v1/check/batch", {"checks": named}, of.pipeline.secret, **style)[
            "results"
        ]
        assert [each["id"] for each in answered] == [row["id"] for row in named]
        for row, answer in zip(rows, answered, strict=True):
            key = json.dumps(row)
            if key not in alone:
                alone[key] = _told(_answer(faces, "/v1/check", row, of.pipeline.secret))
            assert _told(answer) == alone[key], row
            kind = answer.get("decision") or _told(answer)["code"]
            told[kind] = told.get(kind, 0) + 1
    assert told["allow"] > 100 and told["deny"] > 100 and len(told) > 8, told
    assert len(alone) > 200


def test_both_faces_answer_long_batches_alike_with_rows_at_fault_among_them(faces: "TwoFaces") -> None:
    from tests.api.house import granted
    from tests.registry.terms import INFER, TRAIN, terms

    of = granted(faces.house, terms=terms(TRAIN, INFER))
    chosen = random.Random(13)
    for turn in range(12):
        rows = [{"id": f'r"{n}\\', **row} for n, row in enumerate(_rows(chosen, of.reference, 120))]
        body: dict[str, Any] = {"checks": rows}
        if turn % 2:
            body["defaults"] = {"use": "infer.voice", "territory": "AT", "external_id": "nobody"}
            body["nonce"] = f"n-{turn}"
        data = json.dumps(body).encode()
        by_view = faces.by_view("/v1/check/batch", data, of.pipeline.secret)
        assert faces.by_lane("/v1/check/batch", data, of.pipeline.secret)[:2] == by_view[:2]
        assert by_view[0] == 200


def test_rows_that_count_are_counted_one_by_one_in_their_order(faces: "TwoFaces") -> None:
    from tests.api.house import granted
    from tests.check.questions import BASE
    from tests.registry.terms import COUNTED, TRAIN, terms

    of = granted(faces.house, terms=terms(TRAIN, COUNTED))  # ten outputs in all
    asked = {**BASE, "performer": of.reference, "use": "infer.voice", "end_user_age_assured": False}
    trains = {**BASE, "performer": of.reference}

    def outcomes(rows: list[dict[str, Any]], **body: Any) -> list[str]:
        named = [{"id": f"r{n}", **row} for n, row in enumerate(rows)]
        answer = _answer(faces, "/v1/check/batch", {"checks": named, **body}, of.pipeline.secret)
        assert answer["receipt"]
        return [each.get("decision") or each["problem"]["code"] for each in answer["results"]]

    allow, deny = ["allow"], ["deny"]
    assert outcomes([asked, trains, asked, asked], nonce="first") == allow * 4  # 3 of 10
    assert outcomes([asked, trains, asked, asked], nonce="first") == allow * 4  # the same three
    assert outcomes([{**asked, "nonce": "one"}] * 5) == allow * 5  # one more: 4 of 10
    assert outcomes([{**asked, "quantity": 4}, {**asked, "quantity": 4}, asked, asked, asked, trains]) == [
        *allow,  # 8 of 10
        *deny,
        *allow * 2,  # 10 of 10
        *deny,
        *allow,
    ]
    spent = {**asked, "nonce": "one", "quantity": 2}
    assert outcomes([spent, trains]) == ["nonce_spent", "allow"]


def test_a_full_batch_is_one_record_whose_receipts_verify_row_by_row(node: "Node") -> None:
    """Ten thousand rows about fifty people: one signature, one record; a row's own receipt leads to the same."""
    from consent.check.question_body import read_batch
    from consent.core.wire.check import MAX_BATCH_ROWS
    from consent.registry.ports import SideSigners
    from signing.receipt import verify_receipt
    from signing.trust import Trust, TrustedKey

    organization = node.world.organization()
    people = [node.world.person() for _ in range(3)]
    for person in people[:2]:
        assert node.world.grant(organization, person).grant is not None
    references = [node.reference(organization, person) for person in people[:2]] + ["prf_" + "z" * 26]
    rows = [{"id": f"row-{n}", "performer": references[n % 3]} for n in range(MAX_BATCH_ROWS)]
    data = json.dumps({"defaults": {"use": "train.voice", "base_model": "base"}, "checks": rows}).encode()
    caller = node.caller(organization)
    answered = node.checks.answer_batch(
        read_batch(data), caller=caller, to_problem=lambda exc: pytest.fail(str(exc))
    )
    answer = json.loads(answered.to_json())
    assert node.primary.asked == 0 and len(answer["results"]) == MAX_BATCH_ROWS
    side: SideSigners = node.world.ports.signers[True]
    from tests.registry.world import ALWAYS

    trust = Trust(
        issuers={True: side.issuer},
        keys=(
            TrustedKey(
                key=side.receipt.public,
                role="receipt",
                livemode=True,
                not_before=ALWAYS[0],
                not_after=ALWAYS[1],
            ),
        ),
        relying_parties=(),
    )
    at = node.world.clock()
    signed = verify_receipt(answer["receipt"], trust=trust, at=at, expected_audience=organization)
    assert [(each.row, each.decision_id, each.decision) for each in signed.items] == [
        (each["id"], each["decision_id"], each["decision"]) for each in answer["results"]
    ]
    assert {each.decision for each in signed.items} == {"allow", "deny"}
    assert len({each.record_sha256 for each in signed.items}) == 1
    for place in (0, 1, 4_999, MAX_BATCH_ROWS - 1):
        row = answer["results"][place]
        found = node.ledger.find(row["decision_id"], organization=organization, livemode=True)
        kept = verify_receipt(found.receipt, trust=trust, at=at, expected_audience=organization)
        assert kept.batch and len(kept.items) == MAX_BATCH_ROWS
        item = kept.items[place]
        assert (item.decision_id, item.decision) == (row["decision_id"], row["decision"])
        assert item.row == kept.salted(f"row-{place}")
        assert item.req_sha256 == kept.salted(signed.items[place].req_sha256)
        assert item.record_sha256 == signed.items[place].record_sha256


def test_rows_name_no_more_performers_than_one_record_can_hold(faces: "TwoFaces") -> None:
    from consent.check.batch.questions import MAX_BATCH_PERFORMERS
    from tests.api.house import granted

    secret = granted(faces.house).pipeline.secret
    each = [f"prf_test_{number}" for number in range(64)]
    rows = [{"id": f"row-{at}"} for at in range(MAX_BATCH_PERFORMERS // 64 + 1)]
    body = {"defaults": {"use": "infer.voice", "performers": each}, "checks": rows}
    status, answer, _ = faces.by_lane("/v1/check/batch", json.dumps(body).encode(), secret)
    assert (status, json.loads(answer)["code"]) == (400, "batch_size_invalid")
    body["checks"] = rows[:-1]
    status, answer, _ = faces.by_lane("/v1/check/batch", json.dumps(body).encode(), secret)
    assert status == 200 and len(json.loads(answer)["results"]) == len(rows) - 1


def test_the_longest_record_of_a_batch_is_one_that_readers_take(node: "Node") -> None:
    from consent.check.batch.questions import MAX_BATCH_PERFORMERS
    from consent.check.ledger.batch import BatchItem, batch_bytes
    from consent.core.wire.check import MAX_BATCH_ROWS
    from signing.ledger_record import MAX_RECORD_BYTES
    from tests.check.ledger.house import batch

    named = MAX_BATCH_PERFORMERS // MAX_BATCH_ROWS
    item = BatchItem(
        req_sha256="0" * 64,
        decision="allow",
        reasons=(),
        obligations=("label.audible", "label.visible", "label.machine_readable", "disclose.synthetic"),
        grants=[f"grt_{number:026d}" for number in range(named)],
        performers=[f"prf_{number:064d}" for number in range(named)],
        attester=None,
    )
    draft = batch(
        rows=1,
        items=[item],
        names=[f"{at:0128d}" for at in range(MAX_BATCH_ROWS)],
        places=[0] * MAX_BATCH_ROWS,
    )
    ids = ["dec_" + "a" * 26] * MAX_BATCH_ROWS
    assert len(batch_bytes(draft, n=1 << 40, decision_ids=ids, salt=bytes(16))) <= MAX_RECORD_BYTES
