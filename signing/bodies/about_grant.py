"""Members shared by the statements that a performer makes about one grant (SPEC §4.5)."""

from collections.abc import Mapping

from signing.bodies.fields import (
    Check,
    boolean,
    constant,
    identifier,
    nonce,
    record,
    sha256,
    thumbprint,
)
from signing.purposes import statement_schema

HOLDER = constant("performer")  # whose hold, word or consent it is: a performer signs for nobody else


def about_grant(kind: str, effect: str, more: Mapping[str, Check] | None = None) -> Check:
    """The check of a body that names one grant by id and digest and says what becomes of it.

    `grant_sha256` ties the statement to the exact terms: a grant cannot be swapped under it.
    """
    return record(
        {
            "schema": constant(statement_schema(kind)),
            "id": identifier("stm"),
            "livemode": boolean,
            "grant": identifier("grt"),
            "grant_sha256": sha256,
            "effect": constant(effect),
            "credential": thumbprint,
            "nonce": nonce,
            **(more or {}),
        }
    )
