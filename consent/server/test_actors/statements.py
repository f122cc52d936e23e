"""What the actors sign, as envelopes; the registry takes them like anybody's."""

import secrets
from collections.abc import Mapping
from typing import Any

from consent.core.ids import new_id
from consent.registry.models import Grant
from signing.canonical import canonicalize
from signing.encoding import b64u
from signing.private_key import PrivateKey
from signing.purposes import statement_schema
from signing.statement import sign_statement_ed25519


def signed(body: Mapping[str, Any], key: PrivateKey) -> bytes:
    """The envelope of `body` with the key's signature, as it is handed in."""
    return canonicalize({"body": dict(body), "signatures": [sign_statement_ed25519(dict(body), key=key)]})


def about(grant: Grant, kind: str, *, key: PrivateKey, **members: str) -> bytes:
    """A revocation or suspension of one grant."""
    body = {
        "schema": statement_schema(kind),
        "id": new_id("stm"),
        "livemode": grant.livemode,
        "grant": grant.id,
        "grant_sha256": grant.grant_sha256,
        "credential": key.public.thumbprint,
        "nonce": b64u(secrets.token_bytes(32)),
        **members,
    }
    return signed(body, key)
