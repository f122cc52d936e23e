"""Keys of one purpose each, derived from the one configured secret."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES = 32  # a 256-bit secret; HKDF does not strengthen a weak one


def derive_key(secret: bytes, *, purpose: str, length: int = 32) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of `secret` with the purpose as info; ValueError if it is too short."""
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"key secret has {len(secret)} bytes, expected at least {MIN_SECRET_BYTES}")
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(secret)
