"""Query parameters: typed, bounded, known. A parameter that nobody documents is refused, as a member is."""

from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import ExternalIdText, Instant
from consent.core.wire.in_words import in_words
from consent.core.wire.parameters import read_parameters
from consent.core.wire.problem import ApiError

Limit = Annotated[int, Meta(ge=1, le=100, description="How many objects a page holds.")]
CursorText = Annotated[
    str,
    Meta(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]+$(?!\n)",
        description="`next_cursor` of the page before.",
        extra=in_words("`next_cursor` of the page before, exactly as it was given"),
    ),
]
Word = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9_.-]+$(?!\n)",
        extra=in_words("a word of small letters, digits, and the signs _ . -"),
    ),
]
Search = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern="^[^\\u0000-\\u001f\\u007f]+$(?!\\n)",
        description="Text to find.",
        extra=in_words("text without line breaks and control characters"),
    ),
]


class NoQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A call without query parameters."""


class PageQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Limit = 25
    cursor: CursorText | UnsetType = UNSET


class WaitQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What whoever stops something waits for before the answer."""

    wait: Annotated[
        Literal["enforced", "committed"],
        Meta(
            description="`enforced`: answer when every check denies. `committed`: answer at once with 202 and "
            "`enforced_at` null; the same request without it waits and tells the instant."
        ),
    ] = "enforced"


class ListQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """What a list of objects takes."""

    created_after: Instant | UnsetType = UNSET
    created_before: Instant | UnsetType = UNSET


class OfferQuery(ListQuery, kw_only=True, forbid_unknown_fields=True):
    """Filters of offers; `q` looks in the project's reference and title."""

    status: (
        Literal["draft", "offered", "viewed", "changes_requested", "signed", "declined", "withdrawn"]
        | UnsetType
    ) = UNSET
    use: Word | UnsetType = UNSET
    external_id: ExternalIdText | UnsetType = UNSET
    q: Search | UnsetType = UNSET


class GrantQuery(ListQuery, kw_only=True, forbid_unknown_fields=True):
    """Filters of grants."""

    status: Literal["signed", "active", "paused", "ended"] | UnsetType = UNSET
    use: Word | UnsetType = UNSET
    external_id: ExternalIdText | UnsetType = UNSET


class ExternalIdQuery(ListQuery, kw_only=True, forbid_unknown_fields=True):
    """Filters of performers, external ids and prior records."""

    external_id: ExternalIdText | UnsetType = UNSET


def parse_query(request: HttpRequest, kind: type[Any]) -> Any:
    """The typed query.

    Raises:
        ApiError: an unknown or repeated parameter, or a value outside its bounds.
    """
    return read_parameters(request.GET.lists(), kind)


def wants_media_type(request: HttpRequest, offered: tuple[str, ...]) -> str:
    """The best offered media type that the Accept header admits (RFC 9110 §12.5.1).

    Raises:
        ApiError: none of them is acceptable.
    """
    accept = request.headers.get("Accept", "").strip()
    if not accept:
        return offered[0]
    ranges = [_range(each) for each in accept.split(",")[:64] if each.strip()]
    best = max(offered, key=lambda media_type: (_quality(media_type, ranges), -offered.index(media_type)))
    if _quality(best, ranges) <= 0:
        raise ApiError("not_acceptable", f"this answer exists as {' or '.join(offered)}")
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return name, quality


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that matches; zero where none does."""
    family = media_type.partition("/")[0] + "/*"
    for wanted in (media_type, family, "*/*"):
        for name, quality in ranges:
            if name == wanted:
                return quality
    return 0.0
