"""E-mail addresses in forms: held to the same form as in the API."""

from typing import Final

from consent.core.wire.decode import convert
from consent.core.wire.errors import WireError
from consent.core.wire.organizations import Email

MAX_CHARS: Final = 254  # RFC 5321 §4.5.3.1.3, less the brackets


def is_address(text: str) -> bool:
    """Whether something can be mailed to it."""
    try:
        convert(text, Email)
    except WireError:
        return False
    return True
