"""The request form: from what a producer fills in to terms, and from faults in terms back to the fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from consent.core.needs import needed
from consent.core.uses import USES
from consent.web.organization.recipes import Card, Recipe
from consent.web.page import Page

TEXT_CHARS: Final = 4000
NEVER: Final = ("advertise", "political", "religious", "adult")
_LIST_CHARS: Final = 500
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SINGLE: Final = (
    "title", "ref", "performer", "performer_name", "territory", "languages", "base_models", "end_users",
    "starts", "ends", "pay", "published", "model", "model_days", "replaces",
)  # fmt: skip
_SEVERAL: Final = ("cards", "purposes", "never", "obligations")
_TICKED: Final = ("commercial", "age_assured", "in_person")
# From a member of a line, or a kind of constraint, to the field that says it for all cards.
_FIELD_OF: Final = {
    "purposes": "purposes",
    "territory": "territory",
    "language": "languages",
    "base_model": "base_models",
    "commercial": "commercial",
    "end_users": "end_users",
}
_FIELD_OF_TERMS: Final = {
    "lines": "cards",
    "valid_from": "starts",
    "valid_until": "ends",
    "compensation": "pay",
    "prohibitions": "never",
    "obligations": "obligations",
    "on_end": "model_days",
    "replaces_in_person_work": "in_person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form holds, to be shown again as it was typed."""

    values: Mapping[str, str]
    chosen: Mapping[str, list[str]]
    texts: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, recipe: Recipe, *, starts: str, ends: str) -> "Typed":
        """A new form, with what most people want."""
        values = {
            "territory": "WORLD", "languages": "*", "base_models": "*", "end_users": "public", "pay": "paid",
            "published": "keep", "model": "delete", "model_days": "30", "commercial": "yes",
            "starts": starts, "ends": ends,
        }  # fmt: skip
        chosen = {"never": ["political", "religious"], "cards": [recipe.cards[0].id]}
        return cls(values=values, chosen=chosen)

    @classmethod
    def of(cls, page: Page, recipe: Recipe) -> "Typed":
        """The form as it came back."""
        values = {name: page.field(name, max_chars=_LIST_CHARS) for name in (*_SINGLE, *_TICKED)}
        return cls(
            values=values,
            chosen={name: page.fields(name, most=64) for name in _SEVERAL},
            texts={card.id: _text(page, card) for card in recipe.cards},
            limits={card.id: page.field(f"limit_{card.id}", max_chars=9) for card in recipe.cards},
        )


def terms_of(typed: Typed, recipe: Recipe) -> dict[str, Any]:
    """The terms that this form says; what is missing or wrong in them is told by the rules of offers."""
    values = typed.values
    terms: dict[str, Any] = {
        "template": {"id": recipe.template, "version": 1, "language": "en"},
        "lines": [_line(card, typed) for card in chosen_cards(typed, recipe)],
        "valid_from": _instant(values.get("starts", "")),
        "valid_until": _instant(values.get("ends", "")),
        "on_end": {
            "published": values.get("published", ""),
            "model": values.get("model", ""),
            "model_days": _number(values.get("model_days", "")),
        },
        "compensation": {"kind": values.get("pay", "")},
    }
    if values.get("title") or values.get("ref"):
        terms["project"] = {"ref": values.get("ref", ""), "title": values.get("title", "")}
    if typed.chosen.get("never"):
        terms["prohibitions"] = [{"purposes": [purpose]} for purpose in sorted(set(typed.chosen["never"]))]
    if typed.chosen.get("obligations"):
        terms["obligations"] = sorted(set(typed.chosen["obligations"]))
    if values.get("in_person"):
        terms["replaces_in_person_work"] = True
    return terms


def chosen_cards(typed: Typed, recipe: Recipe) -> list[Card]:
    """The cards that are switched on, in the recipe's order."""
    return [card for card in recipe.cards if card.id in typed.chosen.get("cards", ())]


def field_of(pointer: str, expected: str, cards: list[Card], terms: Mapping[str, Any]) -> str:
    """The form's field that a fault at this place of the terms is about; empty for the whole form."""
    steps = pointer.split("/")[1:]
    if steps[:1] == ["lines"] and len(steps) > 2 and steps[1].isdigit() and int(steps[1]) < len(cards):
        return _field_of_line(cards[int(steps[1])], int(steps[1]), steps[2:], expected, terms)
    if steps and steps[-1] in ("published", "model", "ref", "title"):
        return steps[-1]
    return _FIELD_OF_TERMS.get(steps[0], "") if steps else ""


def _field_of_line(card: Card, place: int, steps: list[str], expected: str, terms: Mapping[str, Any]) -> str:
    if steps[0] != "constraints":
        return _FIELD_OF.get(steps[0], f"text_{card.id}")
    kind = _kind(terms, place, steps[1:]) or expected.partition(",")[0]
    return f"limit_{card.id}" if kind == "max_outputs" else _FIELD_OF.get(kind, "cards")


def fault_words(rule: str, expected: str, got: str) -> str:
    """A fault beside its field."""
    known = {
        "description": _("Write %(expected)s; here are %(got)s."),
        "constraint_needed": _("This is needed. Write a value, or the word for any."),
        "list_not_empty": _("Choose one at least."),
        "list_length": _("Choose one at least."),
        "window_ordered": _("The end lies ahead, and after the start."),
        "ten_years": _("At the latest ten years from now."),
        "instant": _("Choose a day."),
        "integer": _("Write a whole number, %(expected)s."),
        "text": _("Write %(expected)s."),
    }
    sentence = known.get(rule, _("Here is %(got)s; expected is %(expected)s."))
    return sentence % {"expected": expected, "got": got or _("nothing")}


def _text(page: Page, card: Card) -> str:
    """A card's own words; browsers send CR LF, and signed text has LF only."""
    return page.field(f"text_{card.id}", max_chars=TEXT_CHARS + 200).replace("\r\n", "\n").replace("\r", "\n")


def _line(card: Card, typed: Typed) -> dict[str, Any]:
    values = typed.values
    needs = frozenset().union(*(needed(USES[use]) for use in card.uses))
    constraints: list[dict[str, Any]] = [
        {"kind": "territory", "v": 1, "allow": _codes(values.get("territory", ""), capitals=True)},
        {"kind": "commercial", "v": 1, "allowed": bool(values.get("commercial"))},
    ]
    if "language" in needs:
        constraints.append({"kind": "language", "v": 1, "ranges": _codes(values.get("languages", ""))})
    if "base_model" in needs:
        constraints.append({"kind": "base_model", "v": 1, "ids": _codes(values.get("base_models", ""))})
    if "end_users" in needs:
        assured = card.age_assured or bool(values.get("age_assured"))
        scope = values.get("end_users", "")
        constraints.append({"kind": "end_users", "v": 1, "scope": scope, "age_assured": assured})
    limit = typed.limits.get(card.id, "")
    if limit:
        constraints.append({"kind": "max_outputs", "v": 1, "limit": _number(limit)})
    line: dict[str, Any] = {
        "id": card.id,
        "uses": list(card.uses),
        "content_max": "general",
        "description": typed.texts.get(card.id, ""),
        "constraints": constraints,
    }
    if typed.chosen.get("purposes"):
        line["purposes"] = sorted(set(typed.chosen["purposes"]))
    if card.modalities:
        line["modalities"] = list(card.modalities)
    if card.initials:
        line["initials"] = True
    return line


def _codes(text: str, *, capitals: bool = False) -> list[str]:
    """Codes between commas or spaces, each once."""
    found = list(dict.fromkeys(re.split(r"[\s,;]+", text.strip()))) if text.strip() else []
    return [each.upper() for each in found] if capitals else found


def _number(text: str) -> int | str:
    return int(text) if _NUMBER.fullmatch(text) else text


def _instant(day: str) -> str:
    """The beginning of a day in UTC."""
    return f"{day}T00:00:00Z" if _DAY.fullmatch(day) else day


def _kind(terms: Mapping[str, Any], place: int, steps: list[str]) -> str:
    constraints = terms["lines"][place]["constraints"]
    if not steps or not steps[0].isdigit() or int(steps[0]) >= len(constraints):
        return ""
    return str(constraints[int(steps[0])]["kind"])
