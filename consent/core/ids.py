"""Opaque identifiers: a prefix that names the kind, an underscore, 128 random bits.

The form is `prefix_` + 26 characters of lower-case base32 (RFC 4648 alphabet, no padding). Invented
performers of the test side and their like have readable ids instead: `prf_test_allow`.
"""

import base64
import re
import secrets
from collections.abc import Callable
from typing import Final

RANDOM_BYTES: Final = 16  # 128 bits: never guessed, never reused
PREFIXES: Final = frozenset(
    {
        "prf", "org", "off", "inv", "grt", "stm", "rcp", "dec", "lse",
        "mdl", "per", "cas", "key", "evt", "cre", "pri", "mem", "req", "out", "opr", "era", "evd", "hld",
    }
)  # fmt: skip

_RANDOM_ID = re.compile(r"[a-z]{3}_[a-z2-7]{26}")
_READABLE_ID = re.compile(r"[a-z]{3}_test_[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}")


def new_id(prefix: str, *, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Make an id of the kind `prefix`; `random` gives the bytes.

    Raises:
        ValueError: the prefix is not one of `PREFIXES`.
    """
    if prefix not in PREFIXES:
        raise ValueError(f"id prefix is {prefix!r}, expected one of {sorted(PREFIXES)}")
    text = base64.b32encode(random(RANDOM_BYTES)).decode("ascii")
    return f"{prefix}_{text.rstrip('=').lower()}"


def is_id(value: object, prefix: str) -> bool:
    """Say whether `value` has the form of an id of the kind `prefix`; knows nothing of what exists."""
    if not isinstance(value, str) or not value.startswith(f"{prefix}_"):
        return False
    return bool(_RANDOM_ID.fullmatch(value) or _READABLE_ID.fullmatch(value))
