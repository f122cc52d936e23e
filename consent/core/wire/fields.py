"""Kinds of members that several resources share, each with its bounds.

Patterns end in `$(?!\n)`: Python's `$` also matches before a last line feed, JSON Schema's does not.
"""

from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from consent.core.wire.in_words import in_words

T = TypeVar("T")

_RANDOM = "[a-z2-7]{26}"  # consent.core.ids: 16 random bytes in base32
_READABLE = "test_[a-z0-9]{1,20}(_[a-z0-9]{1,20}){0,3}"


def _id_pattern(prefix: str) -> str:
    return rf"^{prefix}_({_RANDOM}|{_READABLE})$(?!\n)"


OrganizationId = Annotated[str, Meta(pattern=_id_pattern("org"), max_length=92)]
OfferId = Annotated[str, Meta(pattern=_id_pattern("off"), max_length=92)]
GrantId = Annotated[str, Meta(pattern=_id_pattern("grt"), max_length=92)]
PerformerReference = Annotated[
    str,
    Meta(
        pattern=_id_pattern("prf"), max_length=92, description="What this organization calls the performer."
    ),
]
# No control characters: they have no place in a line of text, and U+0000 has none in PostgreSQL.
_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$(?!\\n)"

Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
ShortLine = Annotated[str, Meta(min_length=1, max_length=64, pattern=_LINE)]
StageName = Annotated[str, Meta(min_length=1, max_length=120, pattern=_LINE)]
Note = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4000,
        pattern="^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]+$",
        description="Plain text; line feeds are allowed, other control characters are not.",
    ),
]
ExternalIdText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern="^[^\\u0000-\\u0020\\u007f-\\u00a0\\u2028\\u2029\\ufeff]+$(?!\\n)",
        description="The organization's own name for a performer; no spaces.",
        extra=in_words("your own name for a performer, without spaces"),
    ),
]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2.")]
LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$(?!\n)",
        max_length=35,
        description="BCP 47, such as de or pt-BR.",
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 in lower-case hex.")]
Thumbprint = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)", description="RFC 7638 thumbprint of a public key.")
]
Instant = Annotated[
    str,
    Meta(
        pattern=(
            r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
            r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$(?!\n)"
        ),
        description="UTC in whole seconds, YYYY-MM-DDTHH:MM:SSZ.",
        extra=in_words("UTC in whole seconds, YYYY-MM-DDTHH:MM:SSZ"),
    ),
]
Metadata = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)")],
        Annotated[
            str, Meta(max_length=500, pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$(?!\\n)")
        ],
    ],
    Meta(max_length=20, description="Up to 20 pairs of your own; stored as they are, never signed."),
]
GrantStateForLicensee = Literal["signed", "active", "paused", "ended"]


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """One page of a list, newest first."""

    data: list[T]
    next_cursor: str | None


class Empty(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request without members; the body may also be left out."""
