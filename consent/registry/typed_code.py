"""Codes that people type: groups of four characters in Crockford's base32, without I, L, O and U.

What is typed may be lower case, without hyphens, and with O for 0 or I and L for 1.
"""

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP = 4
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def spell(secret: bytes) -> str:
    """The bytes, a multiple of five, as groups."""
    number = int.from_bytes(secret, "big")
    count = len(secret) * 8 // 5
    chars = "".join(ALPHABET[number >> shift & 31] for shift in range(count * 5 - 5, -1, -5))
    return "-".join(chars[start : start + _GROUP] for start in range(0, count, _GROUP))


def digest(code: str, *, code_bytes: int, context: bytes) -> bytes | None:
    """The SHA-256 of the code as it is meant under `context`, or None for what cannot be one."""
    meant = code.upper().translate(_MEANT) if code.isascii() else ""
    if len(meant) != code_bytes * 8 // 5 or not set(meant) <= set(ALPHABET):
        return None
    return hashlib.sha256(context + meant.encode()).digest()
