"""The bodies that a performer makes alone: ending, pausing, resuming, limits."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from consent.core.ids import new_id
from consent.core.wire.grants import CurrentLimits, GrantForPerformer
from signing.canonical import JSON
from signing.encoding import b64u
from signing.private_key import PrivateKey
from signing.purposes import statement_schema
from signing.statement import sign_statement_ed25519

NONCE_BYTES = 32
Random = Callable[[int], bytes]
HOLDER = "performer"


def sign(body: Mapping[str, JSON], key: PrivateKey) -> dict[str, JSON]:
    """The envelope of a body with this key's signature as the performer's."""
    return {"body": dict(body), "signatures": [sign_statement_ed25519(body, key=key)]}


def revocation(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """End one grant, for good."""
    return {**_about("revocation", grant, grant_sha256, key, random), "effect": "end"}


def suspension(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """Pause one grant until its holder resumes it."""
    return {**_about("suspension", grant, grant_sha256, key, random), "effect": "pause", "holder": HOLDER}


def resumption(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """Lift the performer's own pause."""
    return {**_about("resumption", grant, grant_sha256, key, random), "effect": "resume", "holder": HOLDER}


def limits(
    current: CurrentLimits,
    never: Sequence[Mapping[str, Sequence[str]]],
    *,
    key: PrivateKey,
    random: Random = secrets.token_bytes,
) -> dict[str, JSON]:
    """The next version of the performer's standing prohibitions; it replaces the current one whole."""
    body: dict[str, JSON] = {
        "schema": statement_schema("limits"),
        "id": new_id("stm", random=random),
        "livemode": current.livemode,
        "credential": key.public.thumbprint,
        "version": current.version + 1,
        "previous_sha256": current.body_sha256,
        "nonce": b64u(random(NONCE_BYTES)),
    }
    if never:  # a list that would be empty is left out
        body["never"] = [_selectors(item) for item in never]
    return body


def _selectors(item: Mapping[str, Sequence[str]]) -> dict[str, JSON]:
    """One prohibition with its words as sorted sets."""
    return {name: list[JSON](sorted(set(words))) for name, words in item.items()}


def _about(
    kind: str, grant: GrantForPerformer, grant_sha256: str, key: PrivateKey, random: Random
) -> dict[str, JSON]:
    return {
        "schema": statement_schema(kind),
        "id": new_id("stm", random=random),
        "livemode": grant.livemode,
        "grant": grant.id,
        "grant_sha256": grant_sha256,
        "credential": key.public.thumbprint,
        "nonce": b64u(random(NONCE_BYTES)),
    }
