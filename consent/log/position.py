"""Positions in a history, and the opaque tokens `ct_…` that carry them outside.

A token is AES-SIV (RFC 5297, deterministic) over version, seq and chain, with the side as
associated data: authenticated, unreadable, and the same token for the same position. The sequence
number stays inside, since it would tell every organization how busy the others are.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from consent.log.errors import PositionConflictError, PositionInvalidError

PREFIX = "ct_"
_VERSION = b"\x01"
_PLAIN_BYTES = 1 + 8 + 32  # version, seq big-endian, chain
_TOKEN_BYTES = 16 + _PLAIN_BYTES  # RFC 5297 §2.6: the SIV is 128 bits
_TOKEN_CHARS = len(PREFIX) + _TOKEN_BYTES * 4 // 3  # 57 bytes are exactly 76 characters
TOKEN_KEY_BYTES = 64  # RFC 5297 §2.2: AES-SIV-512, two 256-bit keys
_PURPOSE = b"consent-registry/position/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in one side's history: `chain` is the 32-byte fold of all entries up to `seq`."""

    livemode: bool
    seq: int
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of one side's history as one read of the primary saw it; `read_at` is its clock."""

    livemode: bool
    seq: int
    chain: bytes
    l_node_ms: int
    l_wait_ms: int
    database_id: str
    key_store_id: str
    read_at: datetime

    @property
    def position(self) -> Position:
        """This head as a position."""
        return Position(livemode=self.livemode, seq=self.seq, chain=self.chain)


class PositionCodec:
    """Formats and parses tokens under one secret key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != TOKEN_KEY_BYTES:
            raise ValueError(f"token key has {len(key)} bytes, expected {TOKEN_KEY_BYTES}")
        self._siv = AESSIV(key)

    def __repr__(self) -> str:
        return "PositionCodec()"

    def encode(self, position: Position) -> str:
        """The token of `position`."""
        plain = _VERSION + position.seq.to_bytes(8, "big") + position.chain
        return (
            PREFIX + base64.urlsafe_b64encode(self._siv.encrypt(plain, [_side(position.livemode)])).decode()
        )

    def decode(self, token: str, *, expected_livemode: bool) -> Position:
        """The position that `token` names on the expected side.

        Raises:
            PositionInvalidError: malformed, not canonical, forged, or of the other side.
        """
        if len(token) != _TOKEN_CHARS or not token.startswith(PREFIX) or not token.isascii():
            raise PositionInvalidError(
                f"position is not {PREFIX} and {_TOKEN_CHARS - len(PREFIX)} characters"
            )
        try:
            sealed = base64.b64decode(token[len(PREFIX) :], altchars=b"-_", validate=True)
            plain = self._siv.decrypt(sealed, [_side(expected_livemode)])
        except (binascii.Error, InvalidTag) as exc:
            raise PositionInvalidError("position was not issued by this registry for this side") from exc
        if len(plain) != _PLAIN_BYTES or plain[:1] != _VERSION:
            raise PositionInvalidError("position has an unknown version")
        return Position(livemode=expected_livemode, seq=int.from_bytes(plain[1:9], "big"), chain=plain[9:])


def require_reached(position: Position, head: Head, *, chain_at_position: bytes | None) -> None:
    """Accept `position` only if `head` has reached it on the same history.

    `chain_at_position` is the chain stored at `position.seq` as the head's own snapshot sees it,
    None if there is no such event (`consent.log.heads.require_on_history` reads it).

    Raises:
        PositionConflictError: ahead of the primary, or off its history.
    """
    if position.livemode != head.livemode:
        raise PositionConflictError("position and head are of different sides")
    if position.seq > head.seq:
        raise PositionConflictError("position is ahead of the registry's history")
    if position.chain != chain_at_position:
        raise PositionConflictError("position is not on the registry's history")


def _side(livemode: bool) -> bytes:
    """Associated data: a token of one side never opens on the other."""
    return _PURPOSE + (b"\x00live" if livemode else b"\x00test")
