"""The trust file on disk: which keys a verifier believes. Fetched once, looked at, and kept."""

from pathlib import Path

from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.files import read_bounded
from signing.errors import SigningError
from signing.trust import MAX_BYTES, Trust, parse_trust

WELL_KNOWN = "/.well-known/consent-registry"


def load_trust(path: Path) -> Trust:
    """The trust file at `path`.

    Raises:
        ConfigurationError: it cannot be read, or is not a trust file.
    """
    data = read_bounded(path, max_bytes=MAX_BYTES, what="a trust file (get one: consent trust fetch)")
    try:
        return parse_trust(data)
    except SigningError as exc:
        raise ConfigurationError(f"{path} is not a trust file: {exc}") from exc


def fetch_trust(exchange: Exchange) -> tuple[bytes, Trust]:
    """The registry's published trust file, as bytes and read. It is as good as the connection it came over.

    Raises:
        Unavailable: it cannot be had, or is not a trust file.
    """
    answer = exchange.get(WELL_KNOWN, max_bytes=MAX_BYTES)
    try:
        return answer.raw, parse_trust(answer.raw)
    except SigningError as exc:
        raise UnreliableAnswer(f"the registry's trust file is malformed: {exc}") from exc
