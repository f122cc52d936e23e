"""What a published status list says of a grant package: still valid, ended, or paused. It can only deny.

A list is good for up to fifteen minutes, so whoever is offline may see "valid" for so long after an ending. A check
at the registry says at once what is so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from consent.client.errors import Unavailable, UnreliableAnswer
from consent.client.transport import HttpRequest, Transport, TransportError
from signing import jws
from signing.countersignature import Countersignature
from signing.status_list import INVALID, SUSPENDED, VALID, verify_status_list
from signing.trust import Trust

TIMEOUT_S = 10.0
MEDIA_TYPE = "application/statuslist+jwt"
Word: TypeAlias = Literal["valid", "invalid", "suspended"]
_WORDS: Final[dict[int, Word]] = {VALID: "valid", INVALID: "invalid", SUSPENDED: "suspended"}


def fetch_status_list(uri: str, *, transport: Transport) -> str:
    """The list at its address, nothing of it verified.

    Raises:
        Unavailable: it cannot be had whole. Whoever needs the status takes that as a no.
    """
    request = HttpRequest(
        method="GET",
        url=uri,
        headers={"Accept": MEDIA_TYPE},
        timeout_s=TIMEOUT_S,
        max_bytes=jws.MAX_TOKEN_BYTES,
    )
    try:
        response = transport.send(request)
    except TransportError as exc:
        raise Unavailable(f"{uri}: {exc}") from exc
    if response.status != 200:
        raise Unavailable(f"{uri}: expected the status list with 200, got {response.status}")
    try:
        return response.body.decode("ascii")
    except UnicodeDecodeError as exc:
        raise UnreliableAnswer(
            f"{uri}: expected a signed status list, got something that is no text"
        ) from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantStatus:
    """What a verified list says of one grant. It was so at `issued_at`, and is good for nothing from `expires_at`."""

    says: Word
    issued_at: datetime
    expires_at: datetime


def grant_status(
    token: str, *, countersignature: Countersignature, trust: Trust, at: datetime
) -> GrantStatus:
    """What the list `token` says at `at` of the grant whose verified countersignature names the place in it.

    Raises:
        signing.errors.SigningError: not a list of that address, by no status key of that side that is valid at `at`,
            issued later or expired, or without that place. A status that has no meaning here is `invalid`.
    """
    # Valid now, not when the list was made: whoever stole a key that is retired could choose that date.
    key = trust.key(jws.read_kid(token), "status", countersignature.livemode, at)
    read = verify_status_list(token, expected_uri=countersignature.status_uri, key=key, at=at)
    return GrantStatus(
        says=_WORDS.get(read.statuses.status(countersignature.status_idx), "invalid"),
        issued_at=read.issued_at,
        expires_at=read.expires_at,
    )
