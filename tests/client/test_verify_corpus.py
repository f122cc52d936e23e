"""Every document of the corpus is accepted or refused as it says there, by whatever `consent verify` calls."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.client.described import describe
from consent.client.evidence import Expectations, verify_evidence
from signing.errors import SigningError
from signing.instants import parse_instant
from signing.tlog_policy import parse_policy
from signing.trust import parse_trust
from tests.signing import verify_corpus

FOLDER = Path(__file__).parents[1] / "vectors" / "verify"
CORPUS = json.loads((FOLDER / "cases.json").read_text())
AT = parse_instant(CORPUS["at"])
TRUST = parse_trust((FOLDER / "trust.json").read_bytes())
POLICY = parse_policy((FOLDER / "policy").read_bytes())


def _name(case: dict[str, Any]) -> str:
    options = "".join(f" {name}" for name in ("allow_test", "policy") if case[name])
    return f"{case['file']}{options}"


@pytest.mark.parametrize("case", CORPUS["cases"], ids=_name)
def test_a_document_is_what_the_corpus_says(case: dict[str, Any]) -> None:
    data = (FOLDER / case["file"]).read_bytes()
    expectations = Expectations(
        expected_audience=None,
        expected_statement=None,
        allow_test=case["allow_test"],
        policy=POLICY if case["policy"] else None,
    )
    if case["valid"]:
        evidence = verify_evidence(data, trust=TRUST, at=AT, expectations=expectations)
        said = describe(evidence, at=AT, compared=False)
        assert case["kind"].split()[0] in str(said["kind"])
        assert json.dumps(said)
    else:
        with pytest.raises(SigningError):
            verify_evidence(data, trust=TRUST, at=AT, expectations=expectations)


def test_the_corpus_is_what_its_maker_makes(tmp_path: Path) -> None:
    verify_corpus.write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(FOLDER): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    kept.pop(Path("README.md"))
    assert made.keys() == kept.keys()
    assert [name for name, data in made.items() if kept[name] != data] == []


def test_each_kind_is_accepted_and_refused() -> None:
    judged = {(case["kind"], case["valid"]) for case in CORPUS["cases"]}
    kinds = ("receipt", "receipt proof", "grant package", "evidence bundle", "acknowledgement")
    assert judged == {(kind, valid) for kind in kinds for valid in (True, False)}
