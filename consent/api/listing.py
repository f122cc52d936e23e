"""Lists of rows: one keyset-paged read, newest first, with the filters that every list has."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet
from msgspec import to_builtins

from consent.api.callers import Caller
from consent.api.paging import Place, page, window
from consent.api.ports import ApiPorts
from consent.api.view import Call, Reply

RowT = TypeVar("RowT", bound=Model)


def list_rows(
    rows: "QuerySet[RowT]",
    call: Call,
    ports: ApiPorts,
    *,
    instant: str,
    show: Callable[[Sequence[RowT]], list[Any]],
    key: str = "pk",
) -> Reply:
    """A page of `rows`, ordered by the column `instant` and then `key`, both falling.

    `show` words the page's rows at once, so that what belongs to them is read once a page.
    """
    assert call.caller is not None
    bound_to = _bound_to(call.caller, call)
    wanted = window(call.query, ports.cursors, bound_to=bound_to)
    if wanted.created_after is not None:
        rows = rows.filter(**{f"{instant}__gte": wanted.created_after})
    if wanted.created_before is not None:
        rows = rows.filter(**{f"{instant}__lt": wanted.created_before})
    if wanted.before is not None:
        at, last = wanted.before.at, wanted.before.id
        rows = rows.filter(Q(**{f"{instant}__lt": at}) | Q(**{instant: at, f"{key}__lt": last}))
    found = list(rows.order_by(F(instant).desc(), F(key).desc())[: wanted.limit])
    shown = show(found[: call.query.limit])
    answer = page(
        found,
        call.query,
        ports.cursors,
        bound_to=bound_to,
        place=lambda row: Place(at=_instant(row, instant), id=str(getattr(row, key))),
        shown=shown,
    )
    headers = {}
    if answer["next_cursor"]:
        # For text/csv, where the cursor has no other place (RFC 8288).
        headers["Link"] = f'<{call.request.path}?cursor={answer["next_cursor"]}>; rel="next"'
    return Reply(value=answer, headers=headers)


def _instant(row: Any, name: str) -> datetime:
    value: datetime = getattr(row, name)
    return value


def _bound_to(caller: Caller, call: Call) -> str:
    """Caller, list and filters: whatever, changed, would make the place meaningless."""
    filters = {
        name: value for name, value in to_builtins(call.query).items() if name not in ("cursor", "limit")
    }
    return f"{caller.scope_name}|{call.request.path}|{sorted(filters.items())}"
