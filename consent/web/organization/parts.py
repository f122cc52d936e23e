"""Long lists, 25 rows at a time: a part of a list is named by the row before it, never by a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet

from consent.core.ids import is_id
from consent.registry.errors import NotFound
from consent.web.page import Page

RowT = TypeVar("RowT", bound=Model)

ROWS: Final = 25
_MOST_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[RowT]):
    """Some rows, and the addresses of those before and after them, where there are any."""

    rows: Sequence[RowT]
    newer: str | None
    older: str | None


def asked(page: Page, name: str) -> str:
    """A query parameter on one line, cut when it is too long; what no database can look for is nothing."""
    text = page.request.GET.get(name, "").strip()[:_MOST_CHARS]
    return text if text.isprintable() else ""


def part_of(
    rows: "QuerySet[RowT]",
    page: Page,
    *,
    own: "QuerySet[RowT]",
    instant: str,
    prefix: str,
    filters: dict[str, str],
) -> Part[RowT]:
    """The part of `rows` that the address asks for by `older=` or `newer=`, newest first.

    `own` are all rows that the asker may know, in which the named row is looked up.

    Raises:
        NotFound: the named row is none of the asker's.
    """
    older, newer = asked(page, "older"), asked(page, "newer")
    backwards = bool(newer) and not older
    anchor = older or newer
    if anchor:
        rows = rows.filter(_beyond(_anchor(own, anchor, prefix), instant, backwards=backwards))
    order = (instant, "-id") if backwards else (f"-{instant}", "id")
    found = list(rows.order_by(*order)[: ROWS + 1])
    more, found = len(found) > ROWS, found[:ROWS]
    if backwards:
        found.reverse()
    before = bool(found) and (more if backwards else bool(anchor))
    after = bool(found) and (True if backwards else more)
    return Part(
        rows=found,
        newer=_address(page, filters, newer=str(found[0].pk)) if before else None,
        older=_address(page, filters, older=str(found[-1].pk)) if after else None,
    )


def _anchor(own: "QuerySet[RowT]", name: str, prefix: str) -> Any:
    row = own.filter(pk=name).first() if is_id(name, prefix) else None
    if row is None:
        raise NotFound("no such row")
    return row


def _beyond(anchor: Any, instant: str, *, backwards: bool) -> Q:
    at = getattr(anchor, instant)
    if backwards:
        return Q(**{f"{instant}__gte": at}) & ~(Q(**{instant: at}) & Q(id__gte=anchor.pk))
    return Q(**{f"{instant}__lte": at}) & ~(Q(**{instant: at}) & Q(id__lte=anchor.pk))


def _address(page: Page, filters: dict[str, str], **place: str) -> str:
    wanted = {name: value for name, value in filters.items() if value}
    return f"{page.request.path}?{urlencode({**wanted, **place})}"
