"""Filters into canonical JSON that is stored as bytes (terms of offers and grants).

Reading JSON costs more than looking for its bytes, so a row whose bytes cannot hold what is looked for is not
read. Both stand in one CASE: the database then keeps their order, and does not take the filter for so narrow
that it would rather sort all rows than walk an index in the order of the list.
"""

import json
from typing import Any, TypeVar

from django.db.models import (
    BinaryField,
    BooleanField,
    Case,
    F,
    Func,
    IntegerField,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, StrIndex, Substr

RowT = TypeVar("RowT", bound=Model)

_PROJECT_CHARS = 700  # a title of 200 characters and a reference of 64, each perhaps escaped, and their names


def naming_use(rows: "QuerySet[RowT]", use: str) -> "QuerySet[RowT]":
    """Those whose terms have a line that names exactly this use."""
    place = Func(
        Value(f'"{use}"'.encode(), output_field=BinaryField()),
        F("terms"),
        template="POSITION(%(expressions)s)",
        arg_joiner=" IN ",
        output_field=IntegerField(),
    )
    likely: Any = rows.annotate(named_at=place)
    return _where(likely, Q(named_at__gt=0), Q(document__lines__contains=[{"uses": [use]}]))


def of_project(rows: "QuerySet[RowT]", text: str) -> "QuerySet[RowT]":
    """Those whose project's title or reference has this text in it."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]  # as RFC 8785 writes it between the quotes
    begins = StrIndex(_text(), Value('"project":{'))
    likely: Any = rows.annotate(plain=Substr(_text(), begins, _PROJECT_CHARS))
    title = Q(document__project__title__icontains=text) | Q(document__project__ref__icontains=text)
    return _where(likely, Q(plain__icontains=written), title)


def _text() -> Func:
    return Func(F("terms"), Value("UTF8"), function="convert_from", output_field=TextField())


def _where(rows: "QuerySet[RowT]", likely: Q, condition: Q) -> "QuerySet[RowT]":
    """Those rows that are likely and then fit."""
    fits = Case(
        When(likely, then=Case(When(condition, then=True), default=False, output_field=BooleanField())),
        default=False,
        output_field=BooleanField(),
    )
    found: Any = rows.annotate(document=Cast(_text(), JSONField())).filter(fits)
    return found  # type: ignore[no-any-return]  # the stubs do not follow annotations
