"""Cosignatures: what a witness signs once it saw that a log only grew (SPEC §14.4; C2SP tlog-cosignature)."""

from signing import ed25519, mldsa44
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.errors import MalformedError, SignatureError
from signing.note_signature import NoteSignature
from signing.private_key import PrivateKey
from signing.verifier_key import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, VerifierKey

TIME_BYTES = 8
MAX_TIME = (1 << 63) - 1  # § Format: "It MUST NOT exceed 2^63 - 1"
_LABEL = b"subtree/v1\n\0"
_MAX_ORIGIN_BYTES = 255


def cosigner_key(name: str, key: PrivateKey) -> VerifierKey:
    """The verifier key of a witness that signs under `name` with an Ed25519 key."""
    return VerifierKey(name=name, algorithm=COSIGNATURE_ED25519, public=key.public.parts[0])


def cosign(checkpoint_text: str, *, name: str, key: PrivateKey, time: int) -> NoteSignature:
    """The Ed25519 cosignature of the witness `name` at `time`, in seconds since 1970.

    Raises:
        MalformedError: the text is no checkpoint, the name none, or the time out of range.
    """
    parse_checkpoint(checkpoint_text)
    if not 0 < time <= MAX_TIME:
        raise MalformedError(f"cosignature time is {time}", rule="time", expected="seconds since 1970")
    signature = key.sign(_ed25519_message(checkpoint_text, time))
    return NoteSignature(
        name=name,
        key_id=cosigner_key(name, key).key_id,
        signature=time.to_bytes(TIME_BYTES, "big") + signature,
    )


def verify_cosignature(checkpoint_text: str, signature: bytes, *, key: VerifierKey) -> int:
    """Check a cosignature by `key`; the answer is the time at which the witness says it made it.

    Raises:
        MalformedError: the text is no checkpoint.
        SignatureError: another length, a time out of range, or the signature does not hold.
    """
    checkpoint = parse_checkpoint(checkpoint_text)
    time, rest = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
    if time > MAX_TIME:
        raise SignatureError(f"cosignature time is {time}, expected at most {MAX_TIME}")
    if key.algorithm == COSIGNATURE_ED25519:
        ed25519.verify(key.public, rest, _ed25519_message(checkpoint_text, time))
    elif key.algorithm == COSIGNATURE_MLDSA44:
        if len(rest) != mldsa44.SIGNATURE_BYTES:
            raise SignatureError(f"cosignature has {len(rest)} bytes, expected {mldsa44.SIGNATURE_BYTES}")
        mldsa44.verify(key.public, rest, _mldsa44_message(key.name, time, checkpoint))
    else:
        raise SignatureError(f"a key of type 0x{key.algorithm:02x} makes no cosignatures")
    return time


def _ed25519_message(checkpoint_text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{checkpoint_text}".encode()


def _mldsa44_message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """§ ML-DSA-44 signed message: the extension lines are not signed."""
    origin = checkpoint.origin.encode()
    if len(origin) > _MAX_ORIGIN_BYTES:
        raise SignatureError(
            f"origin has {len(origin)} bytes, and ML-DSA-44 cosigns at most {_MAX_ORIGIN_BYTES}"
        )
    start = 0  # a checkpoint is the subtree from the first leaf
    return b"".join(
        (
            _LABEL,
            _opaque(name.encode()),
            time.to_bytes(8, "big"),
            _opaque(origin),
            start.to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _opaque(data: bytes) -> bytes:
    """RFC 8446 §3.4: a vector of at most 255 bytes behind its length."""
    return bytes([len(data)]) + data
