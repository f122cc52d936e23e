"""How often an organization's key may call: questions by the key's own limits, polls and everything else by a brake.

Performers' calls are not limited here, and nothing limits what ends something.
"""

from consent.api.operation import Operation
from consent.check.caller import OrganizationCaller
from consent.check.changes.metering import ROUTE
from consent.check.limits.everything import Limits
from consent.check.limits.fields import Header


def count_call(
    limits: Limits, caller: OrganizationCaller, described: Operation, cost: int, *, before: int
) -> tuple[Header, ...]:
    """Count a call, or so many rows; the headers that tell the caller where it stands.

    `before` of the same call were counted already.

    Raises:
        ApiError: 429, a limit is reached.
    """
    if described.stops:
        return ()
    if described.counts == ROUTE:
        return limits.polls.count(caller.key, cost, before=before)
    if described.counts:
        return limits.meter.count(caller, described.counts, cost, before=before)
    return limits.brake.count(caller.key)
