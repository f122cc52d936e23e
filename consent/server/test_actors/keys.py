"""The actors' keys: published test keys, derived from public text. They prove nothing about anybody."""

import hashlib

from signing.private_key import PrivateKey

DOMAIN = b"consent-registry/published-test-actor-key/v1"


def published_key(reference: str) -> PrivateKey:
    """The software key of the actor `prf_test_…`: SHA-256 of the domain, a zero byte and the reference."""
    return PrivateKey.from_seed(hashlib.sha256(DOMAIN + b"\x00" + reference.encode("ascii")).digest())
