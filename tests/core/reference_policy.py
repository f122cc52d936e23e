"""A naive second policy, written from DECIDING, SHAPES and DESIGN §5 alone, on plain JSON values.

It shares nothing with `consent.core`: no compiled terms, no register, no vocabulary. Slow and literal.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.core import reference_lines as lines
from tests.core import reference_terms as terms
from tests.core.reference_words import (
    LISTABLE,
    MODALITIES,
    PERMANENT,
    PURPOSES,
    REASON_ORDER,
    SCOPES,
    TERM_TIER,
    TIERS,
    USES,
)

Json = dict[str, Any]


def reference(scenario: Json, asked: Json) -> Json:
    """The outcome, reasons, missing attributes, grants and obligations that the rulings ask for."""
    stop = question_stops(asked)
    if stop:
        return answer(stop, set())
    if not may_ask(scenario, asked):
        return answer({"not_a_recipient"}, set())
    reasons: set[str] = set()
    missing: set[str] = set()
    used: list[tuple[Json, Json]] = []
    people = performers_of(scenario, asked)
    for reference_name in people:
        subject = next((s for s in scenario["subjects"] if s["reference"] == reference_name), None)
        if subject is None or not subject["known"]:
            reasons.add("performer_unknown")
            continue
        found = judge_performer(scenario, asked, subject, persons(scenario), reasons, missing)
        if found is not None:
            used.append(found)
    judge_selector(scenario, asked, people, reasons, missing)
    if "not_a_recipient" in reasons:
        return answer({"not_a_recipient"}, set())
    if reasons:
        return answer(reasons, missing)
    assert len(used) == len(people), "an allow rests on a grant of every performer"
    return allow(scenario, asked, used)


def answer(reasons: set[str], missing: set[str]) -> Json:
    ordered = [reason for reason in REASON_ORDER if reason in reasons]
    return {"outcome": "deny", "reasons": ordered, "missing": sorted(missing), "grants": [], "claims": []}


def question_stops(asked: Json) -> set[str]:
    """Words that nobody knows, and rulings 7: the permanent denies."""
    stops = set()
    tier = asked["content_tier"]
    use = asked["use"]
    modality = asked.get("modality")
    known = (
        use in USES
        and use != "sublicense.grant"
        and (modality is None or modality == "+".join(m for m in MODALITIES if m in modality.split("+")))
        and (modality is None or terms.MODALITY_OF.get(use, modality) == modality)
        and asked.get("purpose", "news") in PURPOSES
        and terms.region_exists(asked.get("territory", "DE"))
        and tier in TIERS
        and asked["end_user_scope"] in SCOPES
        and all(term in TERM_TIER for term in asked.get("adult_terms", ()))
        and all(theme in PERMANENT + LISTABLE for theme in asked.get("themes", ()))
        and asked["quantity"] >= 1
    )
    if not known:
        stops.add("unknown_term")
    themes = asked.get("themes", ())
    if tier not in ("general", "suggestive") and any(theme in PERMANENT for theme in themes):
        stops.add("prohibited_content")
    if tier != "general" and "minor-portrayal" in themes:
        stops.add("prohibited_content")
    return stops


def may_ask(scenario: Json, asked: Json) -> bool:
    """Rulings 13 and 24, before any grant is looked at."""
    licensee = scenario["licensee"]
    if not scenario.get("selector_found", True):
        return False
    if "on_behalf_of" in asked and asked["on_behalf_of"] != licensee:
        return False
    for kind in ("model", "persona"):
        if kind in asked:
            thing = scenario.get(kind)
            return thing is not None and thing["id"] == asked[kind] and thing["owner"] == licensee
    return "on_behalf_of" in asked or scenario["caller"] == licensee


def performers_of(scenario: Json, asked: Json) -> list[str]:
    """Everybody whose yes is needed, each once (rulings 17, 22)."""
    names = set(asked.get("performers", ()))
    if "performer" in asked:
        names.add(asked["performer"])
    if "model" in asked:
        names.update(scenario["model"].get("performers", ()))
    if "persona" in asked:
        names.update(scenario["persona"].get("performers", ()))
        for model in scenario.get("persona_models", ()):
            names.update(model.get("performers", ()))
    names.update(subject["reference"] for subject in scenario["subjects"])
    return sorted(names)


def persons(scenario: Json) -> int:
    """Ruling 17: a person under two references counts once; a grant belongs to one person."""
    groups: list[set[str]] = []
    for subject in scenario["subjects"]:
        marks = {grant["id"] for grant in subject["grants"]} or {subject["reference"]}
        same = [group for group in groups if group & marks]
        groups = [group for group in groups if not group & marks] + [marks.union(*same)]
    return len(groups)


def judge_performer(
    scenario: Json, asked: Json, subject: Json, people: int, reasons: set[str], missing: set[str]
) -> tuple[Json, Json] | None:
    own = scenario["caller"] == scenario["licensee"]
    grants = [g for g in subject["grants"] if own or scenario["caller"] in terms.recipients(g["body"])]
    if "grant" in asked:
        grants = [g for g in grants if g["id"] == asked["grant"]]
    if not own and not grants:
        reasons.add("not_a_recipient")
        return None
    active = [g for g in grants if is_active(g, subject, scenario["at"]) is True]
    if not active:
        over = any(is_active(g, subject, scenario["at"]) == "posthumous" for g in grants)
        if over:
            reasons.add("posthumous")
        elif own and subject.get("prior_record") and not subject.get("ever_signed", True):
            reasons.add("prior_record_unsigned")
        else:
            reasons.add("no_active_consent")
        return None
    matching = [g for g in active if terms.speaks_of_use(g["body"], asked)]
    if not matching:
        reasons.add("out_of_scope")
        return None
    limited = False
    if any(terms.lines_naming(g["body"], asked["use"]) for g in matching):
        limited = weigh_limits(subject, asked, reasons, missing)
    good, bad_reasons, bad_missing = [], set(), set()
    for grant in matching:
        allowing, why, lacks = judge_grant(scenario, asked, grant, people)
        good += [(grant, line) for line in allowing]
        bad_reasons |= why
        bad_missing |= lacks
    if not good:
        reasons |= bad_reasons
        missing |= bad_missing
        return None
    if limited:
        return None
    return min(good, key=lambda pair: (len(lines.counters(pair[1])), pair[0]["id"], pair[1]["id"]))


def is_active(grant: Json, subject: Json, at: datetime) -> bool | str:
    """Rulings 14 and 24: True, False, or "posthumous" where agreed years ran out."""
    body = grant["body"]
    if grant["state"] != "active" or at >= terms.instant(body["valid_until"]):
        return False
    if at >= plus_years(grant["signed_at"], 10):
        return False
    died = subject.get("deceased_at")
    if died is None or at < died:
        return True
    after = body.get("posthumous")
    if not after or not after["allowed"]:
        return False
    return True if at < plus_years(died, after["years"]) else "posthumous"


def plus_years(start: datetime, years: int) -> datetime:
    day = 28 if (start.month, start.day) == (2, 29) and not is_leap(start.year + years) else start.day
    return start.replace(year=start.year + years, day=day)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def weigh_limits(subject: Json, asked: Json, reasons: set[str], missing: set[str]) -> bool:
    body = subject.get("limits")
    if body is None:
        return False
    found: set[str] = set()
    if body["schema"] != "consent-registry/limits/v1" or not all(
        terms.prohibition_known(each) for each in body.get("never", ())
    ):
        found |= {"performer_limits", "unknown_term"}
    for each in body.get("never", ()):
        hit = terms.prohibits(each, asked)
        if hit is True:
            found.add("performer_limits")
        elif hit:
            found.add("context_missing")
            missing |= hit
    reasons |= found
    return bool(found)


def judge_grant(
    scenario: Json, asked: Json, grant: Json, people: int
) -> tuple[list[Json], set[str], set[str]]:
    """The lines that allow, all reasons and all missing attributes of one matching grant."""
    body = grant["body"]
    whole: set[str] = set()
    missing: set[str] = set()
    if not terms.body_known(body):
        whole.add("unknown_term")
    if scenario["at"] < terms.instant(body["valid_from"]):
        whole.add("term")
    for each in body.get("prohibitions", ()):
        hit = terms.prohibits(each, asked)
        if hit is True:
            whole.add("explicit_prohibition")
        elif hit:
            whole.add("context_missing")
            missing |= hit
    if is_output(asked) and not set(body.get("obligations", ())) & set(terms.KNOWN_OBLIGATIONS) <= set(
        scenario.get("capabilities", ())
    ):
        whole.add("obligation_unmet")
    reasons = set(whole)
    good = []
    for line in terms.lines_naming(body, asked["use"]):
        why, lacks = lines.judge_line(line, asked, scenario, grant, people)
        if why:
            reasons |= why
            missing |= lacks
        elif not whole:
            good.append(line)
    return good, reasons, missing


def is_output(asked: Json) -> bool:
    return asked["use"].split(".")[0] in ("infer", "edit", "publish")


def judge_selector(
    scenario: Json, asked: Json, people: list[str], reasons: set[str], missing: set[str]
) -> None:
    """Rulings 12, 17, 22: the model's and the persona's own state."""
    persona = scenario["persona"] if "persona" in asked else None
    if persona is not None and persona.get("fictional_attester"):
        if not people and scenario["caller"] != scenario["licensee"]:
            reasons.add("not_a_recipient")
        lines.judge_age(asked, demanded=False, reasons=reasons, missing=missing)
    elif not people:
        reasons.add("persona_empty")
    models = []
    if "model" in asked:
        models = [scenario["model"]]
    elif persona is not None:
        models = scenario.get("persona_models", [])
        owned = [model["id"] for model in models if model["owner"] == persona["owner"]]
        if sorted(owned) != sorted(persona.get("models", [])):
            reasons.add("not_a_recipient")
        if len(owned) != len(models):
            reasons.add("not_a_recipient")
    for model in models:
        if model.get("tainted"):
            reasons.add("model_tainted")
        if model.get("disabled"):
            reasons.add("model_disabled")
    if scenario.get("over_quota"):
        reasons.add("quota")


def allow(scenario: Json, asked: Json, used: list[tuple[Json, Json]]) -> Json:
    attester = scenario["persona"].get("fictional_attester") if "persona" in asked else None
    duties: set[str] = set()
    if is_output(asked):
        for grant, _ in used:
            duties |= set(grant["body"].get("obligations", ()))
        duties |= by_law(asked)
    claims = sorted(
        {
            (grant["id"], line["id"], kind, asked["quantity"], limit)
            for grant, line in used
            for kind, limit in lines.counters(line)
        }
    )
    return {
        "outcome": "allow",
        "reasons": ["fictional_persona"] if attester else [],
        "missing": [],
        "grants": sorted({grant["id"] for grant, _ in used}),
        "obligations": sorted(duties),
        "claims": [list(claim) for claim in claims],
        "valid_for_s": validity(scenario, asked, used),
    }


def by_law(asked: Json) -> set[str]:
    where = asked.get("territory", "")
    if where[:2] == "CN":
        return {"label.cn_gb45438"}
    if where in ("US", "US-NY", "WORLD") and asked.get("purpose") == "advertise":
        return set() if asked.get("modality") == "voice" else {"disclose.ny_synthetic_performer"}
    return set()


def validity(scenario: Json, asked: Json, used: list[tuple[Json, Json]]) -> int:
    longest = timedelta(seconds=300 if is_output(asked) else 900)
    ends = [
        min(terms.instant(grant["body"]["valid_until"]), plus_years(grant["signed_at"], 10))
        for grant, _ in used
    ]
    at = scenario["at"].astimezone(UTC)
    return int(min([longest, *(end - at for end in ends)]).total_seconds())
