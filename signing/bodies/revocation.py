"""The body of a revocation: the performer ends a grant, for good (SPEC §4.5)."""

from signing.bodies.about_grant import about_grant
from signing.canonical import JSON

_BODY = about_grant("revocation", "end")


def check_revocation(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a revocation.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
