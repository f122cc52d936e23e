"""Expanding an offer: everything a signed body must say stands in it, in order."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from consent.core.modalities import MODALITIES
from consent.core.term_error import TermError
from consent.core.territories import EU_MEMBERS
from consent.core.uses import FAMILIES, USES

# What an offer may leave out, and then means.
DEFAULTS: Final[dict[str, Any]] = {
    "on_end": {"published": "keep", "model": "delete", "model_days": 30},
    "compensation": {"kind": "unpaid"},
    "posthumous": None,
    "exclusive": None,
    "representation": {"kind": "none"},
    "replaces_in_person_work": False,
}
_LINE_DEFAULTS: Final[dict[str, Any]] = {"explicit": True, "initials": False}
_EU: Final = "EU"


def expand_offer(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as a signed body states them: EU as its member states, modalities, defaults, sorted sets.

    Expanding twice changes nothing. The terms given are left as they are; faults stay in.
    """
    document = {name: _sorted(value) for name, value in prepared(terms).items()}
    recipients = document.get("recipients")
    if isinstance(recipients, list) and all(isinstance(each, dict) for each in recipients):
        document["recipients"] = sorted(
            recipients, key=lambda each: (str(each.get("id")), str(each.get("role")))
        )
    return document


def in_language(terms: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """Expanded terms in one language, ready for a body: each line's `description` is one text.

    Raises:
        TermError: a line has no description in that language (`description_language_missing`).
    """
    document = expand_offer(terms)
    template = dict(document["template"])
    lines = []
    for place, line in enumerate(document["lines"]):
        texts = line["description"]
        text = texts if isinstance(texts, str) and template.get("language") == language else None
        if isinstance(texts, dict):
            text = texts.get(language)
        if not isinstance(text, str):
            raise TermError(f"/lines/{place}/description", "language", f"a text in {language}", "none")
        lines.append({**line, "description": text})
    return {**document, "lines": lines, "template": {**template, "language": language}}


def prepared(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The expansion before sorting, so that a pointer into it is one into what was sent."""
    document: dict[str, Any] = copy.deepcopy(dict(terms))
    for name, value in DEFAULTS.items():
        document.setdefault(name, copy.deepcopy(value))
    if isinstance(document["on_end"], dict):
        document["on_end"].setdefault("model_days", DEFAULTS["on_end"]["model_days"])
    if isinstance(document.get("lines"), list):
        document["lines"] = [_line(line) for line in document["lines"]]
    if isinstance(document.get("prohibitions"), list):
        for prohibition in document["prohibitions"]:
            _expand_member(prohibition, "territories")
    _expand_member(document["exclusive"], "territories")
    return document


def _line(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    for name, value in _LINE_DEFAULTS.items():
        line.setdefault(name, value)
    if "modalities" not in line:
        follows = _modalities(line.get("uses"))
        if follows:
            line["modalities"] = follows
    constraints = line.get("constraints")
    for constraint in constraints if isinstance(constraints, list) else []:
        _expand_member(constraint, "allow")
        _expand_member(constraint, "deny")
    return line


def _modalities(uses: Any) -> list[str] | None:
    """What the uses show by the table; None if one of them leaves it to the question."""
    if not isinstance(uses, list):
        return None
    shown: set[str] = set()
    for name in uses:
        if not isinstance(name, str) or name in FAMILIES or name not in USES:
            return None
        follows = USES[name].modality
        if follows is None:
            return None
        shown.update(follows.split("+"))
    return [modality for modality in MODALITIES if modality in shown]


def _expand_member(holder: Any, name: str) -> None:
    """Put the member states where EU stands: the first in its place, the others at the end."""
    codes = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(codes, list) or codes.count(_EU) != 1:
        return
    added = [code for code in EU_MEMBERS if code not in codes]
    place = codes.index(_EU)
    codes[place : place + 1] = added[:1]
    codes.extend(added[1:])


def _sorted(value: Any) -> Any:
    """Every list of strings in order; lists of objects keep theirs, and lose nothing."""
    if isinstance(value, dict):
        return {name: _sorted(member) for name, member in value.items()}
    if isinstance(value, list):
        if all(isinstance(member, str) for member in value):
            return sorted(value)
        return [_sorted(member) for member in value]
    return value
