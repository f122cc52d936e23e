"""Token Status Lists: one small number for each grant, compressed and signed (SPEC §16; IETF Token Status List).

A list can only deny: a number other than VALID ends a grant, and VALID grants nothing.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from signing import jws
from signing.bodies.fields import integer, record, text
from signing.canonical import JSON
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_numeric_date, parse_numeric_date
from signing.private_key import PrivateKey
from signing.public_key import PublicKey
from signing.purposes import STATUS_LIST

VALID, INVALID, SUSPENDED = 0, 1, 2  # § 7.1
OUR_BITS: Literal[2] = 2
OUR_ENTRIES = 1 << 20
OUR_TTL_S = 60
OUR_LIFETIME = timedelta(minutes=15)
MAX_ARRAY_BYTES = 1 << 22  # sixteen of ours; what would become larger is not decompressed
CLOCK_SKEW = timedelta(seconds=60)  # as for receipts: SPEC §9.2
_BITS = (1, 2, 4, 8)  # § 4.1


@dataclass(frozen=True, slots=True)
class StatusList:
    """An array of statuses of `bits` bits each, the first in the lowest bits of the first byte (§ 4.1)."""

    bits: int
    array: bytes

    def __post_init__(self) -> None:
        if self.bits not in _BITS:
            raise MalformedError(f"a status has {self.bits} bits", rule="bits", expected="1, 2, 4 or 8")
        if not 1 <= len(self.array) <= MAX_ARRAY_BYTES:
            raise MalformedError(
                f"list has {len(self.array)} bytes", rule="length", expected=f"1 to {MAX_ARRAY_BYTES}"
            )

    @classmethod
    def of(
        cls, statuses: dict[int, int], *, bits: int = OUR_BITS, entries: int = OUR_ENTRIES
    ) -> "StatusList":
        """A list of `entries` places that are VALID but for `statuses`.

        Raises:
            MalformedError: an index outside the list, or a status that does not fit into `bits`.
        """
        array = bytearray((entries * bits + 7) // 8)
        for index, status in statuses.items():
            if not 0 <= index < entries or not 0 <= status < 1 << bits:
                raise MalformedError(
                    f"status {status} at {index}",
                    rule="status",
                    expected=f"{bits} bits, one of {entries} places",
                )
            at, shift = divmod(index * bits, 8)
            array[at] = array[at] & ~(((1 << bits) - 1) << shift) | status << shift
        return cls(bits, bytes(array))

    def __len__(self) -> int:
        return len(self.array) * 8 // self.bits

    def status(self, index: int) -> int:
        """The status at `index`.

        Raises:
            MalformedError: the list has no such place: whoever asks must not read it as VALID.
        """
        if not 0 <= index < len(self):
            raise MalformedError(
                f"index {index} of {len(self)}", rule="index", expected="a place in the list"
            )
        at, shift = divmod(index * self.bits, 8)
        return self.array[at] >> shift & (1 << self.bits) - 1

    def compressed(self) -> bytes:
        """§ 4.1: DEFLATE in the ZLIB format, at the highest level."""
        return zlib.compress(self.array, 9)


def read_list(claim: JSON, *, pointer: str = "") -> StatusList:
    """The list of a `status_list` claim (§ 4.2).

    Raises:
        MalformedError: another shape, not ZLIB, larger than a list may become, or bytes after its end.
    """
    _CLAIM(claim, pointer)
    members = cast("dict[str, JSON]", claim)
    packed = unb64u(cast("str", members["lst"]), pointer=f"{pointer}/lst")
    inflate = zlib.decompressobj()
    try:
        array = inflate.decompress(packed, MAX_ARRAY_BYTES + 1)
    except zlib.error as exc:
        raise MalformedError("list is not ZLIB", pointer=f"{pointer}/lst", rule="zlib") from exc
    if len(array) <= MAX_ARRAY_BYTES and (not inflate.eof or inflate.unused_data):
        raise MalformedError("list is cut off, or has more behind it", pointer=f"{pointer}/lst", rule="zlib")
    try:
        return StatusList(cast("int", members["bits"]), array)
    except MalformedError as exc:
        raise exc.under(pointer) from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusListToken:
    """A list under its address `uri`: refused from `expires_at`, fetched again after `ttl_s` where it says so."""

    uri: str
    issued_at: datetime
    expires_at: datetime
    ttl_s: int | None
    statuses: StatusList


def sign_status_list(
    uri: str, statuses: StatusList, *, key: PrivateKey, at: datetime, lifetime: timedelta = OUR_LIFETIME
) -> str:
    """The list as compact JWS of type `statuslist+jwt`, by a status key (§ 5.1)."""
    return jws.sign(status_list_claims(uri, statuses, at=at, lifetime=lifetime), typ=STATUS_LIST, key=key)


def status_list_claims(
    uri: str, statuses: StatusList, *, at: datetime, lifetime: timedelta = OUR_LIFETIME
) -> dict[str, JSON]:
    """The payload of the list under its address `uri`, issued at `at` (§ 5.1)."""
    return {
        "sub": uri,
        "iat": format_numeric_date(at),
        "exp": format_numeric_date(at + lifetime),
        "ttl": OUR_TTL_S,
        "status_list": {"bits": statuses.bits, "lst": b64u(statuses.compressed())},
    }


def read_status_list(payload: dict[str, JSON]) -> StatusListToken:
    """The list of a token's payload, its signature not looked at (§ 5.1).

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    # § 5.1 lets a token have further claims. One that never expires is none for us, though the draft allows it.
    own = {name: payload[name] for name in _PAYLOAD_MEMBERS if name in payload}
    _PAYLOAD(own, "")
    return StatusListToken(
        uri=cast("str", own["sub"]),
        issued_at=parse_numeric_date(own["iat"], pointer="/iat"),
        expires_at=parse_numeric_date(own["exp"], pointer="/exp"),
        ttl_s=cast("int | None", own.get("ttl")),
        statuses=read_list(own["status_list"], pointer="/status_list"),
    )


def verify_status_list(token: str, *, expected_uri: str, key: PublicKey, at: datetime) -> StatusListToken:
    """Verify one of our lists under a status key, for the address from which it was expected (§ 8.3).

    Raises:
        MalformedError: no list in our form.
        SignatureError: the signature does not hold, or it is no status list.
        UntrustedError: another key or address, issued later than `at`, or expired at `at`.
    """
    verified = jws.verify(token, expected_typ=STATUS_LIST, key=key)
    read = read_status_list(verified.payload)
    if read.uri != expected_uri:
        raise UntrustedError(f"list is of {read.uri!r:.200}, expected of {expected_uri!r:.200}")
    if not read.issued_at - CLOCK_SKEW <= at < read.expires_at:
        raise UntrustedError(f"list is good from {read.issued_at} until {read.expires_at}, and it is {at}")
    return read


_CLAIM = record({"bits": integer(1, 8), "lst": text(1 << 21)}, optional={"aggregation_uri": text(2000)})
_PAYLOAD_MEMBERS = ("sub", "iat", "exp", "ttl", "status_list")
_PAYLOAD = record(
    {"sub": text(2000), "iat": integer(0), "exp": integer(0), "status_list": _CLAIM}, {"ttl": integer(1)}
)
