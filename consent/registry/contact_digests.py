"""Addresses as keyed digests: enough to find a performer by what they type, useless without the key."""

import hashlib
import hmac
import unicodedata

KEY_BYTES = 32  # HMAC-SHA-256: a key as long as the digest (RFC 2104 §3)
_CONTEXT = b"consent-registry/contact/v1\x00"


class ContactDigests:
    """Makes digests under one secret key. It does not print."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"contact key has {len(key)} bytes, expected {KEY_BYTES}")
        self._key = key

    def __repr__(self) -> str:
        return "ContactDigests()"

    def digest(self, email: str, *, livemode: bool) -> bytes:
        """HMAC-SHA-256 of the address as it is meant, apart for each side."""
        side = b"live\x00" if livemode else b"test\x00"
        return hmac.digest(self._key, _CONTEXT + side + meant(email).encode(), hashlib.sha256)


def meant(email: str) -> str:
    """An address without what people spell differently: blanks around it, case, Unicode forms."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", email).strip().casefold())
