"""How far an erasure is, for somebody whose key the registry does not know any more."""

import time
from collections.abc import Callable

import msgspec

from consent.client.address import registry_address
from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.transport import Transport
from consent.core.ids import is_id
from consent.core.wire.erasures import Erasure


def read_erasure(
    url: str,
    erasure: str,
    *,
    transport: Transport | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Erasure:
    """The erasure of this number (`era_…`), which names nobody; no key is needed.

    Raises:
        ConfigurationError: not such a number. BadRequest: there is none. Unavailable: no answer.
    """
    if not is_id(erasure, "era"):
        raise ConfigurationError(f"expected the number of an erasure, era_…, got {erasure[:60]!a}")
    exchange = Exchange(
        address=registry_address(url), authorize=None, transport=transport, monotonic=monotonic, sleep=sleep
    )
    try:
        return msgspec.convert(exchange.get(f"/v1/erasures/{erasure}").json, Erasure, strict=True)
    except msgspec.ValidationError as exc:
        raise UnreliableAnswer(f"the registry's answer is malformed: {exc}") from exc
