"""One route of the lane, and what it gets to see of a request."""

from collections.abc import Sequence
from typing import Literal, Protocol

from consent.check.caller import OrganizationCaller
from consent.check.lane.meter import Meter
from consent.check.problems import to_api_error
from consent.core.wire.check import Problem
from consent.core.wire.problem import to_problem

Headers = Sequence[tuple[str, str]]


class Call:
    """A request of a known caller, whole and read. `query` is the raw query string, without its question mark; `told`
    are the headers that its meter wants told with the answer."""

    __slots__ = ("_meter", "_origin", "_route", "body", "caller", "query", "request_id", "told")

    def __init__(
        self, caller: OrganizationCaller, *, route: str, query: str, request_id: str, origin: str
    ) -> None:
        self.caller = caller
        self.body = b""
        self.query = query
        self.request_id = request_id
        self.told: Headers = ()
        self._route = route
        self._origin = origin
        self._meter: Meter | None = None

    def measured(self, meter: Meter) -> None:
        """Count it as one call from now on; raises the ApiError of a limit that is reached."""
        self._meter = meter
        self.told = meter.count(self.caller, self._route, 1)

    def count(self, cost: int) -> None:
        """Count what it costs beyond the one that `measured` counted, such as a batch's other rows; raises likewise."""
        if self._meter is not None:
            self.told = self._meter.count(self.caller, self._route, cost, before=1)

    def to_problem(self, exc: Exception) -> Problem:
        """How an answer words what went wrong with a part of it."""
        return to_problem(to_api_error(exc), origin=self._origin, request_id=self.request_id)


class Route(Protocol):
    """Answers the plain requests of one path. `name` is that path, also in metrics and logs.

    `scope` is what the caller's key must have, `max_bytes` the longest body that is read (0: none is), `takes_query`
    whether a query string may follow; whatever differs goes on to the API's view, unread.
    """

    @property
    def name(self) -> str: ...  # said above
    @property
    def method(self) -> Literal["GET", "POST"]: ...
    @property
    def scope(self) -> str: ...
    @property
    def max_bytes(self) -> int: ...
    @property
    def takes_query(self) -> bool: ...

    def answer(self, call: Call) -> bytes:
        """The JSON body of a 200.

        Raises:
            Exception: whatever `to_api_error` can name; anything else is answered as `internal`.
        """
        ...
