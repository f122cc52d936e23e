"""`GET /v1/changes` in the lane."""

from typing import Literal

from django.http import QueryDict

from consent.check.changes.answering import ChangeFeed, ChangesQuery
from consent.check.changes.metering import ROUTE
from consent.check.lane.meter import Meter
from consent.check.lane.route import Call
from consent.core.wire.encode import encode
from consent.core.wire.parameters import read_parameters


class ChangesRoute:
    """What changed for an organization since it last asked. `meter` counts polls, which no limit of a key does."""

    name = ROUTE
    method: Literal["GET", "POST"] = "GET"
    scope = "check"
    max_bytes = 0
    takes_query = True

    def __init__(self, feed: ChangeFeed, *, meter: Meter | None = None) -> None:
        self._feed = feed
        self._meter = meter

    def answer(self, call: Call) -> bytes:
        """As in `Route`."""
        if self._meter is not None:
            call.measured(self._meter)
        query = read_parameters(QueryDict(call.query).lists(), ChangesQuery)
        return encode(self._feed.answer(query, caller=call.caller, count=call.count))
