"""How much may be asked with a key: the two fields of its forms, and what was asked today."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from consent.core.counting import utc_day
from consent.registry.errors import Invalid
from consent.registry.key_limits import KeyLimitsWanted
from consent.registry.models import ApiKey
from consent.registry.queries.key_use import key_use
from consent.web.page import Page

FIELDS: Final = ("daily_quota", "rate_per_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUseToday:
    """What was asked on a key's account today, as far as it was told; `per_cent` of its quota, 100 at most."""

    used: int
    quota: int
    per_cent: int


def typed_limits(page: Page) -> dict[str, str]:
    """What was typed into the two fields."""
    return {name: page.field(name, max_chars=16) for name in FIELDS}


def limits_from(typed: dict[str, str]) -> KeyLimitsWanted:
    """The limits that were typed; an empty field is none. Invalid for anything that is no number."""
    return KeyLimitsWanted(
        daily_quota=_number("daily_quota", typed["daily_quota"]),
        rate_per_s=_number("rate_per_s", typed["rate_per_s"]),
    )


def shown_limits(row: ApiKey) -> dict[str, str]:
    """The limits of a key as its form shows them."""
    return {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in FIELDS}


def use_today(row: ApiKey, page: Page) -> KeyUseToday | None:
    """What was asked today, of a key with a quota."""
    if row.daily_quota is None:
        return None
    account = row.account or row.id
    used = key_use([account], utc_day(page.now)).get(account, 0)
    return KeyUseToday(used=used, quota=row.daily_quota, per_cent=min(100, used * 100 // row.daily_quota))


def limit_words() -> dict[str, str]:
    """What to say beside a field at fault."""
    return {
        "daily_quota": _("Write a whole number, at least 1, or leave it empty."),
        "rate_per_s": _("Write a whole number from 1 to 1000000, or leave it empty."),
    }


def _number(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Invalid(pointer=f"/{name}", rule="number", expected="a whole number", got=text)
    return int(text)
