"""Ids of decisions: each names its record in the ledger, and only this registry can read or make one.

An id is one AES block (a permutation of 128 bits under a key of its own): 48 bits of the boot, 24 of the segment,
16 of the record in it, 14 of the row in that, and 26 zero bits that a forger would have to hit.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from consent.core.ids import is_id

KEY_BYTES: Final = 32
BOOT_BYTES: Final = 6
MAX_ROWS: Final = 1 << 14
MAX_RECORDS: Final = 1 << 16  # of a segment
MAX_SEGMENTS: Final = 1 << 24  # of a boot; then a new one begins
_BLOCK: Final = 16
_ROW_SHIFT: Final = 26
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 §6, lower case
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS: Final = tuple(range(120, -1, -10))  # of 130 bits: the block and two zero bits
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_HEAD_BYTES: Final = 11  # boot, segment, record
_CHARS: Final = 26  # of a block in base32
_AT_ONCE: Final = 128  # blocks that are spread together
_LANE: Final = 32  # bytes of a spread block: 16 and four of zeros, five of them in eight
_LETTERS: Final = _ALPHABET.encode("ascii").ljust(256, b"\0")
_MASKS: Final = tuple(
    tuple(int.from_bytes(half.to_bytes(8, "big") * (_LANE // 8 * _AT_ONCE), "big") for half in halves)
    for halves in (
        (0x00000000000FFFFF, 0x000000FFFFF00000),
        (0x000003FF000003FF, 0x000FFC00000FFC00),
        (0x001F001F001F001F, 0x03E003E003E003E0),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordName:
    """Where a decision stands: `index` within the segment, `row` within the record."""

    boot: str
    segment: int
    index: int
    row: int


class DecisionIds:
    """The ids of one side. Not safe to share between threads: a ledger uses its own under its lock."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"key has {len(key)} bytes, expected {KEY_BYTES}")
        # One block at a time and no two alike: what makes ECB unfit for texts does not arise.
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305
        self._encryptor = self._cipher.encryptor()

    def __repr__(self) -> str:
        return "DecisionIds()"

    def make(self, boot: bytes, *, segment: int, index: int, rows: int) -> list[str]:
        """The ids of a record's decisions."""
        head = boot + segment.to_bytes(3, "big") + index.to_bytes(2, "big")
        sealed = self._encryptor.update(head + head.join(_row_tails(rows)))
        if rows < _AT_ONCE // 4:
            return [_text(sealed[at : at + _BLOCK]) for at in range(0, len(sealed), _BLOCK)]
        return _texts(sealed)

    def make_next(self, boot: bytes, *, segment: int, index: int, records: int) -> list[str]:
        """The ids of so many records from `index` on, each of one decision."""
        head = boot + segment.to_bytes(3, "big")
        plain = b"".join([head + at.to_bytes(2, "big") + _TAILS[0] for at in range(index, index + records)])
        return _texts(self._encryptor.update(plain))

    def read(self, decision: str) -> RecordName | None:
        """The record that an id names; None for whatever this registry never made."""
        if not is_id(decision, "dec") or len(decision) != 30:
            return None
        number = 0
        for letter in decision[4:]:
            value = _VALUES.get(letter)
            if value is None:
                return None
            number = number << 5 | value
        if number & 3:
            return None  # a second spelling of the same block
        decryptor = self._cipher.decryptor()
        plain = int.from_bytes(decryptor.update((number >> 2).to_bytes(_BLOCK, "big")), "big")
        if plain & ((1 << _ROW_SHIFT) - 1):
            return None
        return RecordName(
            boot=f"{plain >> 80:012x}",
            segment=plain >> 56 & (MAX_SEGMENTS - 1),
            index=plain >> 40 & (MAX_RECORDS - 1),
            row=plain >> _ROW_SHIFT & (MAX_ROWS - 1),
        )


def boot_name(boot: bytes) -> str:
    """A boot as roots and files name it."""
    return binascii.hexlify(boot).decode("ascii")


def _row_tails(rows: int) -> Sequence[bytes]:
    """The last bytes of the blocks of a record's rows."""
    return _TAILS[:rows] if rows <= len(_TAILS) else [_tail(row) for row in range(rows)]


def _tail(row: int) -> bytes:
    return (row << _ROW_SHIFT).to_bytes(_BLOCK - _HEAD_BYTES, "big")


_TAILS: Final = tuple(_tail(row) for row in range(1024))


def _texts(sealed: bytes) -> list[str]:
    """As `_text` of each block, for many of them at once: one number holds them all, and is spread in three steps.

    Every five bytes of a block get eight; 40 bits become twice 20, four times 10, eight times 5: letters.
    """
    (low20, high20), (low10, high10), (low5, high5) = _MASKS
    texts: list[str] = []
    for start in range(0, len(sealed), _BLOCK * _AT_ONCE):
        blocks = sealed[start : start + _BLOCK * _AT_ONCE].ljust(_BLOCK * _AT_ONCE, b"\0")
        lanes = bytearray(_LANE * _AT_ONCE)
        for at in range(_BLOCK):
            lanes[at // 5 * 8 + 3 + at % 5 :: _LANE] = blocks[at::_BLOCK]
        number = int.from_bytes(lanes, "big")
        number = number & low20 | (number & high20) << 12
        number = number & low10 | (number & high10) << 6
        number = number & low5 | (number & high5) << 3
        letters = number.to_bytes(len(lanes), "big").translate(_LETTERS).decode("ascii")
        texts += ["dec_" + letters[at : at + _CHARS] for at in range(0, len(letters), _LANE)]
    return texts[: len(sealed) // _BLOCK]


def _text(block: bytes) -> str:
    number = int.from_bytes(block, "big") << 2
    return "dec_" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
