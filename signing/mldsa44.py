"""ML-DSA-44 signatures (FIPS 204), where the installed `cryptography` can check them (SPEC §14.4)."""

from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from signing.errors import MalformedError, SignatureError, UntrustedError

try:
    from cryptography.hazmat.primitives.asymmetric import mldsa as _mldsa
except ImportError:  # `cryptography` before 47
    _mldsa: Any = None  # type: ignore[no-redef]

KEY_BYTES = 1312  # FIPS 204 §4, table 2
SIGNATURE_BYTES = 2420


def is_supported() -> bool:
    """Whether signatures can be checked here; where not, nobody who signs so is known."""
    if _mldsa is None:
        return False
    try:
        _mldsa.MLDSA44PublicKey.from_public_bytes(bytes(KEY_BYTES))
    except UnsupportedAlgorithm:
        return False
    except ValueError:
        pass
    return True


def verify(key: bytes, signature: bytes, data: bytes) -> None:
    """Check a pure ML-DSA-44 signature with an empty context.

    Raises:
        MalformedError: the key is none.
        SignatureError: it does not verify.
        UntrustedError: the algorithm is not there, so nothing is known of the signature.
    """
    if not is_supported():
        raise UntrustedError("ML-DSA-44 cannot be checked here; it needs cryptography 47 or later")
    try:
        public = _mldsa.MLDSA44PublicKey.from_public_bytes(key)
    except ValueError as exc:
        raise MalformedError("not an ML-DSA-44 key", rule="mldsa44_key") from exc
    try:
        public.verify(signature, data)
    except (InvalidSignature, ValueError) as exc:
        raise SignatureError("ML-DSA-44 signature does not verify") from exc
