"""Where a request comes from, as far as that can be known."""

import ipaddress
from collections.abc import Mapping
from typing import Any


def address_of(meta: Mapping[str, Any]) -> str:
    """The peer, or behind a proxy of ours what that proxy says of its own peer; empty if neither is an address.

    `meta` is a WSGI environment. Only the last entry of X-Forwarded-For is read, and only from a neighbour (a
    loopback or private address): it is what the nearest proxy wrote. IPv6 visitors count by their /64, since each
    has one to choose addresses from.
    """
    peer = str(meta.get("REMOTE_ADDR") or "")
    told = str(meta.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    found = _parse(peer)
    if found is None or found.is_loopback or found.is_private:
        found = _parse(told) or found
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return "" if found is None else str(found)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    # RFC 4291 §2.5.5.2: how a socket of both kinds shows IPv4; as IPv6 all of them would look private.
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
