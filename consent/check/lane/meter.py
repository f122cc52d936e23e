"""What a call costs its caller: counted before anything of it is read or decided."""

from collections.abc import Sequence
from typing import Protocol

from consent.check.caller import OrganizationCaller


class Meter(Protocol):
    """Counts calls against the limits of their keys. Safe to share between threads."""

    def count(
        self, caller: OrganizationCaller, route: str, cost: int, *, before: int = 0
    ) -> Sequence[tuple[str, str]]:
        """Count `cost` calls of `route`; the headers that tell the caller where it stands.

        `before` of the same request were counted already.

        Raises:
            ApiError: 429, the caller's limit is reached; nothing is answered.
        """
        ...
