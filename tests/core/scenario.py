"""Scenarios: a question and everything known about it as plain JSON values, and the facts made of them.

The reference policy reads the plain values; `decide` gets what `compile_grant` makes of them, sent
through its JSON form, as the registry stores it.
"""

import json
from datetime import date, datetime
from typing import Any

from consent.core.asked import Asked
from consent.core.complete import StandingContext, complete
from consent.core.facts import CounterKey, Facts, GrantFacts, ModelFacts, PersonaFacts, SubjectFacts
from consent.core.states import GrantState
from consent.core.terms import GrantTerms, LimitsTerms, compile_grant, compile_limits
from consent.core.wire.decode import decode_check

Json = dict[str, Any]


def asked_of(scenario: Json) -> Asked:
    """Complete the scenario's request, from bytes, as the API does."""
    request = decode_check(json.dumps(scenario["request"]).encode())
    context = StandingContext.from_json(scenario.get("context", {}))
    return complete(request, context, caller=scenario["caller"])


def facts_of(scenario: Json) -> Facts:
    """The facts of the scenario."""
    persona, model = scenario.get("persona"), scenario.get("model")
    return Facts(
        livemode=False,
        caller=scenario["caller"],
        licensee=scenario["licensee"],
        capabilities=frozenset(scenario.get("capabilities", ())),
        subjects=tuple(_subject(each) for each in scenario["subjects"]),
        persona=None if persona is None else _persona(persona),
        model=None if model is None else _model(model),
        selector_found=scenario.get("selector_found", True),
        persona_models=tuple(_model(each) for each in scenario.get("persona_models", ())),
        over_quota=scenario.get("over_quota", False),
    )


def _subject(subject: Json) -> SubjectFacts:
    limits = subject.get("limits")
    return SubjectFacts(
        reference=subject["reference"],
        known=subject["known"],
        grants=tuple(grant_of(each) for each in subject["grants"]),
        limits=None if limits is None else _through_json_limits(limits),
        deceased_at=subject.get("deceased_at"),
        prior_record=subject.get("prior_record", False),
        ever_signed=subject.get("ever_signed", True),
    )


def grant_of(grant: Json) -> GrantFacts:
    """One grant, its terms compiled from the body and sent through JSON."""
    usage = grant["usage"]
    return GrantFacts(
        grant=grant["id"],
        state=GrantState(grant["state"]),
        terms=through_json(compile_grant(grant["body"])),
        signed_at=grant["signed_at"],
        usage=None if usage is None else {_key(name): count for name, count in usage.items()},
    )


def through_json(terms: GrantTerms) -> GrantTerms:
    """The terms as they come back from storage."""
    back = GrantTerms.from_json(json.loads(json.dumps(terms.to_json())))
    assert back == terms
    return back


def _through_json_limits(body: Json) -> LimitsTerms:
    limits = compile_limits(body)
    back = LimitsTerms.from_json(json.loads(json.dumps(limits.to_json())))
    assert back == limits
    return back


def _key(name: str) -> CounterKey:
    """`l1.max_outputs`, or `l1.rate.2027-01-01`."""
    line, kind, *day = name.split(".")
    return CounterKey(line=line, kind=kind, day=date.fromisoformat(day[0]) if day else None)


def _persona(persona: Json) -> PersonaFacts:
    return PersonaFacts(
        persona=persona["id"],
        owner=persona["owner"],
        fictional_attester=persona.get("fictional_attester"),
        performers=tuple(persona.get("performers", ())),
        models=tuple(persona.get("models", ())),
    )


def _model(model: Json) -> ModelFacts:
    return ModelFacts(
        model=model["id"],
        owner=model["owner"],
        performers=tuple(model.get("performers", ())),
        tainted=model.get("tainted", False),
        disabled=model.get("disabled", False),
    )


def instant(text: str | datetime) -> datetime:
    """An instant of a case file: TOML has its own."""
    return text if isinstance(text, datetime) else datetime.fromisoformat(text.replace("Z", "+00:00"))
