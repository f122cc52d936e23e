"""Ids of decisions: each names its record in the ledger, and only this registry can read or make one.

An id is one AES block (a permutation of 128 bits under a key of its own): 48 bits of the boot, 24 of the segment,
16 of the record in it, 14 of the row in that, and 26 zero bits that a forger would have to hit.
"""

import binascii
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
        head = int.from_bytes(boot, "big") << 80 | segment << 56 | index << 40
        plain = b"".join([(head | row << _ROW_SHIFT).to_bytes(_BLOCK, "big") for row in range(rows)])
        sealed = self._encryptor.update(plain)
        return [_text(sealed[at : at + _BLOCK]) for at in range(0, len(sealed), _BLOCK)]

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


def _text(block: bytes) -> str:
    number = int.from_bytes(block, "big") << 2
    return "dec_" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
