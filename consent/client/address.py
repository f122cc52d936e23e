"""Where the registry is: an origin that a key may be sent to."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from consent.client.errors import ConfigurationError


def registry_address(text: str) -> str:
    """The registry's base URL without a trailing slash.

    `https`, or `http` to this machine only: a key sent in clear over a network is a key given away.

    Raises:
        ConfigurationError: another scheme, no host, user information, a query or a fragment.
    """
    expected = "expected an address such as https://registry.example"
    if not text.isascii() or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text):
        raise ConfigurationError(
            f"{expected}, got one with spaces, control or non-ASCII characters: {text!r}"
        )
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise ConfigurationError(f"{expected}, got {text!r}: {exc}") from exc
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"{expected}, got {text!r}")
    if "@" in parts.netloc or "?" in text or "#" in text or "\\" in text:
        raise ConfigurationError(f"{expected}, without user name, query or fragment; got {_redacted(text)!r}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"expected https for {host}: http is accepted only for this machine (localhost, 127.0.0.1, [::1])"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether a host names this very machine (RFC 6761 §6.3 for `localhost`)."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _redacted(text: str) -> str:
    """The address without what stands before an `@`, which may be a password."""
    scheme, separator, rest = text.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
