"""What the API is made from, handed in once by the composition root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consent.api.paging import Cursors
from consent.check.changes.answering import ChangeFeed
from consent.check.checks import Checks
from consent.check.ledger.receipt_proofs import ReceiptProofs
from consent.check.limits.everything import Limits
from consent.registry.operations.erase_performer import ForgetElsewhere
from consent.registry.ports import RegistryPorts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPorts:
    """`trust` gives the bytes of the published trust file, read at each request so that a rotation shows.

    `limits` says how often an organization may call; without it nothing is counted.
    `forget_elsewhere` forgets what others keep of a performer who is erased: the pages' sessions.
    `cursors` authenticates list cursors; `security_contact` is a mailto: or https: address (RFC 9116).
    """

    registry: RegistryPorts
    checks: Checks
    changes: ChangeFeed
    proofs: ReceiptProofs
    cursors: Cursors
    trust: Callable[[], bytes]
    version: str
    security_contact: str | None = None
    limits: Limits | None = None
    forget_elsewhere: Sequence[ForgetElsewhere] = ()
