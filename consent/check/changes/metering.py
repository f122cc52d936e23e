"""What a poll costs its key: one call, or ten where a page of a snapshot has to be read for it.

Polls have a brake of their own. They use up neither the rate nor the quota of the key's questions, and questions use
up nothing of theirs: reading changes is how a program learns that it must stop.
"""

from consent.check.caller import OrganizationCaller
from consent.check.limits.brake import Brake
from consent.check.limits.fields import Header

ROUTE = "/v1/changes"


class PollMeter:
    """Implements the lane's `Meter` over the brake on polls."""

    def __init__(self, brake: Brake) -> None:
        self._brake = brake

    def __repr__(self) -> str:
        return f"PollMeter({self._brake!r})"

    def count(
        self, caller: OrganizationCaller, route: str, cost: int, *, before: int = 0
    ) -> tuple[Header, ...]:
        """As in `Meter`: every key has the headers, with limits of its own or without."""
        return self._brake.count(caller.key, cost, before=before)
