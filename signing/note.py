"""Signed notes: a text and the signatures under it (SPEC §14.2; C2SP signed-note)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from signing import ed25519, mldsa44
from signing.cosignature import verify_cosignature
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.note_signature import NoteSignature
from signing.private_key import PrivateKey
from signing.signer import LocalSigner
from signing.verifier_key import COSIGNATURE_MLDSA44, ED25519, VerifierKey

__all__ = [
    "Note",
    "NoteSignature",
    "NoteSigner",
    "VerifiedSignature",
    "VerifierKey",
    "parse_note",
    "sign_note",
    "verify_note",
]

MAX_NOTE_BYTES = 1_000_000  # golang.org/x/mod/sumdb/note refuses larger ones
MAX_SIGNATURES = 100  # the same; signed-note § Format asks for at least 16

_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and what is said to be its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def format(self) -> bytes:
        """The bytes that `parse_note` reads.

        Raises:
            MalformedError: a text that cannot be read back, or no signature.
        """
        _check_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise MalformedError(
                f"note has {len(self.signatures)} signatures", rule="note", expected=f"1 to {MAX_SIGNATURES}"
            )
        return "".join((self.text, "\n", *(f"{each.line}\n" for each in self.signatures))).encode()

    def with_signatures(self, more: Iterable[NoteSignature]) -> "Note":
        """The same note with signatures added, each line once."""
        lines = dict.fromkeys((*self.signatures, *more))
        return Note(text=self.text, signatures=tuple(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedSignature:
    """A signature that holds under `key`; `time` is a cosignature's, in seconds since 1970, else None."""

    key: VerifierKey
    time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigner:
    """An Ed25519 key that signs notes under `name`."""

    name: str
    key: PrivateKey

    @classmethod
    def for_log(cls, signer: LocalSigner, *, origin: str) -> Self:
        """The signer of the log `origin`, whose key name is the origin (tlog-checkpoint § Signatures).

        Raises:
            UntrustedError: the key is for another role.
        """
        if signer.role != "log":
            raise UntrustedError(f"a {signer.role} key does not sign checkpoints, expected a log key")
        return cls(name=origin, key=signer.private)

    @property
    def verifier(self) -> VerifierKey:
        """The key that verifies what this one signs."""
        return VerifierKey(name=self.name, algorithm=ED25519, public=self.key.public.parts[0])

    def sign(self, text: str) -> NoteSignature:
        """The signature line over `text`."""
        return NoteSignature(
            name=self.name, key_id=self.verifier.key_id, signature=self.key.sign(text.encode())
        )


def sign_note(text: str, signers: Sequence[NoteSigner]) -> bytes:
    """The note of `text` under each of the signers.

    Raises:
        MalformedError: the text does not end in a newline, or has a control character; or there is no signer.
    """
    _check_text(text)
    return Note(text=text, signatures=tuple(each.sign(text) for each in signers)).format()


def parse_note(data: bytes) -> Note:
    """Take a note apart. Nothing of it is verified: see `verify_note`.

    Raises:
        MalformedError: too large, not UTF-8, a control character, no blank line, or a line that is no signature.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedError(f"note of {len(data)} bytes, at most {MAX_NOTE_BYTES}", rule="max_bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedError(f"note is not UTF-8 at byte {exc.start}", rule="utf8") from exc
    # § Format: "the text is separated from the signatures by the last empty line in the note".
    split = whole.rfind("\n\n")
    if split < 0 or not whole.endswith("\n") or split + 2 == len(whole):
        raise MalformedError(
            "note has no signatures", rule="note", expected="a text, a blank line, signature lines"
        )
    text, lines = whole[: split + 1], whole[split + 2 : -1].split("\n")
    _check_text(text)
    if len(lines) > MAX_SIGNATURES:
        raise MalformedError(
            f"note has {len(lines)} signatures", rule="note", expected=f"at most {MAX_SIGNATURES}"
        )
    return Note(text=text, signatures=tuple(NoteSignature.parse(line) for line in lines))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifiedSignature, ...]:
    """Check every signature that says to be by one of `keys`, and leave the others aside.

    A key whose algorithm cannot be checked here counts as unknown.

    Raises:
        SignatureError: a signature by a known key does not hold: the whole note is refused.
        UntrustedError: none of the keys has signed.
        MalformedError: it is cosigned and no checkpoint.
    """
    known = {(key.name, key.key_id): key for key in keys if _can_check(key)}
    found = []
    for each in note.signatures:
        key = known.get((each.name, each.key_id))
        if key is not None:
            found.append(_verify(note.text, each, key))
    if not found:
        names = ", ".join(sorted({each.name for each in note.signatures}))
        raise UntrustedError(
            f"none of the {len(known)} known keys has signed the note; it is by {names:.200}"
        )
    return tuple(dict.fromkeys(found))


def _verify(text: str, signature: NoteSignature, key: VerifierKey) -> VerifiedSignature:
    try:
        if key.algorithm == ED25519:
            ed25519.verify(key.public, signature.signature, text.encode())
            return VerifiedSignature(key=key, time=None)
        return VerifiedSignature(key=key, time=verify_cosignature(text, signature.signature, key=key))
    except SignatureError as exc:
        raise SignatureError(f"note: signature of {key.name}: {exc}") from exc


def _can_check(key: VerifierKey) -> bool:
    return key.algorithm != COSIGNATURE_MLDSA44 or mldsa44.is_supported()


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise MalformedError("note is not UTF-8", rule="utf8") from exc
    if not text.endswith("\n"):
        raise MalformedError("note's text does not end in a newline", rule="note", expected="a newline")
    if found := _FORBIDDEN.search(text):
        raise MalformedError(f"note has the control character U+{ord(found[0]):04X}", rule="note")
