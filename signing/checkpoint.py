"""Checkpoints: the head of a log at one size, as the text that the log signs (SPEC §14.3; C2SP tlog-checkpoint)."""

from dataclasses import dataclass

from signing.base64_lines import b64, unb64_hash
from signing.decimal import read_decimal
from signing.errors import MalformedError
from signing.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE

MAX_TEXT_CHARACTERS = 16_384  # three lines; extension lines are opaque, and bounded by this alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """`size` entries of the log `origin` have the Merkle root `root`; `extensions` say what nobody audits."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            _check_line(line)
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedError(f"checkpoint size is {self.size}", rule="size", expected=f"0 to {MAX_SIZE}")
        if len(self.root) != HASH_BYTES:
            raise MalformedError(f"root has {len(self.root)} bytes, expected {HASH_BYTES}", rule="length")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise MalformedError("checkpoint of size 0 has another root than the empty tree", rule="root")

    def text(self) -> str:
        """The text to sign, its last newline included."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, b64(self.root), *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, signatures cut off.

    Raises:
        MalformedError: fewer than three lines, an empty one, no newline at the end, a size that is not canonical
            decimal, or a root that is not 32 bytes of base64.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise MalformedError(
            f"checkpoint has {len(text)} characters, at most {MAX_TEXT_CHARACTERS}", rule="max_bytes"
        )
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop():
        raise MalformedError(
            "checkpoint has not its lines",
            rule="checkpoint",
            expected="origin, size, root, each ended by a newline",
        )
    return Checkpoint(
        origin=lines[0],
        size=read_decimal(lines[1], what="checkpoint size", highest=MAX_SIZE),
        root=unb64_hash(lines[2], what="checkpoint root"),
        extensions=tuple(lines[3:]),
    )


def _check_line(line: str) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as exc:
        raise MalformedError("checkpoint line is not UTF-8", rule="utf8") from exc
    if not line or any(each < " " for each in line):
        raise MalformedError(
            f"checkpoint line {line!r:.80} is empty or has a control character", rule="checkpoint"
        )
