"""What places say that no grant has: they look like places of grants, and change like them (decision 0029).

A decoy is drawn anew at an instant of its own, once in about half a year, so that at any minute some change. Which
places are decoys, and in which shares they stand, is known only to whoever holds the key.
"""

import hashlib
from datetime import datetime

from signing.status_list import INVALID, OUR_BITS, OUR_ENTRIES, SUSPENDED, VALID

LIST_BYTES = OUR_ENTRIES * OUR_BITS // 8
PLACES_A_BYTE = 8 // OUR_BITS
STEP_S = 240
STEPS = 1 << 16  # some 182 days of 240 s: in each step about sixteen places of a list are drawn anew
VALID_SHARE = range(96, 160)  # of 256, each list another: how many are valid tells nothing of the grants
SUSPENDED_SHARE = range(4, 16)


def decoys(key: bytes, *, livemode: bool, number: int, at: datetime) -> bytearray:
    """A whole list of decoys at `at`, two bits a place, the first in the lowest bits of the first byte."""
    side = "live" if livemode else "test"
    seed = b"\0".join([key, side.encode(), str(number).encode()])
    epoch, step = divmod(int(at.timestamp()) // STEP_S, STEPS)
    meaning = _meaning(_stream(seed, b"shares", 2))
    # One number of as many bytes as the list has, so that each step below is taken for a quarter of all places.
    every = int.from_bytes(bytes([(1 << OUR_BITS) - 1]) * LIST_BYTES, "little")
    found = 0
    for plane in range(PLACES_A_BYTE):
        turned = _turned(_stream(seed, b"when %d" % plane, 2 * LIST_BYTES), step)
        before, after = (
            _number(_stream(seed, b"what %d %d" % (plane, draw), LIST_BYTES)) for draw in (epoch, epoch + 1)
        )
        drawn = before ^ (before ^ after) & turned
        said = _number(drawn.to_bytes(LIST_BYTES, "little").translate(meaning)) & every
        found |= said << OUR_BITS * plane
    return bytearray(found.to_bytes(LIST_BYTES, "little"))


def _turned(instants: bytes, step: int) -> int:
    """All bits of each byte whose place was drawn anew by `step`; of an instant the high halves come first."""
    high, low = instants[:LIST_BYTES], instants[LIST_BYTES:]
    upper, lower = divmod(step, 256)
    earlier = high.translate(bytes(255 * (byte < upper) for byte in range(256)))
    same = high.translate(bytes(255 * (byte == upper) for byte in range(256)))
    reached = low.translate(bytes(255 * (byte <= lower) for byte in range(256)))
    return _number(earlier) | _number(same) & _number(reached)


def _meaning(hidden: bytes) -> bytes:
    """From a drawn byte to a status, in this list's own shares."""
    valid = VALID_SHARE[hidden[0] % len(VALID_SHARE)]
    suspended = valid + SUSPENDED_SHARE[hidden[1] % len(SUSPENDED_SHARE)]
    return bytes(VALID if byte < valid else SUSPENDED if byte < suspended else INVALID for byte in range(256))


def _stream(seed: bytes, what: bytes, length: int) -> bytes:
    return hashlib.shake_256(seed + b"\0" + what).digest(length)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
