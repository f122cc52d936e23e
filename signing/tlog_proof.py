"""Proof files: that an entry is in a log, to be checked without asking anybody (SPEC §15; C2SP tlog-proof)."""

from dataclasses import dataclass

from signing.base64_lines import b64, unb64, unb64_hash
from signing.decimal import read_decimal
from signing.errors import MalformedError, SignatureError
from signing.merkle import MAX_SIZE, leaf_hash, verify_inclusion
from signing.note import MAX_NOTE_BYTES, parse_note
from signing.signed_checkpoint import SignedCheckpoint
from signing.tlog_policy import Policy

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_HASHES = 63
MAX_EXTRA_BYTES = 1 << 16  # opaque, so bounded by us
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """The place of an entry and the hashes from its leaf up to the root of `checkpoint`, a note as it was signed.

    `extra` is whatever somebody added: nothing vouches for it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def format(self) -> bytes:
        """The bytes that `parse_proof` reads."""
        extra = [] if self.extra is None else [f"extra {b64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *(b64(each) for each in self.hashes), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


def parse_proof(data: bytes) -> TlogProof:
    """Take a proof file apart; nothing of it is verified.

    Raises:
        MalformedError: another version, or a line that is not in its one form.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedError(f"proof of {len(data)} bytes, at most {MAX_PROOF_BYTES}", rule="max_bytes")
    head, separator, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as exc:
        raise MalformedError("proof is not ASCII above its checkpoint", rule="tlog_proof") from exc
    if lines[0] != HEADER or not separator:
        raise MalformedError(f"not a proof file: {lines[0]!r:.80}", rule="tlog_proof", expected=HEADER)
    rest = lines[1:]
    extra = None
    if rest and rest[0].startswith("extra "):
        extra = unb64(rest.pop(0).removeprefix("extra "), what="extra data")
        if len(extra) > MAX_EXTRA_BYTES:
            raise MalformedError(
                f"extra data has {len(extra)} bytes", rule="max_bytes", expected=f"at most {MAX_EXTRA_BYTES}"
            )
    if not rest or not rest[0].startswith("index "):
        raise MalformedError("proof names no index", rule="tlog_proof", expected="index <number>")
    index = read_decimal(rest.pop(0).removeprefix("index "), what="index", highest=MAX_SIZE)
    if len(rest) > MAX_HASHES:
        raise MalformedError(
            f"proof has {len(rest)} hashes", rule="tlog_proof", expected=f"at most {MAX_HASHES}"
        )
    hashes = tuple(unb64_hash(line, what="proof hash") for line in rest)
    parse_note(checkpoint)
    return TlogProof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify_proof(proof: TlogProof, *, expected_entry: bytes, policy: Policy) -> SignedCheckpoint:
    """Check that `expected_entry` is in a log that `policy` accepts; the answer is the checkpoint it rests on.

    Raises:
        MalformedError: the checkpoint is none, or the index is not below its size.
        SignatureError: a known signature does not hold, or the hashes lead elsewhere.
        UntrustedError: the policy does not accept the checkpoint.
    """
    signed = policy.check(proof.checkpoint)
    try:
        verify_inclusion(
            index=proof.index,
            size=signed.checkpoint.size,
            leaf=leaf_hash(expected_entry),
            proof=proof.hashes,
            root=signed.checkpoint.root,
        )
    except SignatureError as exc:
        raise SignatureError(
            f"entry is not number {proof.index} of {signed.checkpoint.origin}"
            f" at size {signed.checkpoint.size}: {exc}"
        ) from exc
    return signed
