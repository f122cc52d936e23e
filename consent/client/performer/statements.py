"""The bodies that a performer makes alone: ending, pausing, resuming, limits."""

import secrets
from collections.abc import Mapping, Sequence

from consent.core.statement_bodies import Random, about_grant, limits_body
from consent.core.wire.grants import CurrentLimits, GrantForPerformer
from signing.canonical import JSON
from signing.private_key import PrivateKey
from signing.statement import sign_statement_ed25519


def sign(body: Mapping[str, JSON], key: PrivateKey) -> dict[str, JSON]:
    """The envelope of a body with this key's signature as the performer's."""
    return {"body": dict(body), "signatures": [sign_statement_ed25519(body, key=key)]}


def revocation(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """End one grant, for good."""
    return _about("revocation", grant, grant_sha256, key, random)


def suspension(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """Pause one grant until its holder resumes it."""
    return _about("suspension", grant, grant_sha256, key, random)


def resumption(
    grant: GrantForPerformer, *, grant_sha256: str, key: PrivateKey, random: Random = secrets.token_bytes
) -> dict[str, JSON]:
    """Lift the performer's own pause."""
    return _about("resumption", grant, grant_sha256, key, random)


def limits(
    current: CurrentLimits,
    never: Sequence[Mapping[str, Sequence[str]]],
    *,
    key: PrivateKey,
    random: Random = secrets.token_bytes,
) -> dict[str, JSON]:
    """The next version of the performer's standing prohibitions; it replaces the current one whole."""
    return limits_body(
        never,
        version=current.version + 1,
        previous_sha256=current.body_sha256,
        livemode=current.livemode,
        credential=key.public.thumbprint,
        random=random,
    )


def _about(
    kind: str, grant: GrantForPerformer, grant_sha256: str, key: PrivateKey, random: Random
) -> dict[str, JSON]:
    return about_grant(
        kind,
        grant=grant.id,
        grant_sha256=grant_sha256,
        livemode=grant.livemode,
        credential=key.public.thumbprint,
        random=random,
    )
