"""The course of a pair: what became of its consents, and the answers that follow, then and now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.facts import SubjectFacts
from consent.core.obligations import OBLIGATIONS
from consent.core.policy import decide
from consent.core.states import GrantState
from consent.evidence.happened import Happened
from consent.evidence.replay import Replay, ReplayedGrant
from signing.evidence_answer import JudgedQuestion, Moment, Verdict, What

PAUSES = frozenset({"paused", "resumed"})
MAX_PAUSES = 1000  # told of one pair; far more than anybody reads
VOID = GrantState.VOIDED.value  # the outcome of an ending after which a consent never was one


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened between a performer and an organization up to a position, and what was voided since."""

    then: Replay
    now: Replay
    moments: tuple[Moment, ...]


def follow(events: Iterable[Happened], *, organization: str, up_to: int) -> Course:
    """Follow a performer's whole history; what lies behind `up_to` matters only where it voids.

    Raises:
        ReplayError: it cannot be followed.
    """
    told = list(events)
    void = {_grant(each) for each in told if _voids(each)}
    then, now = Replay(), Replay()
    moments: list[Moment] = []
    for event in told:
        before = _stands(then.grants.get(_grant(event)))
        if event.seq <= up_to:
            then.follow(event)
            if _grant(event) not in void:
                now.follow(event)
        grant = then.grants.get(_grant(event))
        if grant is None or grant.pair[1] != organization:
            continue
        what = "voided" if _voids(event) else _became(before, _stands(grant))
        if what is not None and event.at is not None:
            at = event.at if what != "signed" or event.said is None else event.said.received_at
            moments.append(Moment(seq=event.seq, at=at.replace(microsecond=0), grant=grant.grant, what=what))
    return Course(then=then, now=now, moments=tuple(_newest_pauses(moments)))


def _newest_pauses(moments: Sequence[Moment]) -> list[Moment]:
    """The moments without old pauses: whoever pauses ten thousand times must not make evidence impossible.

    The last pause or resumption of each consent stays, since its state follows from it.
    """
    old = [each for each in moments if each.what in PAUSES][:-MAX_PAUSES]
    last = {each.grant: each for each in moments if each.what in PAUSES}
    left_out = {each.seq for each in old if last[each.grant] is not each}
    return [each for each in moments if each.seq not in left_out]


def judge(
    course: Course, questions: Sequence[Asked], *, at: datetime, livemode: bool
) -> list[JudgedQuestion]:
    """Both verdicts on each question."""
    return [
        JudgedQuestion(
            asked=asked.to_json(),
            then=_verdict(_decide(course.then, asked, at=at, livemode=livemode)),
            now=_verdict(_decide(course.now, asked, at=at, livemode=livemode)),
        )
        for asked in questions
    ]


def subject_of(course: Course, *, organization: str, performer: str, livemode: bool) -> SubjectFacts:
    """The performer as the organization had them at the position."""
    asked = Asked(caller=organization, use="train.voice", performers=(performer,))
    return course.then.facts(asked, livemode=livemode, capabilities=OBLIGATIONS).subjects[0]


def _decide(replay: Replay, asked: Asked, *, at: datetime, livemode: bool) -> Decision:
    return decide(asked, replay.facts(asked, livemode=livemode, capabilities=OBLIGATIONS), at)


def _verdict(decision: Decision) -> Verdict:
    return Verdict(
        outcome=decision.outcome.value,
        grants=decision.grants,
        reasons=tuple(each.value for each in decision.reasons),
        missing=decision.missing,
    )


def _grant(event: Happened) -> str:
    return str(event.body.get("grant", "")) if event.kind.startswith("grant.") else ""


def _voids(event: Happened) -> bool:
    return event.kind == "grant.ended" and event.body.get("outcome") == VOID


def _stands(grant: ReplayedGrant | None) -> GrantState | str | None:
    if grant is None:
        return None
    return "ended" if grant.ended_seq is not None else grant.standing


def _became(before: GrantState | str | None, after: GrantState | str | None) -> What | None:
    """The word for a change, as its licensee is told it: no holder, no author, no reason (DECIDING 19)."""
    if before == after or after is None:
        return None
    match after:
        case GrantState.SIGNED:
            return "signed"
        case GrantState.ACTIVE:
            return "active" if before is GrantState.SIGNED else "resumed"
        case GrantState.SUSPENDED:
            return "paused"
        case _:
            return "ended"
