"""Which part of an organization's pages is whose. Owners see all of them."""

from typing import Final

from consent.core.wire.keys import SCOPES

EVERYBODY: Final = ("desk", "developer", "producer")
CONSENTS: Final = EVERYBODY
NAMES: Final = ("developer", "producer")  # an organization's own names for performers
OFFERS: Final = ("producer",)
KEYS: Final = ("developer",)
CONSOLE: Final = ("developer",)
OWNERS: Final = ("owner",)
_SCOPES: Final = {"developer": frozenset({"check", "events", "grants", "keys", "performers", "receipts"})}


def may(role: str, roles: tuple[str, ...]) -> bool:
    """Whether a member of this role comes in."""
    return role == "owner" or role in roles


def scopes_of(role: str) -> frozenset[str]:
    """What a member may let an API key do: nobody gives away more than their own part."""
    return frozenset(SCOPES) if role == "owner" else _SCOPES.get(role, frozenset())
