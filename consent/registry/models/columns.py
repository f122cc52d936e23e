"""Column kinds that every model shares.

Identifiers are compared byte for byte (collation "C"). Relations are declared without Django's own
constraint, because that one is deferred and knows nothing of `livemode`; the migrations add immediate
composite foreign keys that include the side instead.
"""

from typing import Any

from django.db import models
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual


def id_key() -> "models.CharField[str, str]":
    """A public id as primary key."""
    return models.CharField(primary_key=True, max_length=64, db_collation="C")


def id_text(**options: Any) -> "models.CharField[str, str]":
    """An identifier, digest or code word: ASCII, compared byte for byte."""
    return models.CharField(max_length=options.pop("max_length", 64), db_collation="C", **options)


def optional_id(*, max_length: int = 64) -> "models.CharField[str | None, str | None]":
    """The same where there may be none."""
    return models.CharField(max_length=max_length, db_collation="C", null=True)


def relation(to: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A reference whose database constraint is the composite one of the migrations."""
    options.setdefault("related_name", "+")
    return models.ForeignKey(to, on_delete=models.PROTECT, db_constraint=False, **options)


def one_of(column: str, values: tuple[str, ...], name: str) -> models.CheckConstraint:
    """The column holds one of a closed list."""
    return models.CheckConstraint(condition=models.Q(**{f"{column}__in": values}), name=name)


def side_key(name: str, *columns: str) -> models.UniqueConstraint:
    """The unique target of composite foreign keys that include the side."""
    return models.UniqueConstraint(fields=[*columns, "livemode"], name=name)


def octets(column: str, least: int, most: int, name: str) -> models.CheckConstraint:
    """A column of bytes has this many of them."""
    length = models.Func(models.F(column), function="octet_length", output_field=models.IntegerField())
    return models.CheckConstraint(
        condition=models.Q(GreaterThanOrEqual(length, least), LessThanOrEqual(length, most)), name=name
    )
