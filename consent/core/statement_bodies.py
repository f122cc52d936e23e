"""The bodies that a performer signs without an offer: about a grant signed before, limits, a further key."""

import secrets
from collections.abc import Callable, Mapping, Sequence
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


def limits_body(
    never: Sequence[Mapping[str, Sequence[str]]],
    *,
    version: int,
    previous_sha256: str | None,
    livemode: bool,
    credential: str,
    random: Random = secrets.token_bytes,
) -> dict[str, JSON]:
    """Standing prohibitions that replace those of `version - 1` whole, whose body has the digest `previous_sha256`."""
    body: dict[str, JSON] = {
        "schema": statement_schema("limits"),
        "id": new_id("stm", random=random),
        "livemode": livemode,
        "credential": credential,
        "version": version,
        "previous_sha256": previous_sha256,
        "nonce": b64u(random(NONCE_BYTES)),
    }
    if never:  # a list that would be empty is left out
        body["never"] = [_selectors(item) for item in never]
    return body


def further_passkey_body(
    *,
    public_key_cose: bytes,
    by_credential: str,
    label: str,
    livemode: bool,
    random: Random = secrets.token_bytes,
) -> dict[str, JSON]:
    """A further passkey, vouched for by the key with the thumbprint `by_credential`."""
    return {
        "schema": statement_schema("credential"),
        "id": new_id("stm", random=random),
        "livemode": livemode,
        "public_key": b64u(public_key_cose),
        "kind": "passkey",
        "introduced_by": "performer",
        "by_credential": by_credential,
        "label": label,
        "nonce": b64u(random(NONCE_BYTES)),
    }


def _selectors(item: Mapping[str, Sequence[str]]) -> dict[str, JSON]:
    """One prohibition with its words as sorted sets."""
    return {name: list[JSON](sorted(set(words))) for name, words in item.items()}
