"""Tokens of the next page of a snapshot: sealed, so that they show nobody an internal id, and good for one reader.

AES-SIV (RFC 5297) as in position tokens; the associated data are purpose, side and organization.
"""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from consent.core.wire.problem import ApiError
from consent.log.position import Position

PAGE_KEY_BYTES = 64  # RFC 5297 §2.2: AES-SIV-512
_PURPOSE = b"consent-registry/changes-page/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPlace:
    """Where a snapshot goes on: it began at `position`, with the counter at `n`, and has told the organization's own
    performers up to `reference`; or all of these, and others' up to `licensee` and `performer`."""

    position: Position
    n: int
    reference: str | None = None
    licensee: str | None = None
    performer: UUID | None = None


class PageTokens:
    """Formats and reads page tokens under one secret key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != PAGE_KEY_BYTES:
            raise ValueError(f"page key has {len(key)} bytes, expected {PAGE_KEY_BYTES}")
        self._siv = AESSIV(key)

    def __repr__(self) -> str:
        return "PageTokens()"

    def encode(self, place: SnapshotPlace, *, organization: str) -> str:
        """The token of a place."""
        position = place.position
        plain = msgspec.msgpack.encode(
            (position.seq, position.chain, place.n, place.reference, place.licensee, place.performer)
        )
        sealed = self._siv.encrypt(plain, _context(position.livemode, organization))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def decode(self, token: str, *, livemode: bool, organization: str) -> SnapshotPlace:
        """The place that a token names.

        Raises:
            ApiError: `page_invalid`: not a token of this organization and side.
        """
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            plain = self._siv.decrypt(sealed, _context(livemode, organization))
            seq, chain, n, reference, licensee, performer = msgspec.msgpack.decode(
                plain, type=tuple[int, bytes, int, str | None, str | None, UUID | None]
            )
        except (binascii.Error, InvalidTag, ValueError, msgspec.MsgspecError) as exc:
            raise ApiError("page_invalid") from exc
        return SnapshotPlace(
            position=Position(livemode=livemode, seq=seq, chain=chain),
            n=n,
            reference=reference,
            licensee=licensee,
            performer=performer,
        )


def _context(livemode: bool, organization: str) -> list[bytes]:
    return [_PURPOSE, b"live" if livemode else b"test", organization.encode()]
