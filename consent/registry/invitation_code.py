"""Invitation codes: four groups of four characters that a person can type, 80 random bits."""

from collections.abc import Callable

from consent.registry import typed_code

CODE_BYTES = 10  # 80 bits: not to be guessed within 14 days, nor found from the digest
_CONTEXT = b"consent-registry/invitation/v1\x00"


def new_code(random: Callable[[int], bytes]) -> str:
    """A new code, such as 7Q4K-M2TX-0B9C-ZR5H."""
    return typed_code.spell(random(CODE_BYTES))


def code_digest(code: str) -> bytes | None:
    """The SHA-256 of a code as it is meant, or None for what cannot be one."""
    return typed_code.digest(code, code_bytes=CODE_BYTES, context=_CONTEXT)
