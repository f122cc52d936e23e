"""The published trust file: whose keys speak for a registry, in which role, on which side, since when (SPEC §7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, cast

from signing.bodies.fields import (
    boolean,
    constant,
    fail,
    instant,
    one_of,
    pattern,
    record,
    sequence,
    set_of,
    text,
    thumbprint,
)
from signing.canonical import JSON, canonicalize, parse_statement
from signing.errors import UntrustedError
from signing.instants import format_instant, parse_instant
from signing.public_key import PublicKey
from signing.webauthn import RelyingParty

SCHEMA = "consent-registry/trust/v1"
MAX_BYTES = 1 << 20
MAX_KEYS = 1000  # rotation every month for decades, four roles, two sides

PublishedRole: TypeAlias = Literal["registry", "receipt", "status", "log"]
PUBLISHED_ROLES: tuple[PublishedRole, ...] = ("registry", "receipt", "status", "log")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A published key. It speaks from `not_before` up to, and not including, `not_after`."""

    key: PublicKey
    role: PublishedRole
    livemode: bool
    not_before: datetime
    not_after: datetime

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return self.key.thumbprint


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedOrigins:
    """An RP id and its signing origins, with the window in which signatures were made there."""

    rp: RelyingParty
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Everything that a verifier takes on trust. `issuers` is by `livemode`; `endpoints` is for machines to find."""

    issuers: Mapping[bool, str]
    keys: tuple[TrustedKey, ...]
    relying_parties: tuple[TrustedOrigins, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for index, each in enumerate(self.keys):
            if each.kid in seen:  # DESIGN §4: registry, receipt, status and log keys are separate
                fail("one key twice, or in two roles", f"/keys/{index}/kid", "unique", "each key once")
            seen.add(each.kid)

    def key(self, kid: str, role: PublishedRole, livemode: bool, at: datetime) -> PublicKey:
        """The key named `kid`, if it spoke in that role on that side at that instant.

        Raises:
            UntrustedError: no such key, another role or side, or outside its validity.
        """
        found = next((each for each in self.keys if each.kid == kid), None)
        if found is None:
            raise UntrustedError(f"key {kid[:60]!r} is not in the trust file")
        if found.role != role or found.livemode != livemode:
            side = "live" if livemode else "test"
            raise UntrustedError(f"key {kid[:60]!r} is not a {side} {role} key")
        if not found.not_before <= at < found.not_after:
            raise UntrustedError(f"key {kid[:60]!r} was not valid at {format_instant(at)}")
        return found.key

    def issuer(self, livemode: bool) -> str:
        """The issuer of one side.

        Raises:
            UntrustedError: the trust file names none.
        """
        if livemode not in self.issuers:
            raise UntrustedError(f"trust file names no {'live' if livemode else 'test'} issuer")
        return self.issuers[livemode]

    def relying_party(self, rp_id_hash: bytes, *, at: datetime, or_before: bool = False) -> RelyingParty:
        """The RP id of that SHA-256 with its signing origins, if its window held at `at`.

        With `or_before` a window that had ended by then will do: for an earlier signature of unknown date.

        Raises:
            UntrustedError: no such RP id in the trust file, or not at that instant.
        """
        held = [
            each.rp
            for each in self.relying_parties
            if each.rp.rp_id_hash == rp_id_hash
            and each.not_before <= at
            and (or_before or at < each.not_after)
        ]
        if not held:
            raise UntrustedError(f"passkey is of an RP id that was not trusted at {format_instant(at)}")
        origins = frozenset().union(*(rp.signing_origins for rp in held))
        return RelyingParty(rp_id=held[0].rp_id, signing_origins=origins)


def _is_key(value: JSON, pointer: str) -> None:
    PublicKey.from_jwk(value, pointer=pointer)


# RFC 6454 §6.2: an origin as browsers print it. Plain HTTP is a secure context on the loopback only.
_origin = pattern(
    re.compile(r"https://[a-z0-9.-]+(?::[0-9]{1,5})?|http://localhost(?::[0-9]{1,5})?", re.ASCII),
    "origin",
    "https://host or http://localhost, with a port where it is not the usual one",
)
_KEY = record(
    {
        "kid": thumbprint,
        "role": one_of(*PUBLISHED_ROLES),
        "livemode": boolean,
        "jwk": _is_key,
        "not_before": instant,
        "not_after": instant,
    }
)
_ORIGINS = record(
    {
        "rp_id": text(253),
        "signing_origins": set_of(_origin, longest=8),
        "not_before": instant,
        "not_after": instant,
    }
)


def _endpoints(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict) or len(value) > 32:
        fail("not an object of at most 32 members", pointer, "type", "an object")
    for name, address in value.items():
        text(40)(name, pointer)
        text(500)(address, f"{pointer}/{name[:40]}")


_TRUST = record(
    {
        "schema": constant(SCHEMA),
        "issuers": record({}, {"live": text(300), "test": text(300)}),
        "keys": sequence(_KEY, longest=MAX_KEYS),
    },
    {"relying_parties": sequence(_ORIGINS, longest=32), "endpoints": _endpoints},
)


def parse_trust(data: bytes) -> Trust:
    """The trust file of a JSON text.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    return read_trust(parse_statement(data, max_bytes=MAX_BYTES))


def read_trust(value: JSON) -> Trust:
    """The trust file of a parsed JSON value.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _TRUST(value, "")
    document = cast("dict[str, JSON]", value)
    named = cast("dict[str, str]", document["issuers"])
    issuers = {side == "live": issuer for side, issuer in named.items()}
    if not issuers or len(set(issuers.values())) != len(issuers):
        fail("no issuer, or one for both sides", "/issuers", "issuers", "one or two that differ")
    keys = cast("list[dict[str, JSON]]", document["keys"])
    rps = cast("list[dict[str, JSON]]", document.get("relying_parties", []))
    return Trust(
        issuers=issuers,
        keys=tuple(_read_key(each, f"/keys/{index}") for index, each in enumerate(keys)),
        relying_parties=tuple(_read_rp(each, f"/relying_parties/{i}") for i, each in enumerate(rps)),
        endpoints=cast("dict[str, str]", document.get("endpoints", {})),
    )


def write_trust(trust: Trust) -> dict[str, JSON]:
    """The JSON value of a trust file."""
    keys: list[JSON] = [
        {
            "kid": each.kid,
            "role": each.role,
            "livemode": each.livemode,
            "jwk": each.key.to_jwk(),
            "not_before": format_instant(each.not_before),
            "not_after": format_instant(each.not_after),
        }
        for each in trust.keys
    ]
    rps: list[JSON] = [
        {
            "rp_id": each.rp.rp_id,
            "signing_origins": list[JSON](sorted(each.rp.signing_origins)),
            "not_before": format_instant(each.not_before),
            "not_after": format_instant(each.not_after),
        }
        for each in trust.relying_parties
    ]
    document: dict[str, JSON] = {
        "schema": SCHEMA,
        "issuers": {"live" if livemode else "test": issuer for livemode, issuer in trust.issuers.items()},
        "keys": keys,
    }
    if rps:
        document["relying_parties"] = rps
    if trust.endpoints:
        document["endpoints"] = dict(trust.endpoints)
    return document


def format_trust(trust: Trust) -> bytes:
    """The RFC 8785 bytes of a trust file."""
    return canonicalize(write_trust(trust))


def _window(members: dict[str, JSON], pointer: str) -> tuple[datetime, datetime]:
    not_before, not_after = parse_instant(members["not_before"]), parse_instant(members["not_after"])
    if not not_before < not_after:
        fail("ends before it begins", f"{pointer}/not_after", "window", "later than not_before")
    return not_before, not_after


def _read_key(members: dict[str, JSON], pointer: str) -> TrustedKey:
    key = PublicKey.from_jwk(members["jwk"], pointer=f"{pointer}/jwk")
    if key.to_jwk() != members["jwk"] or key.alg != "EdDSA":
        fail("not an Ed25519 JWK of required members only", f"{pointer}/jwk", "jwk")
    if key.thumbprint != members["kid"]:
        fail("not the thumbprint of jwk", f"{pointer}/kid", "thumbprint", key.thumbprint)
    not_before, not_after = _window(members, pointer)
    return TrustedKey(
        key=key,
        role=cast("PublishedRole", members["role"]),
        livemode=members["livemode"] is True,
        not_before=not_before,
        not_after=not_after,
    )


def _read_rp(members: dict[str, JSON], pointer: str) -> TrustedOrigins:
    not_before, not_after = _window(members, pointer)
    origins = cast("list[str]", members["signing_origins"])
    return TrustedOrigins(
        rp=RelyingParty(rp_id=str(members["rp_id"]), signing_origins=frozenset(origins)),
        not_before=not_before,
        not_after=not_after,
    )
