"""Files of the client: read within bounds, written whole or not at all."""

import os
import secrets
from pathlib import Path

from consent.client.errors import ConfigurationError

PRIVATE_MODE = 0o600  # key files and signed copies: the owner alone
PUBLIC_MODE = 0o644


def read_bounded(path: Path, *, max_bytes: int, what: str) -> bytes:
    """The file's bytes. Raises ConfigurationError when it is missing, unreadable, empty or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        raise ConfigurationError(f"expected {what} at {path}, but it cannot be read: {_why(exc)}") from exc
    if not data:
        raise ConfigurationError(f"expected {what} at {path}, got an empty file")
    if len(data) > max_bytes:
        raise ConfigurationError(f"expected {what} of at most {max_bytes} bytes at {path}, got a larger file")
    return data


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC_MODE, replace: bool = True) -> None:
    """Write beside, sync, then move into place: a crash leaves the old file or the new one, never a half.

    On disk when this returns, the name included.

    Raises:
        ConfigurationError: the place cannot be written, or holds a file already and `replace` is false.
    """
    try:
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except (OSError, ValueError) as exc:  # ValueError: a path without a name, or with a NUL in it
        raise ConfigurationError(f"{path} cannot be written: {_why(exc)}") from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            partial.replace(path)
        else:
            os.link(partial, path)  # unlike a rename, refuses to take the place of a file
        _sync_directory(path.parent)
    except FileExistsError as exc:
        raise ConfigurationError(
            f"{path} exists already and is not overwritten; choose another name"
        ) from exc
    except OSError as exc:
        raise ConfigurationError(f"{path} cannot be written: {_why(exc)}") from exc
    finally:
        partial.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    if os.name == "nt":  # directories cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _why(exc: OSError | ValueError) -> str:
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
