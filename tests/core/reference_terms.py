"""The reference policy's reading of lines, prohibitions and regions: literal, on plain JSON values."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.core.bodies import MODALITY_OF
from tests.core.reference_words import (
    FLAGS,
    LISTABLE,
    MODALITIES,
    OBLIGATIONS,
    PERMANENT,
    PURPOSES,
    TERM_TIER,
    TIERS,
    USES,
)

Json = dict[str, Any]
KNOWN_OBLIGATIONS: Final = OBLIGATIONS
__all__ = ["KNOWN_OBLIGATIONS", "MODALITY_OF"]

_ISO = json.loads(
    (Path(__file__).parents[2] / "consent" / "core" / "data" / "iso3166.json").read_text(encoding="utf-8")
)
_TWO_CODES = (
    "AS=US-AS GU=US-GU MP=US-MP PR=US-PR UM=US-UM VI=US-VI BL=FR-BL GF=FR-973 GP=FR-971 MF=FR-MF MQ=FR-972 "
    "NC=FR-NC PF=FR-PF PM=FR-PM RE=FR-974 TF=FR-TF WF=FR-WF YT=FR-976 HK=CN-HK MO=CN-MO TW=CN-TW AW=NL-AW "
    "CW=NL-CW SX=NL-SX AX=FI-01"
)
SAME_PLACE = [tuple(pair.split("=")) for pair in _TWO_CODES.split()]
FAMILIES = {use.split(".")[0] for use in USES}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def region_exists(code: str) -> bool:
    return code == "WORLD" or code in _ISO["countries"] or code in _ISO["subdivisions"]


def inside(inner: str, outer: str) -> bool:
    """Whether `inner` lies wholly in `outer`."""
    if outer in ("WORLD", inner):
        return True
    if "-" not in inner:
        return False
    if outer == inner[:2]:
        return True
    entry = _ISO["subdivisions"].get(inner, [""])
    return len(entry) > 1 and inside(entry[1], outer)


def overlap(one: str, other: str) -> bool:
    """Whether two regions share any place, also under another code."""
    names = [(a, b) for a in both_codes(one) for b in both_codes(other)]
    return any(inside(a, b) or inside(b, a) for a, b in names)


def both_codes(code: str) -> set[str]:
    """The code; every other code of a place that it is, or lies in, by the list of doubles."""
    found = {code}
    for country, subdivision in SAME_PLACE:
        if code == country:
            found.add(subdivision)
        if inside(code, subdivision):
            found.add(country)
    return found


def recipients(body: Json) -> set[str]:
    return {each["id"] for each in body.get("recipients", ())}


def names_use(line: Json, use: str) -> bool:
    return use in line["uses"] or use.split(".", maxsplit=1)[0] in line["uses"]


def lines_naming(body: Json, use: str) -> list[Json]:
    return [line for line in body["lines"] if names_use(line, use)]


def speaks_of_use(body: Json, asked: Json) -> bool:
    """A line names the use, a prohibition that names it reaches (or may reach) the question, or who knows."""
    use = asked["use"]
    prohibited = any(
        ({use, use.split(".", maxsplit=1)[0]} & set(each.get("uses", ()))) and prohibits(each, asked)
        for each in body.get("prohibitions", ())
    )
    unknown_version = body["schema"] != "consent-registry/grant/v1"
    return bool(lines_naming(body, use)) or prohibited or unknown_version


def body_known(body: Json) -> bool:
    """Ruling 16: everything in the body is a word that is known."""
    return (
        body["schema"] == "consent-registry/grant/v1"
        and all(line_known(line) for line in body["lines"])
        and all(prohibition_known(each) for each in body.get("prohibitions", ()))
        and set(body.get("obligations", ())) <= set(OBLIGATIONS)
    )


def line_known(line: Json) -> bool:
    return (
        set(line["uses"]) <= (set(USES) | FAMILIES) - {"sublicense.grant", "sublicense"}
        and set(line.get("modalities", ())) <= set(MODALITIES)
        and set(line.get("purposes", ())) <= {*PURPOSES, "*"}
        and line.get("content_max", "general") in TIERS
        and all(constraint_known(each) for each in line.get("constraints", ()))
    )


def constraint_known(each: Json) -> bool:
    if each.get("v") != 1:
        return False
    match each["kind"]:
        case "territory":
            codes = [*each["allow"], *each.get("deny", [])]
            return all(region_exists(code) for code in codes)
        case "themes":
            return set(each["allowed"]) <= set(LISTABLE)
        case "adult_terms":
            return set(each["terms"]) <= set(TERM_TIER)
        case "purpose":
            return set(each["flags"]) <= set(FLAGS)
        case kind:
            return kind in (
                [
                    "language",
                    "base_model",
                    "model",
                    "source_material",
                    "commercial",
                    "end_users",
                    "max_outputs",
                    "rate",
                    "term",
                ]
            )


_SELECTORS = {
    "uses": {*USES, *FAMILIES},
    "modalities": set(MODALITIES),
    "purposes": set(PURPOSES),
    "flags": set(FLAGS),
    "content_tiers": set(TIERS[1:]),
    "adult_terms": set(TERM_TIER),
    "themes": {*PERMANENT, *LISTABLE},
}


def prohibition_known(each: Json) -> bool:
    for name, values in each.items():
        if name == "territories":
            if not all(region_exists(code) for code in values):
                return False
        elif name not in _SELECTORS or not set(values) <= _SELECTORS[name]:
            return False
    return True


def flags_of(asked: Json) -> set[str]:
    """Ruling 7: what was sent, and what the purpose implies."""
    flags = {flag for flag in FLAGS if asked.get(flag)}
    return flags | ({asked["purpose"]} & set(FLAGS) if "purpose" in asked else set())


def prohibits(each: Json, asked: Json) -> bool | set[str]:
    """Whether all selectors reach the question; or the attributes without which nobody can tell."""
    if not prohibition_known(each):
        return False  # reported as unknown
    unsure: set[str] = set()
    use = asked["use"]
    for name, values in each.items():
        match name:
            case "uses":
                hit = use in values or use.split(".")[0] in values
            case "modalities":
                if "modality" not in asked:
                    unsure.add("modality")
                    continue
                hit = any(each in values for each in asked["modality"].split("+"))
            case "purposes":
                hit = asked.get("purpose") in values or bool(flags_of(asked) & set(values))
                if not hit and "purpose" not in asked:
                    unsure.add("purpose")
                    continue
            case "flags":
                hit = bool(flags_of(asked) & set(values))
            case "content_tiers":
                hit = TIERS.index(asked["content_tier"]) >= min(TIERS.index(tier) for tier in values)
            case "adult_terms":
                hit = bool(set(asked.get("adult_terms", ())) & set(values))
            case "themes":
                hit = bool(set(asked.get("themes", ())) & set(values))
            case _:
                if "territory" not in asked:
                    unsure.add("territory")
                    continue
                hit = any(overlap(asked["territory"], code) for code in values)
        if not hit:
            return False
    return unsure or True
