"""Request ids that clients choose: AuthZEN's answers repeat them (§10.1.3), and only they do.

They stand in that one header and nowhere else: logs and problems have the registry's own.
"""

import re
from collections.abc import Mapping
from typing import Any

from consent.check.question_body import PRINTABLE

ECHOING = "/access/"  # the paths whose answers repeat them
_PRINTABLE = re.compile(PRINTABLE)


def may_be_repeated(sent: str) -> bool:
    """Whether an id can stand in a header as it came."""
    return _PRINTABLE.fullmatch(sent) is not None


def shown_id(environ: Mapping[str, Any], own: str) -> str:
    """What the answer's X-Request-Id says: the client's, where it sent one and the path repeats it."""
    sent = environ.get("HTTP_X_REQUEST_ID")
    return own if sent is None or not environ["PATH_INFO"].startswith(ECHOING) else str(sent)


def is_odd(environ: Mapping[str, Any]) -> bool:
    """Whether a client's id would have to be repeated, and cannot be."""
    return not may_be_repeated(shown_id(environ, "none"))
