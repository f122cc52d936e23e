"""Where to go after signing in: a path of ours, or nowhere."""

import re

# One slash, and then only what our own addresses are made of: no host, no scheme, no backslash, nothing that a
# browser would strip or decode into one (WHATWG URL, "basic URL parser").
_LOCAL = re.compile(r"/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*(?:/[A-Za-z0-9_.~-]+)*)?")
MAX_CHARS = 200


def local_path(wanted: str) -> str | None:
    """The path if it is one of this origin, otherwise None."""
    return wanted if len(wanted) <= MAX_CHARS and _LOCAL.fullmatch(wanted) else None
