"""Do the verdicts of an evidence bundle follow from what is enclosed? Judged again by the `decide` of every check.

Terms come from the signed consents; states, limits and who was known from the registry's answer. Nothing is taken as
counted, and the asker as able to meet every obligation: neither stands in the history.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from consent.core.asked import Asked
from consent.core.complete import StandingContext, complete
from consent.core.facts import Facts, GrantFacts, GrantState, SubjectFacts
from consent.core.obligations import OBLIGATIONS
from consent.core.policy import decide
from consent.core.terms import GrantTerms, LimitsTerms, compile_grant
from consent.core.wire.check import CheckRequest
from consent.core.wire.errors import WireError
from signing.canonical import JSON
from signing.errors import MalformedError, UntrustedError
from signing.evidence_answer import Answer, Moment, Verdict

_STATES = {
    "signed": GrantState.SIGNED,
    "active": GrantState.ACTIVE,
    "resumed": GrantState.ACTIVE,
    "paused": GrantState.SUSPENDED,
}


def judge_again(answer: Answer, bodies: Mapping[str, Mapping[str, JSON]]) -> None:
    """Decide every question anew. `bodies` are the verified bodies of the consents that the answer names as signed.

    Raises:
        MalformedError: a question is not in the form in which questions are completed.
        UntrustedError: a verdict is another one, or a moment is of a consent that was never signed.
    """
    terms = {grant: compile_grant(body) for grant, body in bodies.items()}
    for place, judged in enumerate(answer.questions):
        asked = asked_again(judged.asked, caller=answer.organization, pointer=f"/questions/{place}/asked")
        if asked.performers != (answer.performer,) and asked.grant not in terms:
            raise UntrustedError(f"question {place + 1} is about somebody else than the answer")
        for when, said in (("then", judged.then), ("now", judged.now)):
            found = verdict(asked, answer, terms, today=when == "now")
            if found != said:
                raise UntrustedError(
                    f"question {place + 1}, {when}: the answer says {_words(said)}, and what is enclosed gives"
                    f" {_words(found)}"
                )


def verdict(asked: Asked, answer: Answer, terms: Mapping[str, GrantTerms], *, today: bool) -> Verdict:
    """The verdict on one question; with `today` consents that were voided since count as never given."""
    decision = decide(asked, _facts(asked, answer, terms, today=today), answer.at)
    return Verdict(
        outcome=decision.outcome.value,
        grants=decision.grants,
        reasons=tuple(each.value for each in decision.reasons),
        missing=decision.missing,
    )


def asked_again(said: Mapping[str, JSON], *, caller: str, pointer: str) -> Asked:
    """The completed question of its JSON form.

    Raises:
        MalformedError: it is not what completing it gives.
    """
    members: dict[str, Any] = {name: value for name, value in said.items() if name != "caller"}
    try:
        asked = complete(msgspec.convert(members, CheckRequest), StandingContext(), caller=caller)
    except (msgspec.ValidationError, WireError) as exc:
        raise MalformedError(f"no question: {exc}", pointer=pointer, rule="asked") from exc
    if asked.to_json() != dict(said):
        raise MalformedError("not a completed question", pointer=pointer, rule="asked")
    return asked


def _facts(asked: Asked, answer: Answer, terms: Mapping[str, GrantTerms], *, today: bool) -> Facts:
    void = {each.grant for each in answer.history if each.what == "voided"} if today else set()
    theirs = [each for each in answer.history if each.grant not in void and each.seq <= answer.seq]
    grants = _standing(theirs, terms)
    selected = asked.grant is None or any(each.grant == asked.grant for each in theirs)
    limits = None if answer.limits is None else LimitsTerms.from_json(answer.limits)
    subject = SubjectFacts(
        reference=answer.performer,
        known=answer.known,
        grants=grants,
        limits=limits,
        deceased_at=None,
        prior_record=answer.prior_record,
        ever_signed=bool(theirs),
    )
    return Facts(
        livemode=answer.livemode,
        caller=answer.organization,
        licensee=answer.organization,
        capabilities=OBLIGATIONS,
        subjects=(subject,) if selected else (),
        persona=None,
        model=None,
        selector_found=selected and asked.persona is None and asked.model is None,
    )


def _standing(history: list[Moment], terms: Mapping[str, GrantTerms]) -> tuple[GrantFacts, ...]:
    """The consents that had not ended, as they stood after the last of these moments."""
    signed = {each.grant: each.at for each in history if each.what == "signed"}
    last: dict[str, str] = {}
    for moment in history:
        if moment.grant not in signed or moment.grant not in terms:
            raise UntrustedError(f"{moment.grant} is told of, and no signed consent of that name is enclosed")
        begins, after_end = moment.grant not in last, last.get(moment.grant) == "ended"
        if (moment.what == "signed") != begins or (after_end and moment.what != "voided"):
            raise UntrustedError(f"{moment.grant} is told of before it was signed, or after its end")
        last[moment.grant] = "ended" if moment.what == "voided" else moment.what
    return tuple(
        GrantFacts(grant=grant, state=_STATES[what], terms=terms[grant], signed_at=signed[grant], usage={})
        for grant, what in sorted(last.items())
        if what in _STATES
    )


def _words(said: Verdict) -> str:
    return f"{said.outcome} ({', '.join(said.reasons or said.grants) or 'without reasons'})"
