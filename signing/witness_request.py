"""What a log asks of a witness: to cosign a checkpoint that continues the last (SPEC §14.7; C2SP tlog-witness)."""

from dataclasses import dataclass

from signing.base64_lines import b64, unb64_hash
from signing.decimal import read_decimal
from signing.errors import MalformedError
from signing.merkle import MAX_SIZE
from signing.note import MAX_NOTE_BYTES, Note, parse_note

MAX_PROOF_LINES = 63  # § add-checkpoint: "The client MUST NOT send more than 63 consistency proof lines"
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 64 * 64
CONFLICT_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRequest:
    """The body of `add-checkpoint`: the size that the witness is believed to know, the proof, the signed checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def format(self) -> bytes:
        """The bytes that `parse_request` reads."""
        lines = [f"old {self.old_size}", *(b64(each) for each in self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.note.format()


def parse_request(data: bytes) -> WitnessRequest:
    """Read the body of `add-checkpoint`; nothing of it is verified.

    Raises:
        MalformedError: not an old size, proof lines, an empty line and a note, each in its one form.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise MalformedError(f"request of {len(data)} bytes, at most {MAX_REQUEST_BYTES}", rule="max_bytes")
    head, separator, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as exc:
        raise MalformedError("request is not ASCII above its checkpoint", rule="witness_request") from exc
    if not separator or not first.startswith("old "):
        raise MalformedError(
            f"not a request to a witness: {first!r:.80}", rule="witness_request", expected="old <size>"
        )
    if len(lines) > MAX_PROOF_LINES:
        raise MalformedError(
            f"proof has {len(lines)} lines", rule="witness_request", expected=f"at most {MAX_PROOF_LINES}"
        )
    return WitnessRequest(
        old_size=read_decimal(first.removeprefix("old "), what="old size", highest=MAX_SIZE),
        proof=tuple(unb64_hash(line, what="proof line") for line in lines),
        note=parse_note(note),
    )
