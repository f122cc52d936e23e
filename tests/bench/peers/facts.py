"""The terms of the bench's consents as a policy engine takes them: attributes of a resource, members of an input."""

from collections.abc import Mapping
from typing import Any

ASKED = {
    "use": "train.voice",
    "modality": "voice",
    "purpose": "audiobook",
    "territory": "DE",
    "language": "de",
    "base_model": "sha256:none",
    "commercial": True,
}


def attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the question, of an offer's terms. The state is left to the caller."""
    return {
        "valid_from": body["valid_from"],
        "valid_until": body["valid_until"],
        "prohibitions": [
            {"uses": each.get("uses", []), "purposes": each.get("purposes", [])}
            for each in body.get("prohibitions", [])
        ],
        "lines": [_line(line) for line in body["lines"]],
        "asked": ASKED,
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    limits = {each["kind"]: each for each in line["constraints"]}
    return {
        "uses": line["uses"],
        "modalities": line["modalities"],
        "purposes": line["purposes"],
        "content_max": line["content_max"],
        "territory": limits["territory"]["allow"],
        "languages": limits.get("language", {"ranges": ["*"]})["ranges"],
        "base_models": limits.get("base_model", {"ids": ["*"]})["ids"],
        "commercial": limits["commercial"]["allowed"],
    }
