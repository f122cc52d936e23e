"""The client's settings, from the environment or from files that the environment names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consent.client.address import registry_address
from consent.client.api_key import ApiKey
from consent.client.errors import ConfigurationError

MAX_SETTING_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Where the registry is, the key to ask it with, and the trust file to verify with, if any."""

    address: str
    api_key: ApiKey
    trust_path: Path | None


def client_settings(environ: Mapping[str, str]) -> ClientSettings:
    """CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE) and CONSENT_TRUST.

    Raises:
        ConfigurationError: one is missing, malformed or unsafe.
    """
    return ClientSettings(
        address=address_setting(environ),
        api_key=ApiKey(
            _required(environ, "CONSENT_API_KEY", "the organization's key, crk_test_… or crk_live_…")
        ),
        trust_path=trust_setting(environ),
    )


def address_setting(environ: Mapping[str, str]) -> str:
    """The registry's address from CONSENT_URL. Raises ConfigurationError."""
    return registry_address(
        _required(environ, "CONSENT_URL", "the registry's address, such as https://registry.example")
    )


def trust_setting(environ: Mapping[str, str]) -> Path | None:
    """The trust file that CONSENT_TRUST names; None when unset."""
    text = environ.get("CONSENT_TRUST", "").strip()
    return Path(text) if text else None


def _required(environ: Mapping[str, str], name: str, what: str) -> str:
    value = environ.get(name, "").strip()
    if not value and (path := environ.get(f"{name}_FILE", "").strip()):
        value = _from_file(Path(path), name)
    if not value:
        raise ConfigurationError(
            f"{name} is not set: expected {what}; set it, or {name}_FILE to a file with it"
        )
    return value


def _from_file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SETTING_BYTES + 1)
        if len(data) > MAX_SETTING_BYTES:
            raise ConfigurationError(
                f"{name}_FILE: expected one line, got more than {MAX_SETTING_BYTES} bytes"
            )
        return data.decode("ascii").strip()
    except OSError as exc:
        raise ConfigurationError(f"{name}_FILE: {path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{name}_FILE: expected one line of ASCII text in {path}") from exc
