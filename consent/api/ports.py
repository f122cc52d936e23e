"""What the API is made from, handed in once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from consent.api.paging import Cursors
from consent.check.checks import Checks
from consent.registry.ports import RegistryPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPorts:
    """`trust` gives the bytes of the published trust file, read at each request so that a rotation shows.

    `cursors` authenticates list cursors; `security_contact` is a mailto: or https: address (RFC 9116).
    """

    registry: RegistryPorts
    checks: Checks
    cursors: Cursors
    trust: Callable[[], bytes]
    version: str
    security_contact: str | None = None
