"""The answer in an evidence bundle: what was asked about the past, what was so, and why (SPEC §17.2).

Two verdicts for each question. *Then*: what the registry knew at that position. *Now*: the same, but consents that were
voided since count as never given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

from signing.bodies.fields import (
    Check,
    boolean,
    constant,
    fail,
    identifier,
    instant,
    integer,
    nullable,
    one_of,
    open_object,
    pattern,
    record,
    sequence,
    set_of,
    text,
    token,
)
from signing.canonical import JSON, canonicalize, parse_statement
from signing.instants import format_instant, parse_instant

SCHEMA = "consent-registry/evidence/v1"
MAX_ANSWER_BYTES = 1 << 20
MAX_QUESTIONS = 64  # one for each use that there is, and some more
MAX_MOMENTS = 4000  # of the pair's consents; more than a person can read
MAX_DECISIONS = 20
NOTHING_YET = -1  # the position before the first event

Outcome: TypeAlias = Literal["allow", "deny"]
What: TypeAlias = Literal["signed", "active", "paused", "resumed", "ended", "voided"]
Side: TypeAlias = Literal["creation", "publication"]
WHAT: tuple[What, ...] = ("signed", "active", "paused", "resumed", "ended", "voided")
PUBLICATION = "publish."  # uses that bring something to the public; every other one makes or prepares it


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Allow or deny, with the consents that it rests on, or what stood against it."""

    outcome: Outcome
    grants: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuestion:
    """A completed question (the `asked` of a check) and both verdicts."""

    asked: Mapping[str, JSON]
    then: Verdict
    now: Verdict

    @property
    def side(self) -> Side:
        """Whether it is about creating or about publishing: neither proves the other."""
        return "publication" if str(self.asked["use"]).startswith(PUBLICATION) else "creation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What became of a consent at a position, in the words that its licensee is told."""

    seq: int
    at: datetime
    grant: str
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that the registry says in a bundle; `at` resolved to position `seq`, the last one by then.

    `known`: the organization had been given this performer by then. `prior_record`: it had imported a paper consent.
    `limits`: of the performer's own prohibitions at that position those that could matter for these consents.
    """

    id: str
    issuer: str
    livemode: bool
    issued_at: datetime
    at: datetime
    seq: int
    organization: str
    performer: str
    known: bool
    prior_record: bool
    limits: Mapping[str, JSON] | None
    questions: tuple[JudgedQuestion, ...]
    history: tuple[Moment, ...] = ()
    decisions: tuple[str, ...] = ()


_DECISION_ID = re.compile(r"dec_[A-Za-z0-9_-]{1,120}", re.ASCII)
_grant_id = identifier("grt")
_VERDICT = record(
    {"outcome": one_of("allow", "deny")},
    {
        "grants": set_of(_grant_id, longest=1),
        "reasons": sequence(token, longest=64),
        "missing": set_of(text(64), longest=64),
    },
)
_LIMITS = record(
    {"schema": text(100), "v": integer(0, 1000)}, {"never": sequence(open_object(1), longest=256)}
)
_PERFORMER = identifier("prf")
_ANSWER: Check = record(
    {
        "schema": constant(SCHEMA),
        "id": identifier("evd"),
        "iss": text(300),
        "livemode": boolean,
        "issued_at": instant,
        "at": instant,
        "seq": integer(NOTHING_YET),
        "organization": identifier("org"),
        "performer": _PERFORMER,
        "known": boolean,
        "prior_record": boolean,
        "limits": nullable(_LIMITS),
        "questions": sequence(
            record({"asked": open_object(1), "then": _VERDICT, "now": _VERDICT}), longest=MAX_QUESTIONS
        ),
    },
    {
        "history": sequence(
            record({"seq": integer(0), "at": instant, "grant": _grant_id, "what": one_of(*WHAT)}),
            longest=MAX_MOMENTS,
        ),
        "decisions": set_of(pattern(_DECISION_ID, "id", "dec_…"), longest=MAX_DECISIONS),
    },
)


def parse_answer(data: bytes) -> Answer:
    """The answer of its canonical bytes.

    Raises:
        MalformedError: with the pointer of the first member at fault; also where the bytes are not those that
            `format_answer` writes.
    """
    value = parse_statement(data, max_bytes=MAX_ANSWER_BYTES)
    _ANSWER(value, "")
    said = cast("dict[str, JSON]", value)
    questions = cast("list[dict[str, JSON]]", said["questions"])
    for place, each in enumerate(questions):
        if not isinstance(cast("dict[str, JSON]", each["asked"]).get("use"), str):
            fail("names no use", f"/questions/{place}/asked/use", "required", "the use that was asked about")
    named = {name: member for name, member in said.items() if isinstance(member, str)}
    answer = Answer(
        id=named["id"],
        issuer=named["iss"],
        livemode=said["livemode"] is True,
        issued_at=parse_instant(said["issued_at"], pointer="/issued_at"),
        at=parse_instant(said["at"], pointer="/at"),
        seq=cast("int", said["seq"]),
        organization=named["organization"],
        performer=named["performer"],
        known=said["known"] is True,
        prior_record=said["prior_record"] is True,
        limits=cast("dict[str, JSON] | None", said["limits"]),
        questions=tuple(
            JudgedQuestion(
                asked=cast("dict[str, JSON]", each["asked"]),
                then=_read_verdict(each["then"]),
                now=_read_verdict(each["now"]),
            )
            for each in questions
        ),
        history=tuple(
            Moment(
                seq=cast("int", each["seq"]),
                at=parse_instant(each["at"]),
                grant=str(each["grant"]),
                what=cast("What", each["what"]),
            )
            for each in cast("list[dict[str, JSON]]", said.get("history", []))
        ),
        decisions=tuple(str(each) for each in cast("list[JSON]", said.get("decisions", []))),
    )
    if format_answer(answer) != data:
        fail("not in RFC 8785 form", "", "canonical")
    _check_order(answer)
    return answer


def format_answer(answer: Answer) -> bytes:
    """The RFC 8785 bytes of an answer."""
    document: dict[str, JSON] = {
        "schema": SCHEMA,
        "id": answer.id,
        "iss": answer.issuer,
        "livemode": answer.livemode,
        "issued_at": format_instant(answer.issued_at),
        "at": format_instant(answer.at),
        "seq": answer.seq,
        "organization": answer.organization,
        "performer": answer.performer,
        "known": answer.known,
        "prior_record": answer.prior_record,
        "limits": None if answer.limits is None else dict(answer.limits),
        "questions": [
            {"asked": dict(each.asked), "then": _verdict(each.then), "now": _verdict(each.now)}
            for each in answer.questions
        ],
    }
    if answer.history:
        document["history"] = [
            {"seq": each.seq, "at": format_instant(each.at), "grant": each.grant, "what": each.what}
            for each in answer.history
        ]
    if answer.decisions:
        document["decisions"] = list[JSON](answer.decisions)
    return canonicalize(document)


def _verdict(verdict: Verdict) -> dict[str, JSON]:
    lists = {"grants": verdict.grants, "reasons": verdict.reasons, "missing": verdict.missing}
    return {
        "outcome": verdict.outcome,
        **{name: list[JSON](values) for name, values in lists.items() if values},
    }


def _read_verdict(value: JSON) -> Verdict:
    members = cast("dict[str, list[str]]", value)
    return Verdict(
        outcome=cast("Outcome", members["outcome"]),
        grants=tuple(members.get("grants", ())),
        reasons=tuple(members.get("reasons", ())),
        missing=tuple(members.get("missing", ())),
    )


def _check_order(answer: Answer) -> None:
    """Moments go forward, and only what voids may lie behind the position that was asked about."""
    before = -1
    for place, moment in enumerate(answer.history):
        if moment.seq <= before:
            fail("moments do not go forward", f"/history/{place}/seq", "ascending", f"more than {before}")
        if moment.seq > answer.seq and moment.what != "voided":
            fail("lies behind the position", f"/history/{place}/seq", "position", f"at most {answer.seq}")
        before = moment.seq
    if answer.at > answer.issued_at:
        fail("lies in the future", "/at", "past", f"not later than {format_instant(answer.issued_at)}")
