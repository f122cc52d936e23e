"""The bodies of statements about a grant that was signed before: ending, pausing, confirming and their like."""

import secrets
from collections.abc import Callable
from typing import Final

from consent.core.ids import new_id
from signing.canonical import JSON
from signing.encoding import b64u
from signing.purposes import statement_schema

NONCE_BYTES: Final = 32
HOLDER: Final = "performer"  # whose hold a performer's pause is
EFFECTS: Final = {
    "cancellation": "cancel",
    "confirmation": "confirm",
    "rescission": "rescind",
    "resumption": "resume",
    "revocation": "end",
    "suspension": "pause",
}
Random = Callable[[int], bytes]


def about_grant(
    kind: str,
    *,
    grant: str,
    grant_sha256: str,
    livemode: bool,
    credential: str,
    cancels: str | None = None,
    random: Random = secrets.token_bytes,
) -> dict[str, JSON]:
    """A body of `kind` about `grant`, for the key with the thumbprint `credential` (SHAPES, statement bodies).

    `cancels` names the pending revocation that a cancellation stops.

    Raises:
        KeyError: a kind that is not about a grant.
    """
    body: dict[str, JSON] = {
        "schema": statement_schema(kind),
        "id": new_id("stm", random=random),
        "livemode": livemode,
        "grant": grant,
        "grant_sha256": grant_sha256,
        "credential": credential,
        "nonce": b64u(random(NONCE_BYTES)),
        "effect": EFFECTS[kind],
    }
    if kind != "revocation":
        body["holder"] = HOLDER
    if cancels is not None:
        body["cancels"] = cancels
    return body
