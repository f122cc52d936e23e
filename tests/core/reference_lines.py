"""The reference policy's reading of one line: every reason against it, on plain JSON values."""

from typing import Any

from tests.core.bodies import LANGUAGE_USES, NEVER_IMPLIED
from tests.core.reference_terms import flags_of, inside, instant, line_known, overlap
from tests.core.reference_words import SCOPES, TERM_TIER, TIERS

Json = dict[str, Any]


def tagged(line: Json, kind: str) -> Json | None:
    return next((each for each in line.get("constraints", ()) if each["kind"] == kind), None)


def counters(line: Json) -> list[tuple[str, int]]:
    found = []
    if each := tagged(line, "max_outputs"):
        found.append(("max_outputs", each["limit"]))
    if (each := tagged(line, "rate")) and each.get("v") == 1:
        found.append(("rate", each["per_day"]))
    return found


def is_adult_line(line: Json) -> bool:
    return TIERS.index(line.get("content_max", "general")) >= 2 or tagged(line, "adult_terms") is not None


def is_adult_question(asked: Json) -> bool:
    return TIERS.index(asked["content_tier"]) >= 2 or bool(asked.get("adult_terms"))


def judge_age(asked: Json, *, demanded: bool, reasons: set[str], missing: set[str]) -> None:
    """Ruling 12."""
    needed = (
        demanded
        or is_adult_question(asked)
        or asked.get("purpose") == "companion"
        or asked["use"] == "infer.chat-persona"
    )
    if not needed or asked.get("end_user_age_assured") is True:
        return
    if "end_user_age_assured" not in asked:
        reasons.add("context_missing")
        missing.add("end_user_age_assured")
    else:
        reasons.add("end_user_age")


class Judgement:
    """Reasons and missing attributes of one line."""

    def __init__(self) -> None:
        self.reasons: set[str] = set()
        self.missing: set[str] = set()

    def lack(self, attribute: str) -> None:
        self.reasons.add("context_missing")
        self.missing.add(attribute)

    def must(self, truth: bool, reason: str) -> None:
        if not truth:
            self.reasons.add(reason)


def judge_line(
    line: Json, asked: Json, scenario: Json, grant: Json, people: int
) -> tuple[set[str], set[str]]:
    """Every reason against one line, and every attribute it misses. A line that cannot be read: none."""
    found = Judgement()
    if not line_known(line):
        return {"unknown_term"}, set()
    use = asked["use"]
    family = use.split(".")[0]
    if use in NEVER_IMPLIED:  # ruling 3
        found.must(line["uses"] == [use] and line.get("initials") is True, "use_line")
    _members(line, asked, found)
    _content(line, asked, people, found)
    _where_and_language(line, asked, found)
    if family in ("train", "derive", "model"):  # ruling 10
        _ids(tagged(line, "base_model"), asked.get("base_model"), "base_model", found)
    _material_and_model(line, asked, scenario, found)
    commercial = tagged(line, "commercial")  # ruling 5
    if commercial is not None:
        found.must(commercial["allowed"] or not asked["commercial"], "commercial")
    elif family not in ("capture", "process"):
        found.must(False, "commercial")
    _end_users(line, asked, found)
    _counted(line, asked, scenario, grant, found)
    if window := tagged(line, "term"):
        at = scenario["at"]
        found.must("not_before" not in window or at >= instant(window["not_before"]), "term")
        found.must("not_after" not in window or at < instant(window["not_after"]), "term")
    return found.reasons, found.missing


def _members(line: Json, asked: Json, found: Judgement) -> None:
    if "modalities" not in line:  # rulings 1 and 4
        found.must(False, "modality")
    elif "modality" not in asked:
        found.lack("modality")
    else:
        found.must(set(asked["modality"].split("+")) <= set(line["modalities"]), "modality")
    if "purposes" not in line:  # rulings 1, 2 and 7
        found.must(False, "purpose")
        return
    if "*" not in line["purposes"]:
        if "purpose" not in asked:
            found.lack("purpose")
            return
        if asked["purpose"] not in line["purposes"]:
            found.must(False, "purpose")
            return
    listed = tagged(line, "purpose")
    allowed = set(listed["flags"]) if listed else set()
    found.must(flags_of(asked) <= allowed | set(line["purposes"]), "purpose")


def _content(line: Json, asked: Json, people: int, found: Judgement) -> None:
    """Rulings 1, 6, 7 and 11."""
    family = asked["use"].split(".")[0]
    tier = asked["content_tier"]
    if "content_max" not in line and family not in ("capture", "process"):
        found.must(False, "content_tier")
    listed = tagged(line, "adult_terms")
    asked_terms = asked.get("adult_terms", [])
    found.must(TIERS.index(tier) <= TIERS.index(line.get("content_max", "general")), "content_tier")
    found.must(all(TERM_TIER[term] <= TIERS.index(tier) for term in asked_terms), "content_tier")
    if TIERS.index(tier) >= 2:
        found.must(listed is not None and tier in listed["terms"], "content_tier")
    if is_adult_question(asked) and is_adult_line(line):
        if listed is None:
            found.must(False, "adult_terms")
        else:
            found.must(set(asked_terms) <= set(listed["terms"]), "adult_terms")
            partners = listed["scene_partners"]
            if people > 1:
                found.must(partners == "consenting_registered", "adult_terms")
            elif tier == "explicit-partnered":
                found.must(partners == "synthetic_only", "adult_terms")
        found.must(bool(counters(line)), "max_outputs")
        if tagged(line, "end_users") is None:
            found.must(False, "end_user_age")
    themes = tagged(line, "themes")
    found.must(set(asked.get("themes", ())) <= set(themes["allowed"] if themes else ()), "themes")


def _where_and_language(line: Json, asked: Json, found: Judgement) -> None:
    where = tagged(line, "territory")  # rulings 1, 2 and 8
    asked_where = asked.get("territory")
    if where is None:
        found.must(False, "territory")
    elif where["allow"] == ["WORLD"] and "deny" not in where:
        pass
    elif asked_where is None:
        found.lack("territory")
    else:
        allowed = asked_where != "WORLD" and any(inside(asked_where, code) for code in where["allow"])
        denied = any(overlap(asked_where, code) for code in where.get("deny", ()))
        found.must(allowed and not denied, "territory")
    if asked["use"] not in LANGUAGE_USES:  # ruling 9
        return
    ranges = tagged(line, "language")
    if ranges is None:
        found.must(False, "language")
    elif ranges["ranges"] == ["*"]:
        pass
    elif "language" not in asked:
        found.lack("language")
    else:
        tag = asked["language"].lower()
        prefixes = [each.lower() for each in ranges["ranges"]]
        found.must(any(tag == each or tag.startswith(each + "-") for each in prefixes), "language")


def _ids(each: Json | None, value: str | None, reason: str, found: Judgement) -> None:
    if each is None:
        found.must(False, reason)
    elif each["ids"] == ["*"]:
        pass
    elif value is None:
        found.lack(reason)
    else:
        found.must(value in each["ids"], reason)


def _material_and_model(line: Json, asked: Json, scenario: Json, found: Judgement) -> None:
    family = asked["use"].split(".")[0]
    named = tagged(line, "model")
    if named is not None and family in ("infer", "edit"):
        if "model" in asked:
            models = [asked["model"]]
        else:
            models = scenario["persona"].get("models", []) if "persona" in asked else []
        if not models:
            found.lack("model")
        else:
            found.must(set(models) <= set(named["ids"]), "model")
    material = tagged(line, "source_material")
    if material is not None and family in ("train", "derive", "process"):
        if "source_material" not in asked:
            found.lack("source_material")
        else:
            found.must(set(asked["source_material"]) <= set(material["sha256"]), "source_material")


def _end_users(line: Json, asked: Json, found: Judgement) -> None:
    """Ruling 12."""
    output = asked["use"].split(".")[0] in ("infer", "edit", "publish")
    users = tagged(line, "end_users")
    if output and users is None:
        found.must(False, "end_users")
    elif output and users is not None:
        found.must(SCOPES.index(asked["end_user_scope"]) <= SCOPES.index(users["scope"]), "end_users")
    demanded = users is not None and users["age_assured"] and (output or is_adult_line(line))
    judge_age(asked, demanded=demanded, reasons=found.reasons, missing=found.missing)


def _counted(line: Json, asked: Json, scenario: Json, grant: Json, found: Judgement) -> None:
    """Rulings 11 and 28."""
    if asked["use"].split(".")[0] == "publish" and tagged(line, "max_outputs") is None:
        found.must(False, "max_outputs")
    usage = grant["usage"]
    for kind, limit in counters(line):
        key = f"{line['id']}.{kind}"
        if kind == "rate":
            key += f".{scenario['at'].date().isoformat()}"
        if asked["quantity"] > limit:
            found.must(False, kind)
        elif usage is None:
            found.must(False, "needs_online")
        else:
            found.must(usage.get(key, 0) + asked["quantity"] <= limit, kind)
