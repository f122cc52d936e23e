"""The performer's own copies: what they signed, the text they read, and the answers to endings.

They stand in one folder beside the key, `<key file>.signed/`, readable by the owner alone. An ending uses the
digest of the copy, so that it names what was really signed, whatever the registry shows.
"""

from collections.abc import Mapping
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import PRIVATE_MODE, read_bounded, write_whole
from consent.core.ids import is_id
from signing.canonical import JSON, canonicalize, parse, sha256_hex
from signing.errors import SigningError

MAX_COPY_BYTES = 1 << 20


class Papers:
    """The folder of signed copies that belongs to one key file."""

    def __init__(self, key_path: Path) -> None:
        self.folder = key_path.with_name(key_path.name + ".signed")

    def keep_statement(self, name: str, envelope: Mapping[str, JSON], *, text: str | None = None) -> Path:
        """Store an envelope, and the text that was read with it; its path.

        Raises:
            ConfigurationError: the folder cannot be written.
        """
        path = self.folder / f"{name}.statement.json"
        if text is not None:
            write_whole(self.folder / f"{name}.text.md", text.encode("utf-8"), mode=PRIVATE_MODE)
        data = canonicalize(envelope) + b"\n"
        write_whole(path, data, mode=PRIVATE_MODE)
        return path

    def keep_acknowledgement(self, statement: str, token: str) -> Path:
        """Store the registry's signed answer to a statement; its path."""
        path = self.folder / f"{statement}.acknowledgement"
        write_whole(path, token.encode("ascii", errors="replace") + b"\n", mode=PRIVATE_MODE)
        return path

    def grant_sha256(self, grant: str) -> str | None:
        """The digest of the grant's body as it was signed here; None without a copy.

        Raises:
            ConfigurationError: there is a copy, but it cannot be read or is of another grant.
        """
        path = self.folder / f"{grant}.statement.json"
        if not is_id(grant, "grt") or not path.exists():
            return None
        try:
            envelope = parse(read_bounded(path, max_bytes=MAX_COPY_BYTES, what="a signed copy"))
            body = envelope["body"] if isinstance(envelope, dict) else None
            if not isinstance(body, dict) or body.get("id") != grant:
                raise ConfigurationError(f"{path} is not the copy of {grant}")
            return sha256_hex(canonicalize(body))
        except (SigningError, KeyError) as exc:
            raise ConfigurationError(f"{path} is not a signed copy: {exc}") from exc
