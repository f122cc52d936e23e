"""One signature line of a note (SPEC §14.2; C2SP signed-note § Format)."""

from dataclasses import dataclass
from typing import Self

from signing.base64_lines import b64, unb64
from signing.errors import MalformedError
from signing.verifier_key import KEY_ID_BYTES, VerifierKey, check_name

_DASH = "\u2014 "


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """Who says to have signed, and the bytes; nothing of it verified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line without its newline."""
        return f"{_DASH}{self.name} {b64(self.key_id + self.signature)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line without its newline.

        Raises:
            MalformedError: not dash, name and base64 of a key id and at least one byte.
        """
        parts = line.removeprefix(_DASH).split(" ")
        if not line.startswith(_DASH) or len(parts) != 2:
            raise MalformedError(
                f"not a signature line: {line!r:.80}", rule="signature_line", expected="— <name> <base64>"
            )
        check_name(parts[0])
        data = unb64(parts[1], what="signature line")
        if len(data) <= KEY_ID_BYTES:
            raise MalformedError("signature line holds no signature", rule="signature_line")
        return cls(name=parts[0], key_id=data[:KEY_ID_BYTES], signature=data[KEY_ID_BYTES:])

    def is_by(self, key: VerifierKey) -> bool:
        """Whether it says to be by `key`: by name and key id both (signed-note § Signatures)."""
        return self.name == key.name and self.key_id == key.key_id
