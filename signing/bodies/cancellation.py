"""The body of a cancellation: the performer stops a revocation that is still pending (SPEC §4.5)."""

from signing.bodies.about_grant import HOLDER, about_grant
from signing.bodies.fields import identifier
from signing.canonical import JSON

# `cancels` names the one pending revocation, so that the same words cannot stop a later one.
_BODY = about_grant("cancellation", "cancel", {"holder": HOLDER, "cancels": identifier("stm")})


def check_cancellation(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a cancellation.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
