"""Terms of offers that the registry's tests use, as an organization writes them."""

import copy
from typing import Any

DESCRIPTION = (
    "Your recordings are used to train a copy of your voice for the audiobooks of this one series. "
    "The copy reads the text of the books, and nothing else. It is kept on the company's own computers, "
    "nobody else can use it, and it is deleted when the consent ends."
)
EVERYWHERE = {"kind": "territory", "v": 1, "allow": ["WORLD"]}
LANGUAGES = {"kind": "language", "v": 1, "ranges": ["*"]}
COMMERCIAL = {"kind": "commercial", "v": 1, "allowed": True}
ANY_BASE = {"kind": "base_model", "v": 1, "ids": ["*"]}
PUBLIC = {"kind": "end_users", "v": 1, "scope": "public", "age_assured": False}
ASSURED = {"kind": "end_users", "v": 1, "scope": "public", "age_assured": True}


def line(line_id: str, use: str, *constraints: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A line of one use, with a text in English."""
    return {
        "id": line_id,
        "uses": [use],
        "purposes": ["*"],
        "content_max": "general",
        "description": {"en": DESCRIPTION},
        "explicit": True,
        "initials": False,
        "constraints": [dict(each) for each in constraints],
        **members,
    }


TRAIN = line("l1", "train.voice", EVERYWHERE, LANGUAGES, COMMERCIAL, ANY_BASE)
INFER = line("l2", "infer.voice", EVERYWHERE, LANGUAGES, COMMERCIAL, PUBLIC)
COUNTED = line(
    "l3",
    "infer.voice",
    EVERYWHERE,
    LANGUAGES,
    COMMERCIAL,
    PUBLIC,
    {"kind": "max_outputs", "v": 1, "limit": 10},
)
ADULT = line(
    "a1",
    "infer.voice",
    EVERYWHERE,
    LANGUAGES,
    COMMERCIAL,
    ASSURED,
    {"kind": "adult_terms", "v": 1, "terms": ["nudity"], "scene_partners": "none"},
    {"kind": "rate", "v": 1, "per_day": 100},
    content_max="nudity",
)


def terms(*lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Terms with these lines; a plain training and speaking consent if there are none."""
    return copy.deepcopy(
        {
            "lines": list(lines or (TRAIN, INFER)),
            "template": {"id": "voice-clone", "version": 1, "language": "en"},
            "project": {"ref": "NL-2027-03", "title": "The lighthouse series"},
            "valid_from": "2026-12-01T00:00:00Z",
            "valid_until": "2028-12-01T00:00:00Z",
            "on_end": {"published": "keep", "model": "delete", "model_days": 30},
            "compensation": {"kind": "paid"},
            **members,
        }
    )
