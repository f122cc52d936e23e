"""Wire types of how often was asked: per day, counted some seconds after the answers."""

import msgspec


class ChecksOnDay(msgspec.Struct, kw_only=True):
    """How often a consent allowed on a UTC day."""

    day: str
    allowed: int


class GrantChecks(msgspec.Struct, kw_only=True):
    """An organization's own checks of one consent, newest day first; days without one are left out."""

    grant: str
    livemode: bool
    days: list[ChecksOnDay]


class AskedOnDay(msgspec.Struct, kw_only=True):
    """How often an organization asked about the performer on a UTC day, and what it was told."""

    day: str
    organization: str
    legal_name: str
    allowed: int
    denied: int


class AskedAboutMe(msgspec.Struct, kw_only=True):
    """Who asked about a performer, newest day first; days without a question are left out."""

    livemode: bool
    days: list[AskedOnDay]
