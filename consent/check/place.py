"""Where in the history an answer stands."""

from datetime import datetime

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where in the history the facts stand: `position` is its token, `at` the primary's clock now."""

    livemode: bool
    position: str
    seq: int
    at: datetime
