"""Terms: what deciding needs of a signed body, compiled ahead; no names, no descriptions.

An unknown version, constraint or prohibition inside a grant makes that grant deny; inside limits it
makes everything of that performer deny (DECIDING 16). Compiling therefore never fails on a body: what
it cannot read it lists in `unknown`, and keeps nothing of its content.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from weakref import WeakValueDictionary

from consent.core.constraints import Posthumous
from consent.core.constraints.term import read_instant
from consent.core.ids import is_id
from consent.core.instants import END_OF_TIME
from consent.core.lines import CompiledLine, Line, compile_line, read_constraint, read_line
from consent.core.obligations import OBLIGATIONS
from consent.core.prohibitions import Prohibition
from consent.core.term_error import TermError

GRANT_SCHEMA: Final = "consent-registry/grant/v1"
LIMITS_SCHEMA: Final = "consent-registry/limits/v1"
TERMS_VERSION: Final = 1  # of the JSON form of compiled terms

_UNKNOWN: Final = {"unknown": True}  # stands for anything that could not be read
_LINE_MEMBERS: Final = ("id", "uses", "modalities", "purposes", "content_max", "initials")
_OWN_MEMBERS: Final = ("valid_from", "valid_until", "posthumous")


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Rules:
    """What terms say apart from their window: the same object for all grants that say the same."""

    source: Mapping[str, Any]
    by_use: Mapping[str, tuple[CompiledLine, ...]]
    lines: tuple[Line, ...]
    prohibitions: tuple[Prohibition, ...]
    obligations: frozenset[str]
    recipients: frozenset[str]
    unknown: tuple[str, ...]
    schema_known: bool
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class GrantTerms:
    """The terms of one grant. Two are equal when their JSON form is.

    `by_use` holds every line that names a use; `recipients` the ids of the signed recipients;
    `unknown` pointers to what could not be read; `rules` what it may share with other grants.
    """

    source: Mapping[str, Any]
    rules: Rules = field(compare=False, repr=False)
    by_use: Mapping[str, tuple[CompiledLine, ...]] = field(compare=False, repr=False)
    lines: tuple[Line, ...] = field(compare=False, repr=False)
    prohibitions: tuple[Prohibition, ...] = field(compare=False, repr=False)
    obligations: frozenset[str] = field(compare=False, repr=False)
    recipients: frozenset[str] = field(compare=False, repr=False)
    valid_from: datetime = field(compare=False)
    valid_until: datetime = field(compare=False)
    posthumous: Posthumous | None = field(compare=False, repr=False)
    unknown: tuple[str, ...] = field(compare=False)
    schema_known: bool = field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The canonical JSON value of the terms; `from_json` reads it back."""
        return dict(self.source)

    @classmethod
    def from_json(cls, document: object) -> "GrantTerms":
        """Compile the JSON form. Never raises for a JSON value; what is unreadable is unknown."""
        return _compile(document if isinstance(document, Mapping) else {})

    @property
    def counted(self) -> bool:
        """Whether any line counts outputs, so that the counters have to be loaded."""
        return self.rules.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsTerms:
    """A performer's standing prohibitions. `unknown`: something could not be read, so all is denied."""

    source: Mapping[str, Any]
    never: tuple[Prohibition, ...] = field(compare=False, repr=False)
    unknown: bool = field(compare=False)

    def to_json(self) -> dict[str, Any]:
        """The canonical JSON value of the limits; `from_json` reads it back."""
        return dict(self.source)

    @classmethod
    def from_json(cls, document: object) -> "LimitsTerms":
        """Compile the JSON form. Never raises for a JSON value; what is unreadable is unknown."""
        members: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
        unknown: list[str] = []
        never = _prohibitions(members.get("never", ()), "/never", unknown)
        known = members.get("v") == TERMS_VERSION and members.get("schema") == LIMITS_SCHEMA
        return cls(source=dict(members), never=never, unknown=bool(unknown) or not known)


def compile_grant(body: Mapping[str, Any]) -> GrantTerms:
    """Compile a signed grant body."""
    source: dict[str, Any] = {
        "v": TERMS_VERSION,
        "schema": body.get("schema"),
        "lines": [_projected_line(line) for line in _listed(body.get("lines"))],
        "valid_from": body.get("valid_from"),
        "valid_until": body.get("valid_until"),
        "posthumous": _projected_posthumous(body.get("posthumous")),
    }
    if "prohibitions" in body:
        source["prohibitions"] = [_projected_prohibition(each) for each in _listed(body["prohibitions"])]
    if "obligations" in body:
        source["obligations"] = [
            each if isinstance(each, str) and each in OBLIGATIONS else "unknown"
            for each in _listed(body["obligations"])
        ]
    if "recipients" in body:
        source["recipients"] = sorted(
            {
                each["id"]
                for each in _listed(body["recipients"])
                if isinstance(each, Mapping) and is_id(each.get("id"), "org")
            }
        )
    return _compile(source)


def compile_limits(body: Mapping[str, Any]) -> LimitsTerms:
    """Compile a signed limits body. An absent `never` is no limit at all."""
    source: dict[str, Any] = {"v": TERMS_VERSION, "schema": body.get("schema")}
    if "never" in body:
        source["never"] = [_projected_prohibition(each) for each in _listed(body["never"])]
    return LimitsTerms.from_json(source)


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [_UNKNOWN]


def _projected_line(line: object) -> Mapping[str, Any]:
    if not isinstance(line, Mapping):
        return _UNKNOWN
    kept = {name: line[name] for name in _LINE_MEMBERS if name in line}
    if "constraints" in line:
        kept["constraints"] = [_projected_constraint(each) for each in _listed(line["constraints"])]
    try:
        read_line(kept)
    except TermError:
        # Keep the uses, so that the grant still reads unknown_term where it would have matched.
        return {"uses": [use for use in _listed(kept.get("uses")) if isinstance(use, str)], **_UNKNOWN}
    return kept


def _projected_constraint(document: object) -> Mapping[str, Any]:
    try:
        read_constraint(document)
    except TermError:
        return _UNKNOWN
    return dict(document) if isinstance(document, Mapping) else _UNKNOWN


def _projected_prohibition(document: object) -> Mapping[str, Any]:
    try:
        Prohibition.parse(document)
    except TermError:
        return _UNKNOWN
    return dict(document) if isinstance(document, Mapping) else _UNKNOWN


def _projected_posthumous(document: object) -> Mapping[str, Any] | None:
    try:
        posthumous = Posthumous.from_body(document)
    except TermError:
        return _UNKNOWN
    return None if posthumous is None else {"allowed": True, "years": posthumous.years}


# Keyed by the canonical JSON of what was compiled, with types: 1, true and 1.0 are three things. It keeps alive
# nothing that no grant uses.
_rules_in_use: "WeakValueDictionary[str, Rules]" = WeakValueDictionary()


def _compile(source: Mapping[str, Any]) -> GrantTerms:
    rules = _rules({name: value for name, value in source.items() if name not in _OWN_MEMBERS})
    unknown: list[str] = list(rules.unknown)
    return GrantTerms(
        source={**source, **rules.source},
        rules=rules,
        by_use=rules.by_use,
        lines=rules.lines,
        prohibitions=rules.prohibitions,
        obligations=rules.obligations,
        recipients=rules.recipients,
        valid_from=_instant(source, "valid_from", unknown),
        valid_until=_instant(source, "valid_until", unknown),
        posthumous=_posthumous(source.get("posthumous"), unknown),
        unknown=tuple(unknown) if len(unknown) > len(rules.unknown) else rules.unknown,
        schema_known=rules.schema_known,
    )


def _rules(source: Mapping[str, Any]) -> Rules:
    try:
        key = json.dumps(source, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):  # no plain JSON: not shared
        return _compile_rules(source)
    found = _rules_in_use.get(key)
    if found is None:
        found = _rules_in_use.setdefault(key, _compile_rules(source))
    return found


def _compile_rules(source: Mapping[str, Any]) -> Rules:
    unknown: list[str] = []
    schema_known = source.get("v") == TERMS_VERSION and source.get("schema") == GRANT_SCHEMA
    if not schema_known:
        unknown.append("/schema")
    lines: list[Line] = []
    by_use: dict[str, list[CompiledLine]] = {}
    for place, document in enumerate(_listed(source.get("lines"))):
        line = _line(document, f"/lines/{place}", unknown)
        lines.append(line)
        for use, compiled in compile_line(line).items():
            by_use.setdefault(use, []).append(compiled)
    return Rules(
        source=dict(source),
        by_use={use: tuple(found) for use, found in by_use.items()},
        lines=tuple(lines),
        prohibitions=_prohibitions(source.get("prohibitions", ()), "/prohibitions", unknown),
        obligations=_obligations(source.get("obligations", ()), unknown),
        recipients=frozenset(each for each in _listed(source.get("recipients", [])) if isinstance(each, str)),
        unknown=tuple(unknown),
        schema_known=schema_known,
        counted=any(line.counters for lines in by_use.values() for line in lines),
    )


def _line(document: object, pointer: str, unknown: list[str]) -> Line:
    members: Mapping[str, Any] = document if isinstance(document, Mapping) else _UNKNOWN
    try:
        return read_line(members)
    except TermError as exc:
        unknown.append(pointer + exc.pointer)
    uses = frozenset(use for use in _listed(members.get("uses", [])) if isinstance(use, str))
    return Line(
        id="", uses=uses, initials=False, modalities=None, purposes=None, rank=None, tagged={}, readable=False
    )


def _prohibitions(listed: object, pointer: str, unknown: list[str]) -> tuple[Prohibition, ...]:
    found = []
    for place, document in enumerate(_listed(listed)):
        try:
            found.append(Prohibition.parse(document))
        except TermError as exc:
            unknown.append(f"{pointer}/{place}{exc.pointer}")
    return tuple(found)


def _obligations(listed: object, unknown: list[str]) -> frozenset[str]:
    found = _listed(listed)
    for place, each in enumerate(found):
        if not isinstance(each, str) or each not in OBLIGATIONS:
            unknown.append(f"/obligations/{place}")
    return frozenset(each for each in found if isinstance(each, str)) & OBLIGATIONS


def _instant(source: Mapping[str, Any], name: str, unknown: list[str]) -> datetime:
    try:
        instant = read_instant(source, name)
    except TermError:
        instant = None
    if instant is None:
        unknown.append(f"/{name}")
        return END_OF_TIME
    return instant


def _posthumous(document: object, unknown: list[str]) -> Posthumous | None:
    try:
        return Posthumous.from_body(document)
    except TermError as exc:
        unknown.append(f"/posthumous{exc.pointer}")
        return None
