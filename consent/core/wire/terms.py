"""Wire types of the terms that an offer proposes and a grant's body repeats (SHAPES "Statement bodies").

These types give the form. Which constraints a use needs, and which words exist, is `consent.core`'s
rule; an offer that breaks it is answered with every fault at once.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import GrantId, Instant, LanguageTag, Line, OrganizationId, Sha256, ShortLine

Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_.:-]+$(?!\n)")]
Codes = Annotated[list[Code], Meta(min_length=1, max_length=64, description="A set; order does not matter.")]
Description = Annotated[
    str,
    Meta(min_length=200, max_length=4000, pattern="^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]+$"),
]
Constraint = Annotated[
    dict[str, Any],
    Meta(
        description="One limit: `kind` names it, `v` is its version, the other members are the kind's own.",
        extra_json_schema={
            "required": ["kind", "v"],
            "properties": {
                "kind": {"type": "string", "pattern": "^[a-z_]{1,64}$"},
                "v": {"type": "integer", "const": 1},
            },
        },
    ),
]


class Template(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The text a performer reads. Its language is chosen when the performer opens it."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}$(?!\n)")]
    version: Annotated[int, Meta(ge=1, le=10_000)]


class Recipient(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another company that may host or run what the licensee makes (DECIDING 13)."""

    id: OrganizationId
    role: Literal["host", "processor"]


class Project(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What it is for, in the licensee's own books."""

    ref: ShortLine
    title: Line


class TermsLine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One card: uses that are granted together under the same limits, in words a performer reads."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$(?!\n)")]
    uses: Codes
    purposes: Codes
    descriptions: Annotated[
        dict[LanguageTag, Description],
        Meta(min_length=1, max_length=24, description="The card's text in each language it is sent in."),
    ]
    constraints: Annotated[list[Constraint], Meta(min_length=1, max_length=32)]
    modalities: Codes | UnsetType = UNSET
    content_max: Code | UnsetType = UNSET
    explicit: bool | UnsetType = UNSET
    initials: bool | UnsetType = UNSET


class Prohibition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is never allowed under this grant, whatever its lines say."""

    uses: Codes | UnsetType = UNSET
    purposes: Codes | UnsetType = UNSET
    modalities: Codes | UnsetType = UNSET
    content_tiers: Codes | UnsetType = UNSET
    themes: Codes | UnsetType = UNSET


class OnEnd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What becomes of published works and of models when the consent ends."""

    published: Literal["keep", "unpublish"]
    model: Literal["delete", "quarantine", "retain_no_use"]
    model_days: Annotated[int, Meta(ge=0, le=365)] | UnsetType = UNSET


class Compensation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """That it is paid, not how much: the agreement stays with the parties."""

    kind: Literal["paid", "unpaid", "revshare"]
    terms_sha256: Sha256 | UnsetType = UNSET


class Terms(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that an offer proposes."""

    template: Template
    project: Project
    lines: Annotated[list[TermsLine], Meta(min_length=1, max_length=32)]
    valid_from: Instant
    valid_until: Instant
    on_end: OnEnd
    compensation: Compensation
    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    prohibitions: Annotated[list[Prohibition], Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    obligations: Codes | UnsetType = UNSET
    posthumous: dict[str, Any] | UnsetType | None = UNSET
    exclusive: dict[str, Any] | UnsetType | None = UNSET
    representation: dict[str, Any] | UnsetType = UNSET
    replaces_in_person_work: bool | UnsetType = UNSET
    supersedes: GrantId | UnsetType | None = UNSET
