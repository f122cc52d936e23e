"""A log's signed head: made, and read with what its signers said (SPEC §14.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.errors import MalformedError, UntrustedError
from signing.note import Note, NoteSigner, VerifiedSignature, VerifierKey, parse_note, sign_note, verify_note
from signing.verifier_key import COSIGNATURE_ED25519


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint that its log has signed. `note` is what came in, `cosignatures` those of known witnesses."""

    checkpoint: Checkpoint
    note: Note
    log: VerifierKey
    cosignatures: tuple[VerifiedSignature, ...]


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The note of a checkpoint, by the log whose origin it names.

    Raises:
        UntrustedError: the signer has another name than the checkpoint's origin.
    """
    if signer.name != checkpoint.origin:
        raise UntrustedError(f"{signer.name!r:.80} does not sign a checkpoint of {checkpoint.origin!r:.80}")
    return sign_note(checkpoint.text(), [signer])


def verify_checkpoint(
    data: bytes, *, expected_log: VerifierKey, witnesses: Sequence[VerifierKey] = ()
) -> SignedCheckpoint:
    """Read a checkpoint that the log of `expected_log` signed; its origin is that key's name.

    Raises:
        MalformedError: no note, or its text is no checkpoint.
        SignatureError: a signature by the log or one of `witnesses` does not hold.
        UntrustedError: the log has not signed it, or it is of another origin.
    """
    check_log_key(expected_log)
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    signatures = verify_note(note, (expected_log, *witnesses))
    if not any(each.key == expected_log for each in signatures):
        raise UntrustedError(f"checkpoint is not signed by the log {expected_log.name!r:.80}")
    if checkpoint.origin != expected_log.name:
        raise UntrustedError(
            f"checkpoint is of {checkpoint.origin!r:.80}, expected of {expected_log.name!r:.80}"
        )
    return SignedCheckpoint(
        checkpoint=checkpoint,
        note=note,
        log=expected_log,
        cosignatures=tuple(each for each in signatures if each.key != expected_log),
    )


def check_log_key(key: VerifierKey) -> None:
    """Refuse a key that cannot be a log's (tlog-checkpoint § Signatures: any note signature, or ML-DSA-44).

    Raises:
        MalformedError: it makes Ed25519 cosignatures.
    """
    if key.algorithm == COSIGNATURE_ED25519:
        raise MalformedError(
            "an Ed25519 cosignature key is a witness's, not a log's",
            rule="algorithm",
            expected="0x01 or 0x06",
        )
