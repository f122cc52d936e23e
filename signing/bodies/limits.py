"""The body of limits: what a performer never allows, whatever they grant (SPEC §4.6).

Limits span organizations, so they name the performer by key thumbprint only. Each version names the digest of the
one before: a performer's limits are one line of history.
"""

from signing.bodies.fields import (
    boolean,
    constant,
    fail,
    identifier,
    integer,
    nonce,
    nullable,
    record,
    sha256,
    thumbprint,
)
from signing.bodies.prohibition import limits
from signing.canonical import JSON
from signing.purposes import statement_schema

_BODY = record(
    required={
        "schema": constant(statement_schema("limits")),
        "id": identifier("stm"),
        "livemode": boolean,
        "credential": thumbprint,
        "version": integer(1),
        "previous_sha256": nullable(sha256),
        "nonce": nonce,
    },
    optional={"never": limits},  # left out: no limit any more
)


def check_limits(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of limits.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
    if (body["version"] == 1) != (body["previous_sha256"] is None):
        fail(
            "first version and previous digest contradict each other",
            "/previous_sha256",
            "previous_sha256",
            "null in version 1, the digest of the version before in every other",
        )
