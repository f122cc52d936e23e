"""The answer: parsed as it is printed, and refused where it contradicts itself."""

import json
from typing import Any

import pytest

from signing.canonical import canonicalize
from signing.errors import MalformedError
from signing.evidence_answer import format_answer, parse_answer
from tests.signing.corpus_of_evidence import answer
from tests.signing.samples import an_id

NO = {"outcome": "deny"}


def test_an_answer_is_read_as_it_was_written() -> None:
    for said in (
        answer(),
        answer(livemode=False),
        answer(history=(), known=False),
        answer(decisions=("dec_a", "dec_b")),
    ):
        assert parse_answer(format_answer(said)) == said


def test_the_side_follows_from_the_use_alone() -> None:
    assert [each.side for each in answer().questions] == ["creation", "publication"]


@pytest.mark.parametrize(
    ("pointer", "changes"),
    [
        ("/id", {"id": "evt_x"}),
        ("/seq", {"seq": -2}),
        ("/seq", {"seq": True}),
        ("/performer", {"performer": "external_id:ada"}),
        ("/questions", {"questions": []}),
        ("/questions/0/asked/use", {"questions": [{"asked": {"a": 1}, "then": NO, "now": NO}]}),
        ("/questions/0/then/outcome", {"questions": [{"asked": {"use": "x"}, "then": {"outcome": "yes"}, "now": NO}]}),
        ("/history/1/seq", {"history": [
            {"seq": 2, "at": "2026-12-01T00:00:00Z", "grant": an_id("grt"), "what": "signed"},
            {"seq": 2, "at": "2026-12-01T00:00:00Z", "grant": an_id("grt"), "what": "active"}]}),
        ("/history/0/what", {"history": [
            {"seq": 2, "at": "2026-12-01T00:00:00Z", "grant": an_id("grt"), "what": "revoked"}]}),
        ("/history/0/seq", {"history": [
            {"seq": 99, "at": "2026-12-01T00:00:00Z", "grant": an_id("grt"), "what": "ended"}]}),
        ("/at", {"at": "2026-12-02T10:00:01Z"}),
        ("/limits/never", {"limits": {"schema": "x", "v": 1, "never": []}}),
        ("/legal_name", {"legal_name": "Adelheid"}),
        ("/decisions/1", {"decisions": ["dec_b", "dec_a"]}),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_its_place(pointer: str, changes: dict[str, Any]) -> None:
    document = json.loads(format_answer(answer())) | changes
    with pytest.raises(MalformedError) as caught:
        parse_answer(canonicalize(document))
    assert caught.value.pointer == pointer
