"""Bodies for tests: a complete line for any use, and the grant around it."""

import copy
from typing import Any, Final

Json = dict[str, Any]

DESCRIPTION: Final = (
    "We make one copy of your voice from 42 recordings that you made in our studio in Hamburg. With it "
    "we read three books aloud, in German. Nothing else is made with it, and nobody else gets it. You "
    "can listen to each chapter before it is sold."
)

# SHAPES "Modality by use", copied by hand: an independent second reading of the table.
_SHOWN: Final = {
    "voice": "capture.voice train.voice train.singing infer.voice infer.voice-realtime infer.singing edit.dub",
    "face": "capture.face edit.face-swap edit.age",
    "face+body": "train.likeness infer.image infer.avatar3d edit.undress edit.alter",
    "face+body+motion": "infer.video infer.video-realtime",
    "motion": "capture.motion train.motion",
    "body": "capture.body",
    "text-persona": "train.persona infer.chat-persona",
}
MODALITY_OF: Final = {use: shown for shown, uses in _SHOWN.items() for use in uses.split()}
LANGUAGE_USES: Final = frozenset(
    [
        "train.voice",
        "train.singing",
        "infer.voice",
        "infer.voice-realtime",
        "infer.singing",
        "infer.chat-persona",
        "edit.dub",
    ]
)
NEVER_IMPLIED: Final = frozenset(
    [
        "train.foundation",
        "model.open-weights",
        "edit.undress",
        "publish.ugc",
        "sublicense.grant",
        "infer.chat-persona",
    ]
)


def line_for(use: str, **changes: Any) -> Json:
    """A line that states everything its use needs; `constraints` are given by kind, False drops one."""
    family = use.split(".", maxsplit=1)[0]
    constraints: Json = {"territory": {"allow": ["AT", "DE"]}}
    line: Json = {
        "id": "l1",
        "uses": [use],
        "modalities": MODALITY_OF.get(use, "voice").split("+"),
        "purposes": ["audiobook"],
        "description": DESCRIPTION,
        "explicit": True,
        "initials": use in NEVER_IMPLIED,
    }
    if family not in ("capture", "process"):
        line["content_max"] = "general"
        constraints["commercial"] = {"allowed": True}
    if family in ("train", "derive", "model"):
        constraints["base_model"] = {"ids": ["*"]}
    if use in LANGUAGE_USES:
        constraints["language"] = {"ranges": ["de"]}
    if family in ("infer", "edit", "publish"):
        constraints["end_users"] = {"scope": "public", "age_assured": use == "infer.chat-persona"}
    if family == "publish":
        constraints["max_outputs"] = {"limit": 1000}
    changes = copy.deepcopy(changes)
    for kind, members in changes.pop("constraints", {}).items():
        if members is False:
            constraints.pop(kind, None)
        else:
            constraints[kind] = members
    extra = changes.pop("raw_constraints", [])
    for name, value in changes.items():
        if value is False and name not in ("initials", "explicit"):
            line.pop(name, None)
        else:
            line[name] = value
    line["constraints"] = [
        {"kind": kind, "v": 1, **constraints[kind]} for kind in sorted(constraints)
    ] + extra
    if not line["constraints"]:
        del line["constraints"]
    return line


def grant_body(lines: list[Json], **changes: Any) -> Json:
    """A whole grant body as SHAPES shows it."""
    body: Json = {
        "schema": "consent-registry/grant/v1",
        "id": "grt_test_one",
        "livemode": False,
        "performer": "prf_test_one",
        "performer_name": "Mo Star",
        "credential": "thumbprint",
        "licensee": {
            "id": "org_test_one",
            "legal_name": "Northlight Audio GmbH",
            "country": "DE",
            "contact": "consent@northlight.example",
        },
        "offer": "off_test_one",
        "project": {"ref": "NL-2027-03", "title": "Three winter books"},
        "template": {"id": "voice-clone", "version": 1, "language": "en"},
        "lines": lines,
        "valid_from": "2026-12-01T00:00:00Z",
        "valid_until": "2028-12-01T00:00:00Z",
        "on_end": {"published": "keep", "model": "delete", "model_days": 30},
        "compensation": {"kind": "paid"},
        "posthumous": None,
        "exclusive": None,
        "representation": {"kind": "none"},
        "replaces_in_person_work": False,
        "attestations": ["free_of_coercion", "over_18", "own_identity", "understood"],
        "nonce": "A" * 43,
        "supersedes": None,
    }
    for name, value in changes.items():
        if value is False and name not in ("livemode", "replaces_in_person_work"):
            del body[name]
        else:
            body[name] = value
    return body


_FROM_GRANT: Final = (
    "id", "schema", "livemode", "performer", "performer_name", "credential", "licensee", "offer",
    "attestations", "nonce",
)  # fmt: skip


def offer_terms(lines: list[Json], **changes: Any) -> Json:
    """The part of a body that an offer proposes."""
    body = grant_body(lines, **changes)
    return {name: value for name, value in body.items() if name not in _FROM_GRANT}


def question_for(use: str) -> Json:
    """A request that `line_for(use)` allows."""
    request: Json = {
        "performer": "prf_test_one",
        "use": use,
        "purpose": "audiobook",
        "territory": "DE",
        "language": "de",
        "base_model": "base-1",
    }
    if use not in MODALITY_OF:
        request["modality"] = "voice"
    if use == "infer.chat-persona":
        request["end_user_age_assured"] = True
    return request
