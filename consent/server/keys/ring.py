"""The keys of a running process: which one signs now, found again when the index changes."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.registry.ports import SideSigners
from consent.server.keys.errors import KeysError
from consent.server.keys.index import FILE, KeyEntry, KeyIndex, read_index
from signing.canonical import JSON
from signing.errors import SigningError, UntrustedError
from signing.keys import PublicKey
from signing.private_key import PrivateKey
from signing.signer import LocalSigner
from signing.trust import PublishedRole

RELOAD_S = 5.0  # how long a rotation goes unnoticed; a new key waits far longer before it signs


class KeyRing:
    """Opens key files when they are first needed, and keeps them; for many threads.

    `also` is a second secret that a key file may be encrypted under, while CONSENT_KEY_SECRET is rotated; `wall` is the
    node's UTC clock, `monotonic` counts seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        secret: bytes,
        also: bytes = b"",
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._secrets = (secret, also) if also else (secret,)
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._opened: dict[str, LocalSigner] = {}
        self._index = self._read()
        self._stamp = self._stat()
        self._looked_at = monotonic()

    def __repr__(self) -> str:
        return f"KeyRing({self._folder})"

    def index(self) -> KeyIndex:
        """The index as it is on disk now, or was a few seconds ago."""
        with self._lock:
            now = self._monotonic()
            if now - self._looked_at >= RELOAD_S:
                self._looked_at = now
                stamp = self._stat()
                if stamp != self._stamp:
                    self._index, self._stamp = self._read(), stamp
            return self._index

    def signer(self, role: PublishedRole, *, livemode: bool) -> LocalSigner:
        """The key that signs now.

        Raises:
            UntrustedError: the role has no key whose time it is.
            KeysError: its file is missing or does not open.
        """
        entry = self.index().signing(role, livemode=livemode, at=self._wall())
        if entry is None:
            side = "live" if livemode else "test"
            raise UntrustedError(f"there is no valid {side} {role} key: run `consent-server keys rotate`")
        return self._kept_open(entry)

    def signers(self, role: PublishedRole, *, livemode: bool) -> list[LocalSigner]:
        """Every key that may sign now, the one that signs by itself first: for what carries several signatures.

        Raises:
            UntrustedError, KeysError: see `signer`.
        """
        first, at = self.signer(role, livemode=livemode), self._wall()
        able = [
            each
            for each in self.index().keys
            if each.role == role and each.livemode == livemode and each.signs_from <= at < each.not_after
        ]
        return [first, *(self._kept_open(each) for each in able if each.kid != first.key_id)]

    def _kept_open(self, entry: KeyEntry) -> LocalSigner:
        with self._lock:
            found = self._opened.get(entry.kid)
            if found is None:
                found = self._open(entry)
                self._opened[entry.kid] = found
            return found

    def _open(self, entry: KeyEntry) -> LocalSigner:
        path = self._folder / entry.file
        try:
            private = self._decrypt(path.read_bytes())
        except FileNotFoundError as exc:
            raise KeysError(f"{path} is missing: restore it from a backup") from exc
        except OSError as exc:
            raise KeysError(f"{path} cannot be read: {exc.strerror}") from exc
        except SigningError as exc:
            raise KeysError(f"{path} does not open: is CONSENT_KEY_SECRET the one it was made with?") from exc
        if private.public != entry.public:
            raise KeysError(f"{path} holds another key than the index names")
        return LocalSigner(
            private=private, role=entry.role, not_before=entry.not_before, not_after=entry.not_after
        )

    def _decrypt(self, data: bytes) -> PrivateKey:
        for secret in self._secrets[:-1]:
            with contextlib.suppress(UntrustedError):
                return PrivateKey.from_encrypted(data, secret)
        return PrivateKey.from_encrypted(data, self._secrets[-1])

    def _read(self) -> KeyIndex:
        index = read_index(self._folder)
        if index is None:
            raise KeysError(f"there are no keys in {self._folder}: run `consent-server migrate` first")
        return index

    def _stat(self) -> tuple[int, int]:
        try:
            found = (self._folder / FILE).stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSigner:
    """A `Signer` that is whichever key signs at the moment, so that a rotation needs no restart."""

    ring: KeyRing
    role: PublishedRole
    livemode: bool

    @property
    def key_id(self) -> str:
        """RFC 7638 thumbprint of the key that signs now."""
        return self.public.thumbprint

    @property
    def public(self) -> PublicKey:
        """The key that signs now."""
        return self.ring.signer(self.role, livemode=self.livemode).public

    def sign_jws(
        self, *, typ: str, payload: Mapping[str, JSON], header: Mapping[str, JSON] | None = None
    ) -> str:
        """A compact JWS for the purpose `typ`; UntrustedError if the role does not serve it."""
        return self.ring.signer(self.role, livemode=self.livemode).sign_jws(
            typ=typ, payload=payload, header=header
        )


class Signers(Mapping[bool, SideSigners]):
    """The signers of both sides by `livemode`, made anew when the index changes.

    Every registry key ever published goes on verifying the seals it made.
    """

    def __init__(self, ring: KeyRing, *, issuers: Mapping[bool, str]) -> None:
        self._ring = ring
        self._issuers = dict(issuers)
        self._made: tuple[KeyIndex, dict[bool, SideSigners]] | None = None

    def __getitem__(self, livemode: bool) -> SideSigners:
        index = self._ring.index()
        made = self._made
        if made is None or made[0] is not index:
            made = (index, {side: self._make(index, livemode=side) for side in self._issuers})
            self._made = made
        return made[1][livemode]

    def __iter__(self) -> Iterator[bool]:
        return iter(self._issuers)

    def __len__(self) -> int:
        return len(self._issuers)

    def _make(self, index: KeyIndex, *, livemode: bool) -> SideSigners:
        registry = tuple(
            each.public for each in index.keys if each.role == "registry" and each.livemode == livemode
        )
        return SideSigners(
            issuer=self._issuers[livemode],
            registry=CurrentSigner(ring=self._ring, role="registry", livemode=livemode),
            receipt=CurrentSigner(ring=self._ring, role="receipt", livemode=livemode),
            status=CurrentSigner(ring=self._ring, role="status", livemode=livemode),
            registry_retired=registry,
        )
