"""What a process needs in order to decide, and whether it can be used now."""

from collections.abc import Iterator

from django.db import DatabaseError

from consent.log.errors import LogError
from consent.log.ports import LogPorts
from consent.log.start import heads
from consent.server.keys.errors import KeysError
from consent.server.keys.ring import KeyRing
from signing.errors import SigningError


def missing(log: LogPorts, ring: KeyRing) -> Iterator[tuple[str, str]]:
    """What cannot be used, by name, with the code of the reason; no text of any exception."""
    try:
        heads(log)
    except LogError as exc:
        yield "history", exc.code
    except DatabaseError:
        yield "database", "unreachable"
    try:
        for livemode in (True, False):
            ring.signer("receipt", livemode=livemode)
    except (SigningError, KeysError):
        yield "keys", "unusable"
