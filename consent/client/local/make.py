"""Putting a local registry together."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from consent.client.api_key import ApiKey
from consent.client.errors import ConfigurationError
from consent.client.exchange import Exchange
from consent.client.local.clock import boot_clock
from consent.client.local.file import LocalFile
from consent.client.local.follower import Follower
from consent.client.local.freshness import MaxStaleness
from consent.client.local.keeper import Keeper
from consent.client.local.memory import Memory
from consent.client.local.packages import Packages, told_to
from consent.client.local.page import PageSource
from consent.client.local.registry import FIRST_ANSWER_S, LocalRegistry
from consent.client.local.source import REQUEST_TIMEOUT_S, RegistrySource
from consent.client.transport import HttpTransport, Transport
from signing.trust import Trust

if TYPE_CHECKING:
    from consent.client.registry import Registry

Verify = Literal["registry", "performer"]


def make_local(
    *,
    address: str,
    key: ApiKey,
    trust: Trust | None,
    online: "Callable[[Transport], Registry]",
    file: Path | None,
    max_staleness: float | None,
    verify: Verify,
    online_fallback: bool,
    organization: str | None,
    first_answer_s: float = FIRST_ANSWER_S,
    transport: Callable[[], Transport] = HttpTransport,
    clock: Callable[[], float] | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> LocalRegistry:
    """See `Registry.local`. `transport` makes connections, anew in a forked child; `clock` is the boot clock.

    Raises:
        ConfigurationError: no trust to verify with, no clock that counts suspension, or an unusable argument.
    """
    clock = clock or boot_clock()
    if trust is None:
        raise ConfigurationError(
            "local mode verifies everything it answers from, and needs a trust file: run `consent trust fetch`, "
            "compare the thumbprints, and set CONSENT_TRUST (or pass trust=load_trust(path))"
        )
    if verify not in ("registry", "performer"):
        raise ConfigurationError(f"verify: expected registry or performer, got {str(verify)[:40]!a}")
    limits = MaxStaleness.of(max_staleness)
    connections = _Connections(address, key, transport, online)
    memory = Memory()
    packages = (
        Packages(connections.exchange, trust=trust, livemode=key.livemode) if verify == "performer" else None
    )

    def source() -> PageSource:
        connections.renew()
        return RegistrySource(
            connections.exchange(), trust=trust, livemode=key.livemode, organization=organization
        )

    def between() -> None:
        fresh, picture = memory.fresh, memory.picture
        if packages is not None and fresh is not None and picture is not None:
            packages.prove(at=fresh.latest(clock()), proven=memory.compile_anew)

    follower = Follower(
        memory,
        source(),
        livemode=key.livemode,
        organization=organization,
        limits=limits,
        clock=clock,
        random=random,
        accepts=None if packages is None else packages.accepts,
        told=partial(told_to, packages),
    )
    keeper = Keeper(
        memory,
        follower,
        sources=source,
        file=None if file is None else LocalFile(file, address=address, key=key, packages=packages),
        between=between,
        packages=packages,
    )
    return LocalRegistry(
        keeper,
        online=connections.online,
        clock=clock,
        online_fallback=online_fallback,
        first_answer_s=first_answer_s,
    )


class _Connections:
    """What talks to the registry: one set a process, for a connection is not shared across a fork."""

    def __init__(
        self,
        address: str,
        key: ApiKey,
        transport: Callable[[], Transport],
        online: "Callable[[Transport], Registry]",
    ) -> None:
        self._address = address
        self._key = key
        self._make_transport = transport
        self._make_online = online

    def renew(self) -> None:
        """New connections; the old ones are left to whoever has them."""
        self._transport = self._make_transport()
        self._online = self._make_online(self._transport)

    def online(self) -> "Registry":
        """The registry itself."""
        return self._online

    def exchange(self) -> Exchange:
        """Calls with this key."""
        return Exchange(
            address=self._address,
            authorize=lambda _method, _url: self._key.authorization(),
            transport=self._transport,
            timeout_s=REQUEST_TIMEOUT_S,
        )
