"""decide: may this be done? Total, pure and small (DESIGN §5).

Deny by default; any deny overrides; one grant must satisfy the whole question; every performer of
it must allow. `explain` watches this same code.
"""

from datetime import datetime

from consent.core import obligations as duties
from consent.core.asked import Asked
from consent.core.constraints import Scene
from consent.core.constraints.end_user_age import EndUserAge
from consent.core.counting import CounterClaim, utc_day
from consent.core.decision import Decision, Outcome
from consent.core.facts import Facts, GrantFacts, ModelFacts, SubjectFacts, ends_at
from consent.core.judging import (
    Allowed,
    Hearing,
    Objections,
    Watch,
    is_active,
    judge,
    may_speak,
    weigh_limits,
)
from consent.core.next_steps import next_step
from consent.core.plain_yes import plain_yes
from consent.core.reasons import Reason, in_order

__all__ = ["CounterClaim", "Decision", "Outcome", "decide"]

_FICTIONAL_AGE = EndUserAge(demanded=False)


def decide(asked: Asked, facts: Facts, at: datetime, *, watch: Watch | None = None) -> Decision:
    """Decide a completed question on facts of one position.

    `at` is an aware instant on the primary's clock. Never raises for any question and facts; what is
    unknown denies. The facts must belong to the question: a performer without facts is unknown.
    """
    if watch is None and (found_at_once := plain_yes(asked, facts, at)) is not None:
        return found_at_once
    if asked.stops:
        return _deny(asked, asked.stops, ())
    if not _selector_is_theirs(asked, facts):
        return _deny(asked, (Reason.NOT_A_RECIPIENT,), ())
    objections = Objections()
    subjects = _subjects(asked, facts, objections)
    scene = Scene(at, _people(subjects), _models(asked, facts), None, "")
    hearing = Hearing(asked, facts.capabilities, scene, watch)
    allowed: list[Allowed] = []
    for subject in subjects:
        found = _judge_subject(hearing, facts, subject, objections)
        if found is not None:
            allowed.append(found)
    _judge_selector(asked, facts, bool(subjects), scene, objections)
    reasons = objections.reasons
    if not reasons and len(allowed) == len(subjects):
        return _allow(asked, facts, allowed, at)
    if Reason.NOT_A_RECIPIENT in reasons:
        # Whoever may not ask learns nothing else (DECIDING 24).
        return _deny(asked, (Reason.NOT_A_RECIPIENT,), ())
    if not reasons:
        # Deny by default: no objection is not yet a yes. Each performer's yes is a grant that allows.
        reasons.add(Reason.OUT_OF_SCOPE)
    return _deny(asked, in_order(reasons), tuple(sorted(objections.missing)))


def _selector_is_theirs(asked: Asked, facts: Facts) -> bool:
    """An unknown model, persona or grant, and one of somebody else, answer alike."""
    if not facts.selector_found or facts.licensee != (asked.on_behalf_of or facts.licensee):
        return False
    if asked.model is not None:
        model = facts.model
        return model is not None and (model.model, model.owner) == (asked.model, facts.licensee)
    if asked.persona is not None:
        persona = facts.persona
        return persona is not None and (persona.persona, persona.owner) == (asked.persona, facts.licensee)
    return asked.on_behalf_of is not None or facts.licensee == facts.caller


def _subjects(asked: Asked, facts: Facts, objections: Objections) -> tuple[SubjectFacts, ...]:
    """The performers of the question, each once; one without facts is unknown."""
    subjects = facts.subjects
    if len(subjects) == 1 and asked.performers == (subjects[0].reference,):
        return subjects
    by_reference = {subject.reference: subject for subject in subjects}
    demanded: set[str] = set(asked.performers)
    if asked.model is not None and facts.model is not None:
        demanded.update(facts.model.performers)
    if asked.persona is not None and facts.persona is not None:
        demanded.update(facts.persona.performers)
        for model in facts.persona_models:
            demanded.update(model.performers)
    if not demanded <= by_reference.keys():
        objections.reasons.add(Reason.PERFORMER_UNKNOWN)
    return tuple(by_reference.values())


def _people(subjects: tuple[SubjectFacts, ...]) -> int:
    """How many persons these are. One person under two references counts once (DECIDING 17): a grant is
    of one performer, so whoever shares one is the same; without grants there is no yes to count.
    """
    if len(subjects) < 2:
        return len(subjects)
    return len({min((grant.grant for grant in each.grants), default=each.reference) for each in subjects})


def _models(asked: Asked, facts: Facts) -> tuple[str, ...]:
    if asked.model is None and asked.persona is None:
        return ()
    if asked.model is not None:
        return (asked.model,)
    return facts.persona.models if facts.persona is not None else ()


def _judge_subject(
    hearing: Hearing, facts: Facts, subject: SubjectFacts, objections: Objections
) -> Allowed | None:
    """One performer: the grant that allows, or the objections."""
    asked, at = hearing.asked, hearing.scene.at
    if not subject.known:
        objections.reasons.add(Reason.PERFORMER_UNKNOWN)
        return None
    own = facts.caller == facts.licensee
    visible = subject.grants
    if not own or asked.grant is not None:
        # The grants this caller may rely on: its own, or those that name it as a recipient.
        visible = tuple(
            grant
            for grant in visible
            if asked.grant in (None, grant.grant) and (own or facts.caller in grant.terms.recipients)
        )
    any_active = any_named = False
    against = Objections()
    best: Allowed | None = None
    for grant in visible:
        if not is_active(grant, subject, at, None):
            continue
        any_active = True
        named = asked.use in grant.terms.by_use
        if not (named or may_speak(grant, asked)):
            continue
        any_named = any_named or named
        found = judge(hearing, grant, against)
        if found is not None and (best is None or _preference(found) < _preference(best)):
            best = found
    if any_named and subject.limits is not None:
        weigh_limits(subject.limits, asked, objections)
    if best is not None:
        return best
    if against.reasons:
        objections.take(against)
    elif any_active:
        objections.reasons.add(Reason.OUT_OF_SCOPE)
    elif visible or own:
        _say_why_none(facts, subject, visible, at, objections)
    else:
        objections.reasons.add(Reason.NOT_A_RECIPIENT)
    return None


def _say_why_none(
    facts: Facts,
    subject: SubjectFacts,
    visible: tuple[GrantFacts, ...],
    at: datetime,
    objections: Objections,
) -> None:
    """Lack, pause, hold, death and end read alike; only agreed years after death say that they ran out."""
    after_death = Objections()
    for grant in visible:
        is_active(grant, subject, at, after_death)
    if after_death.reasons:
        objections.reasons |= after_death.reasons
    elif subject.prior_record and not subject.ever_signed and facts.caller == facts.licensee:
        objections.reasons.add(Reason.PRIOR_RECORD_UNSIGNED)
    else:
        objections.reasons.add(Reason.NO_ACTIVE_CONSENT)


def _preference(found: Allowed) -> tuple[int, str, str]:
    return (len(found.line.counters), found.grant.grant, found.line.id)


def _judge_selector(
    asked: Asked, facts: Facts, has_subjects: bool, scene: Scene, objections: Objections
) -> None:
    """The model's or persona's own state, an empty list of performers, and the key's quota."""
    if facts.over_quota:
        objections.reasons.add(Reason.QUOTA)
    if asked.persona is None and asked.model is None:
        if not has_subjects:
            objections.reasons.add(Reason.PERSONA_EMPTY)
        return
    persona = facts.persona if asked.persona is not None else None
    fictional = persona is not None and persona.fictional_attester is not None
    if fictional:
        if not has_subjects and facts.caller != facts.licensee:
            objections.reasons.add(Reason.NOT_A_RECIPIENT)
        objections.add(_FICTIONAL_AGE.evaluate(asked, scene))
    elif not has_subjects:
        objections.reasons.add(Reason.PERSONA_EMPTY)
    models: tuple[ModelFacts, ...] = ()
    if asked.model is not None and facts.model is not None:
        models = (facts.model,)
    elif persona is not None:
        models = facts.persona_models
        theirs = {model.model for model in models if model.owner == persona.owner}
        if theirs != set(persona.models) or len(theirs) != len(models):
            objections.reasons.add(Reason.NOT_A_RECIPIENT)
    for model in models:
        if model.tainted:
            objections.reasons.add(Reason.MODEL_TAINTED)
        if model.disabled:
            objections.reasons.add(Reason.MODEL_DISABLED)


def _allow(asked: Asked, facts: Facts, allowed: list[Allowed], at: datetime) -> Decision:
    valid_for_s = asked.valid_for_s
    claims: dict[tuple[str, str, str], CounterClaim] = {}
    for found in allowed:
        left = ends_at(found.grant) - at
        if left.days == 0 and left.seconds < valid_for_s:
            valid_for_s = left.seconds
        for kind, limit in found.line.counters:
            claims[(found.grant.grant, found.line.id, kind)] = _claim(asked, found, kind, limit, at)
    attester = facts.persona.fictional_attester if asked.persona is not None and facts.persona else None
    return Decision(
        outcome=Outcome.ALLOW,
        grants=(
            (allowed[0].grant.grant,)
            if len(allowed) == 1
            else tuple(sorted({found.grant.grant for found in allowed}))
        ),
        reasons=() if attester is None else (Reason.FICTIONAL_PERSONA,),
        obligations=(
            duties.due(asked, [found.grant.terms.obligations for found in allowed]) if asked.is_output else ()
        ),
        claims=tuple(claims[key] for key in sorted(claims)) if claims else (),
        valid_for_s=valid_for_s,
        attester=attester,
    )


def _claim(asked: Asked, found: Allowed, kind: str, limit: int, at: datetime) -> CounterClaim:
    return CounterClaim(
        grant=found.grant.grant,
        line=found.line.id,
        kind="rate" if kind == "rate" else "max_outputs",
        quantity=asked.quantity,
        limit=limit,
        day=utc_day(at) if kind == "rate" else None,
    )


def _deny(asked: Asked, reasons: tuple[Reason, ...], missing: tuple[str, ...]) -> Decision:
    return Decision(
        outcome=Outcome.DENY,
        reasons=reasons,
        missing=missing,
        next_step=next_step(reasons, missing),
        valid_for_s=asked.valid_for_s,
    )
