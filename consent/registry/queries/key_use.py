"""How much was asked on the accounts of API keys, as far as check processes have told."""

from collections.abc import Collection
from datetime import date

from consent.registry.models import KeyUse


def key_use(accounts: Collection[str], day: date) -> dict[str, int]:
    """Rows counted on each account on a UTC day; an account without any is absent."""
    rows = KeyUse.objects.filter(account__in=accounts, day=day)
    return dict(rows.values_list("account", "used"))


def last_key_use(account: str) -> tuple[date, int] | None:
    """The last day on which anything was counted on an account, and how much; None if nothing ever was."""
    return KeyUse.objects.filter(account=account).order_by("-day").values_list("day", "used").first()
