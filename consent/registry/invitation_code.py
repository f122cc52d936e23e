"""Invitation codes: four groups of four characters that a person can type, 80 random bits.

Crockford's base32 alphabet without I, L, O and U; what is typed may be lower case, without hyphens, and
with O for 0 or I and L for 1.
"""

import hashlib
from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_BYTES = 10  # 80 bits: not to be guessed within 14 days, nor found from the digest
_CHARS = CODE_BYTES * 8 // 5
_GROUP = 4
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def new_code(random: Callable[[int], bytes]) -> str:
    """A new code, such as 7Q4K-M2TX-0B9C-ZR5H."""
    number = int.from_bytes(random(CODE_BYTES), "big")
    chars = "".join(ALPHABET[number >> shift & 31] for shift in range(_CHARS * 5 - 5, -1, -5))
    return "-".join(chars[start : start + _GROUP] for start in range(0, _CHARS, _GROUP))


def code_digest(code: str) -> bytes | None:
    """The SHA-256 of a code as it is meant, or None for what cannot be one."""
    meant = code.upper().translate(_MEANT) if code.isascii() else ""
    if len(meant) != _CHARS or not set(meant) <= set(ALPHABET):
        return None
    return hashlib.sha256(b"consent-registry/invitation/v1\x00" + meant.encode()).digest()
