"""The public list beside the key files: which key speaks in which role, on which side, from when to when.

It holds nothing secret. It also keeps the relying parties with their windows, because both are what the
trust file publishes and neither may ever be forgotten.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from consent.log import durable_file
from consent.server.keys.errors import KeysError
from signing.canonical import canonicalize
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant
from signing.public_key import PublicKey
from signing.trust import PublishedRole

SCHEMA = "consent-registry/key-index/v1"
FILE = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A published key. It is trusted from `not_before` and begins to sign at `signs_from`."""

    role: PublishedRole
    livemode: bool
    public: PublicKey
    not_before: datetime
    signs_from: datetime
    not_after: datetime

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return self.public.thumbprint

    @property
    def file(self) -> str:
        """The name of the encrypted file with the private half."""
        side = "live" if self.livemode else "test"
        return f"{side}-{self.role}-{self.kid}.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingPartyEntry:
    """An RP id and its signing origin, with the window in which signatures were made there."""

    rp_id: str
    signing_origin: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIndex:
    """All keys that ever spoke for this registry, and all relying parties it ever was."""

    keys: tuple[KeyEntry, ...] = ()
    relying_parties: tuple[RelyingPartyEntry, ...] = ()

    def signing(self, role: PublishedRole, *, livemode: bool, at: datetime) -> KeyEntry | None:
        """The key that signs at `at`: of those that may, the one that began last."""
        able = [
            each
            for each in self.keys
            if each.role == role and each.livemode == livemode and each.signs_from <= at < each.not_after
        ]
        return _last(able)

    def newest(self, role: PublishedRole, *, livemode: bool) -> KeyEntry | None:
        """The key that will sign longest, whether or not it has begun."""
        made = [each for each in self.keys if each.role == role and each.livemode == livemode]
        return _last(made)


def _last(entries: list[KeyEntry]) -> KeyEntry | None:
    """The one that begins to sign last; of two that begin in one second, the one made last."""
    return max(reversed(entries), key=lambda each: each.signs_from, default=None)


def read_index(folder: Path) -> KeyIndex | None:
    """The index in `folder`, or None where there is none.

    Raises:
        KeysError: the file is not an index.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise KeysError(f"{path} cannot be read: {exc.strerror}") from exc
    try:
        document = msgspec.json.decode(data)
        if document["schema"] != SCHEMA:
            raise KeysError(f"{path} is of another version than this program")
        return KeyIndex(
            keys=tuple(_read_key(each) for each in document["keys"]),
            relying_parties=tuple(_read_party(each) for each in document["relying_parties"]),
        )
    except (msgspec.DecodeError, SigningError, KeyError, TypeError) as exc:
        raise KeysError(f"{path} is damaged ({type(exc).__name__}): restore it from a backup") from exc


def write_index(folder: Path, index: KeyIndex) -> None:
    """Replace the index, durably; call with the folder's lock held."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "keys": [
            {
                "role": each.role,
                "livemode": each.livemode,
                "jwk": each.public.to_jwk(),
                "not_before": format_instant(each.not_before),
                "signs_from": format_instant(each.signs_from),
                "not_after": format_instant(each.not_after),
            }
            for each in index.keys
        ],
        "relying_parties": [
            {
                "rp_id": each.rp_id,
                "signing_origin": each.signing_origin,
                "not_before": format_instant(each.not_before),
                "not_after": format_instant(each.not_after),
            }
            for each in index.relying_parties
        ],
    }
    durable_file.replace(folder / FILE, canonicalize(document) + b"\n")


def _read_key(value: dict[str, Any]) -> KeyEntry:
    return KeyEntry(
        role=value["role"],
        livemode=value["livemode"] is True,
        public=PublicKey.from_jwk(value["jwk"]),
        not_before=parse_instant(value["not_before"]),
        signs_from=parse_instant(value["signs_from"]),
        not_after=parse_instant(value["not_after"]),
    )


def _read_party(value: dict[str, Any]) -> RelyingPartyEntry:
    return RelyingPartyEntry(
        rp_id=value["rp_id"],
        signing_origin=value["signing_origin"],
        not_before=parse_instant(value["not_before"]),
        not_after=parse_instant(value["not_after"]),
    )
