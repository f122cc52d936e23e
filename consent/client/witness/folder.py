"""The folder of a witness: its configuration, its key, and what it has signed."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded, write_whole
from consent.client.performer.key_file import create_key_file, load_key_file
from signing.cosignature import cosigner_key
from signing.errors import SigningError
from signing.note import VerifierKey
from signing.private_key import PrivateKey
from signing.signed_checkpoint import check_log_key
from signing.verifier_key import check_name

MAX_CONFIG_BYTES = 1 << 20
DEFAULT_LISTEN = "127.0.0.1:8791"
_CONFIG, _KEY, _STATE = "witness.toml", "witness.key", "state"
_TEMPLATE = """\
# What this witness is called in its signatures. It is part of its public key: never change it.
name = "{name}"

# Where it listens. Put a reverse proxy with TLS in front of it.
listen = "{listen}"

# One section for each log that it cosigns:
#
# [[log]]
# vkey = "log.example.org/log/live+…"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFolder:
    """A witness as its folder describes it. `logs` holds the keys of each origin."""

    name: str
    host: str
    port: int
    logs: dict[str, tuple[VerifierKey, ...]]
    key: PrivateKey
    state: Path

    @property
    def verifier(self) -> VerifierKey:
        """The key that others put into their policies."""
        return cosigner_key(self.name, self.key)


def create_folder(folder: Path, *, name: str) -> WitnessFolder:
    """Make the folder of a new witness with a new key.

    Raises:
        ConfigurationError: there is one already, it cannot be written, or the name cannot be a key's.
    """
    try:
        check_name(name)
        if '"' in name or "\\" in name:
            raise ConfigurationError(f"--name: expected a name without quotes, got {name[:80]!a}")
    except SigningError as exc:
        raise ConfigurationError(f"--name: {exc}; expected something like witness.example.org/guild") from exc
    create_key_file(folder / _KEY, passphrase=None)
    text = _TEMPLATE.format(name=name, listen=DEFAULT_LISTEN)
    write_whole(folder / _CONFIG, text.encode(), replace=False)
    return open_folder(folder)


def open_folder(folder: Path) -> WitnessFolder:
    """Read the folder of a witness.

    Raises:
        ConfigurationError: names the member at fault, or the file that is missing.
    """
    path = folder / _CONFIG
    if not path.exists() or not (folder / _KEY).exists():
        raise ConfigurationError(
            f"expected {_CONFIG} and {_KEY} in {folder}; make them: consent witness init"
        )
    data = read_bounded(path, max_bytes=MAX_CONFIG_BYTES, what="a witness's configuration")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path}: expected TOML: {exc}") from exc
    if unknown := sorted(set(document) - {"name", "listen", "log"}):
        raise ConfigurationError(f"{path}: unknown {unknown[0]!a}; expected name, listen and [[log]]")
    name = document.get("name")
    if not isinstance(name, str):
        raise ConfigurationError(f"{path}: expected name, a string")
    host, port = _listen(document.get("listen", DEFAULT_LISTEN), path)
    key = load_key_file(folder / _KEY, passphrase=None)
    try:
        logs = _logs(document.get("log", []), path)
        cosigner_key(name, key)
    except SigningError as exc:
        raise ConfigurationError(f"{path}: {exc}") from exc
    return WitnessFolder(name=name, host=host, port=port, logs=logs, key=key, state=folder / _STATE)


def _listen(value: object, path: Path) -> tuple[str, int]:
    host, separator, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not separator or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError(f"{path}: listen: expected host:port, got {str(value)[:80]!a}")
    return host.strip("[]"), int(port)


def _logs(value: object, path: Path) -> dict[str, tuple[VerifierKey, ...]]:
    if not isinstance(value, list) or not all(
        isinstance(each, dict) and set(each) == {"vkey"} and isinstance(each["vkey"], str) for each in value
    ):
        raise ConfigurationError(f"{path}: expected [[log]] sections, each with a vkey and nothing else")
    logs: dict[str, tuple[VerifierKey, ...]] = {}
    for each in value:
        key = VerifierKey.parse(each["vkey"])
        check_log_key(key)
        logs[key.name] = (*logs.get(key.name, ()), key)  # a log that changes its key has two for a while
    return logs
