"""The performer's key on disk: encrypted under a passphrase, or plain and readable by its owner alone."""

import os
import stat
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import PRIVATE_MODE, read_bounded, write_whole
from signing.canonical import JSON, canonicalize, parse
from signing.encoding import b64u, unb64u
from signing.errors import SigningError, UntrustedError
from signing.private_key import PrivateKey

PLAIN_SCHEMA = "consent-registry/plain-key/v1"
MAX_FILE_BYTES = 4096
MIN_PASSPHRASE_CHARS = 8


def create_key_file(path: Path, *, passphrase: str | None) -> PrivateKey:
    """Make a new key and write it; None writes it plain, for machines that keep the file itself safe.

    Raises:
        ConfigurationError: a file is there already, cannot be written, or the passphrase is too short.
    """
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE_CHARS:
        raise ConfigurationError(f"expected a passphrase of at least {MIN_PASSPHRASE_CHARS} characters")
    key = PrivateKey.generate()
    if passphrase is not None:
        data = key.to_encrypted(passphrase.encode("utf-8"))
    else:
        plain: dict[str, JSON] = {
            "schema": PLAIN_SCHEMA,
            "jwk": key.public.to_jwk(),
            "seed": b64u(key.export_seed()),
        }
        data = canonicalize(plain) + b"\n"
    write_whole(path, data, mode=PRIVATE_MODE, replace=False)
    return key


def needs_passphrase(path: Path) -> bool:
    """Whether the file is encrypted. Raises ConfigurationError when there is no key file."""
    return _document(path).get("schema") != PLAIN_SCHEMA


def load_key_file(path: Path, *, passphrase: str | None) -> PrivateKey:
    """The key of a file that `create_key_file` made.

    Raises:
        ConfigurationError: no such file, malformed, another passphrase, or a plain key that others may read.
    """
    document = _document(path)
    try:
        if document.get("schema") != PLAIN_SCHEMA:
            if passphrase is None:
                raise ConfigurationError(f"{path} is encrypted: expected its passphrase, got none")
            return PrivateKey.from_encrypted(_bytes(path), passphrase.encode("utf-8"))
        _refuse_readable_by_others(path)
        key = PrivateKey.from_seed(unb64u(str(document.get("seed")), pointer="/seed"))
    except UntrustedError as exc:
        raise ConfigurationError(f"{path} does not open with this passphrase") from exc
    except SigningError as exc:
        raise ConfigurationError(f"{path} is not a key file: {exc}") from exc
    if set(document) != {"schema", "jwk", "seed"} or key.public.to_jwk() != document["jwk"]:
        raise ConfigurationError(f"{path} is not a key file: it names another public key than it holds")
    return key


def _bytes(path: Path) -> bytes:
    return read_bounded(
        path, max_bytes=MAX_FILE_BYTES, what="a performer's key (make one: consent performer key)"
    )


def _document(path: Path) -> dict[str, object]:
    try:
        document = parse(_bytes(path), max_bytes=MAX_FILE_BYTES)
    except SigningError as exc:
        raise ConfigurationError(f"{path} is not a key file: {exc}") from exc
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} is not a key file: expected a JSON object")
    return dict(document)


def _refuse_readable_by_others(path: Path) -> None:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(f"{path} holds a plain key that others may read; run: chmod 600 {path}")
