"""Filters into canonical JSON that is stored as bytes (terms of offers and grants)."""

from typing import Any, TypeVar

from django.db.models import F, Func, JSONField, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

RowT = TypeVar("RowT", bound=Model)


def naming_use(rows: "QuerySet[RowT]", use: str) -> "QuerySet[RowT]":
    """Those whose terms have a line that names exactly this use."""
    return _where(rows, Q(document__lines__contains=[{"uses": [use]}]))


def of_project(rows: "QuerySet[RowT]", text: str) -> "QuerySet[RowT]":
    """Those whose project's title or reference has this text in it."""
    title = Q(document__project__title__icontains=text)
    return _where(rows, title | Q(document__project__ref__icontains=text))


def _where(rows: "QuerySet[RowT]", condition: Q) -> "QuerySet[RowT]":
    text = Func(F("terms"), Value("UTF8"), function="convert_from", output_field=TextField())
    found: Any = rows.annotate(document=Cast(text, JSONField())).filter(condition)
    return found  # type: ignore[no-any-return]  # the stubs do not follow annotations
