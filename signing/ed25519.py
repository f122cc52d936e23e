"""Which Ed25519 keys and signatures exist for us: one answer, asked by every code path (SPEC §2.2).

RFC 8032 leaves edges on which libraries disagree. Ours is the strict side of all of them, so whatever we
accept every other verifier accepts too: canonical encodings only, no point of small order as key or R, S
below L, and the equation without cofactor. A key of small order would let one signature fit many bodies; a
second spelling of R or S would let a stranger make a second signature for a body that was signed once.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signing.errors import MalformedError, SignatureError

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19  # RFC 8032 §5.1: the field
_L = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 §5.1: order of the base point
_D = -121665 * pow(121666, -1, _P) % _P  # RFC 8032 §5.1: the curve's constant
_SIGN_BIT = 1 << 255


# y of the eight points P with 8·P = 0 (both signs of x each): 0, 1, −1, and ±y of order 8, which solve
# d·y⁴ + 2·y² − 1 = 0 because doubling them gives y = 0. A test recomputes them.
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_YS = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


def _y(encoded: bytes) -> int:
    return int.from_bytes(encoded, "little") & (_SIGN_BIT - 1)


def _fault_of_encoding(encoded: bytes) -> str:
    """Why these 32 bytes may not stand for a key or an R; "" if they may."""
    y = _y(encoded)
    if y >= _P:
        return "is not canonical: y is not below p"
    if y in _SMALL_ORDER_YS:  # includes x = 0 with the sign bit, which RFC 8032 §5.1.3 refuses
        return "has small order"
    return ""


def _is_on_curve(encoded: bytes) -> bool:
    # RFC 8032 §5.1.3: x² = u/v with u = y² − 1, v = d·y² + 1. By Euler's criterion u/v is a square iff u·v is.
    y2 = _y(encoded) ** 2
    return pow((y2 - 1) * (_D * y2 + 1), (_P - 1) // 2, _P) == 1


def check_key(encoded: bytes) -> None:
    """Refuse bytes that are no public key.

    Raises:
        MalformedError: not 32 bytes, not canonical, not on the curve, or of small order.
    """
    if len(encoded) != KEY_BYTES:
        raise MalformedError(
            f"Ed25519 key has {len(encoded)} bytes, expected {KEY_BYTES}", rule="ed25519_key"
        )
    if fault := _fault_of_encoding(encoded):
        raise MalformedError(f"Ed25519 key {fault}", rule="ed25519_key")
    if not _is_on_curve(encoded):
        raise MalformedError("Ed25519 key is not on the curve", rule="ed25519_key")


def verify(key: bytes, signature: bytes, data: bytes) -> None:
    """Check a pure Ed25519 signature (RFC 8032 §5.1.7 without cofactor) by a key that passed `check_key`.

    Raises:
        SignatureError: wrong length, S not below L, R refused by the policy, or the equation does not hold.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureError(f"Ed25519 signature has {len(signature)} bytes, expected {SIGNATURE_BYTES}")
    if int.from_bytes(signature[32:], "little") >= _L:
        raise SignatureError("Ed25519 signature is malleable: S is not below L")
    # A non-canonical R fails the comparison of bytes anyway; small order would not.
    if fault := _fault_of_encoding(signature[:32]):
        raise SignatureError(f"Ed25519 signature's R {fault}")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError) as exc:
        raise SignatureError("Ed25519 signature does not verify") from exc
