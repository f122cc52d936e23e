"""Wire types of the terms that an offer proposes and a grant's body repeats (SHAPES "Statement bodies").

These types give the form. Which constraints a use needs, and which words exist, is `consent.core`'s
rule; an offer that breaks it is answered with every fault at once.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import GrantId, Instant, LanguageTag, Line, OrganizationId, Sha256, ShortLine

Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^(\*|[a-z0-9_.:-]+)$(?!\n)")]
Codes = Annotated[list[Code], Meta(min_length=1, max_length=64, description="A set; order does not matter.")]
Regions = Annotated[
    list[Annotated[str, Meta(pattern=r"^[A-Z0-9-]{2,6}$(?!\n)")]],
    Meta(min_length=1, max_length=300, description="ISO 3166 codes, EU (its member states) or WORLD."),
]
Description = Annotated[
    str,
    Meta(min_length=200, max_length=4000, pattern="^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]+$"),
]
Texts = Annotated[dict[LanguageTag, Description], Meta(min_length=1, max_length=24)]
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


class Template(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The text a performer reads. Without a language it is the first, by name, that every line is written in."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,63}$(?!\n)")]
    version: Annotated[int, Meta(ge=1, le=10_000)]
    language: LanguageTag | UnsetType = UNSET


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

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)")]
    uses: Codes
    description: Annotated[
        Description | Texts,
        Meta(description="The card's text in the template's language, or its texts by language."),
    ]
    constraints: Annotated[list[Constraint], Meta(min_length=1, max_length=32)]
    purposes: Codes | UnsetType = UNSET
    modalities: Codes | UnsetType = UNSET
    content_max: Code | UnsetType = UNSET
    explicit: bool | UnsetType = UNSET
    initials: bool | UnsetType = UNSET


class Prohibition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is never allowed under this grant, whatever its lines say. One selector at least."""

    uses: Codes | UnsetType = UNSET
    modalities: Codes | UnsetType = UNSET
    purposes: Codes | UnsetType = UNSET
    flags: Codes | UnsetType = UNSET
    content_tiers: Codes | UnsetType = UNSET
    adult_terms: Codes | UnsetType = UNSET
    themes: Codes | UnsetType = UNSET
    territories: Regions | UnsetType = UNSET


class OnEnd(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What becomes of published works and of models when the consent ends."""

    published: Literal["keep", "unpublish"]
    model: Literal["delete", "quarantine", "retain_no_use"]
    model_days: Annotated[int, Meta(ge=0, le=365)]


class Compensation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """That it is paid, not how much: the agreement stays with the parties."""

    kind: Literal["paid", "unpaid", "revshare"]
    terms_sha256: Sha256 | UnsetType = UNSET


class Exclusive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What this licensee alone may do, until when, and where (without territories: everywhere)."""

    uses: Codes
    until: Instant
    territories: Regions | UnsetType = UNSET


class Posthumous(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether, and for how many years, it holds after the performer's death."""

    allowed: bool
    years: Annotated[int, Meta(ge=1, le=70)] | UnsetType = UNSET
    controller_ref: Line | UnsetType = UNSET


class Representation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who advises the performer."""

    kind: Literal["counsel", "union", "agent", "none"]
    name: Line | UnsetType = UNSET
    ref: Line | UnsetType = UNSET


class Terms(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that an offer proposes; what may be left out has a documented default."""

    template: Template
    lines: Annotated[list[TermsLine], Meta(min_length=1, max_length=32)]
    valid_from: Instant
    valid_until: Instant
    project: Project | UnsetType = UNSET
    on_end: OnEnd | UnsetType = UNSET
    compensation: Compensation | UnsetType = UNSET
    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    prohibitions: Annotated[list[Prohibition], Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    obligations: Codes | UnsetType = UNSET
    posthumous: Posthumous | UnsetType | None = UNSET
    exclusive: Exclusive | UnsetType | None = UNSET
    representation: Representation | UnsetType = UNSET
    replaces_in_person_work: bool | UnsetType = UNSET
    supersedes: GrantId | UnsetType | None = UNSET
