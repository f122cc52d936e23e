"""What AuthZEN's wire types cannot say to JSON Schema: which words are a question here, and where each may stand.

The rules themselves are `consent.core.authzen`; here they are only told.
"""

from typing import Any

from consent.core.authzen import ENVIRONMENT, MEMBERS, ORGANIZATION, RESOURCES
from consent.core.wire.check import MAX_BATCH_ROWS

_PARTS = ("subject", "action", "resource")


def tell_authzen(components: dict[str, Any]) -> None:
    """Complete the schemas of AuthZEN in place; those of checks are complete."""
    words = components["CheckRequest"]["properties"]
    one = components["EvaluationRequest"]["properties"]
    said = {name: words[name] for name in MEMBERS}
    one["subject"] = {
        "description": "An organization, or anybody who acts for yours.",
        "oneOf": [
            _entity({"const": ORGANIZATION}, words["on_behalf_of"]),
            _entity(
                _text({"not": {"pattern": rf"^\s*{_any_case(ORGANIZATION)}\s*$"}}),
                _text({"not": {"pattern": rf"^\s*{_any_case('org_')}"}}),
            ),
        ],
    }
    one["resource"] = {
        "description": "Whom, or what, is asked about.",
        "oneOf": [_entity({"const": name}, words[name]) for name in RESOURCES],
    }
    one["action"] = {
        "description": "The use. Members of the question may stand in `properties` or in `context`, none in both.",
        "type": "object",
        "properties": {"name": words["use"], "properties": _closed(said)},
        "required": ["name"],
    }
    one["context"] = _closed(said | {name: {} for name in sorted(ENVIRONMENT)})
    many = components["EvaluationsRequest"]
    many["anyOf"] = [
        {
            "description": "Many: members beside `evaluations` are defaults, and each row's faults are its own.",
            "properties": {"evaluations": {"minItems": 1, "maxItems": MAX_BATCH_ROWS}},
            "required": ["evaluations"],
        },
        {
            "description": "One question.",
            "properties": {**one, "evaluations": {"maxItems": 0}},
            "required": list(_PARTS),
        },
    ]


def _entity(kind: dict[str, Any], name: dict[str, Any]) -> dict[str, Any]:
    """A subject or resource; what is a member of the question must not stand in its properties."""
    elsewhere = sorted({*MEMBERS, *RESOURCES, "performers", "use", "on_behalf_of"})
    return {
        "type": "object",
        "properties": {
            "type": kind,
            "id": name,
            "properties": {"type": "object", "propertyNames": {"not": {"enum": elsewhere}}},
        },
        "required": ["type", "id"],
    }


def _closed(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "additionalProperties": False}


def _text(rule: dict[str, Any]) -> dict[str, Any]:
    return {"type": "string", **rule}


def _any_case(word: str) -> str:
    return "".join(f"[{each.lower()}{each.upper()}]" if each.isalpha() else each for each in word)
