"""Recovery codes: six groups of four characters that a person can type, 120 random bits.

The alphabet is that of invitation codes; what is typed may be spelt as freely.
"""

from collections.abc import Callable

from consent.registry import typed_code

CODE_BYTES = 15  # 120 bits: a sheet lies in a drawer for years, and its digest may leak
_CONTEXT = b"consent-registry/recovery/v1\x00"


def new_code(random: Callable[[int], bytes]) -> str:
    """A new code, such as 7Q4K-M2TX-0B9C-ZR5H-1VWE-88PD."""
    return typed_code.spell(random(CODE_BYTES))


def code_digest(code: str) -> bytes | None:
    """The SHA-256 of a code as it is meant, or None for what cannot be one."""
    return typed_code.digest(code, code_bytes=CODE_BYTES, context=_CONTEXT)
