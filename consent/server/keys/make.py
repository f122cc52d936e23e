"""Make the keys of a new registry, and successors of old ones."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from consent.log import durable_file
from consent.server.embedded.folder_lock import FolderLock
from consent.server.keys.errors import KeysError
from consent.server.keys.index import KeyEntry, KeyIndex, read_index, write_index
from signing.errors import SigningError, UntrustedError
from signing.instants import format_instant
from signing.private_key import PrivateKey
from signing.trust import PUBLISHED_ROLES, PublishedRole

SIDES = (True, False)
LIFE = timedelta(days=400)  # a year and a month: a yearly rotation may come late
RENEW_BEFORE = timedelta(days=60)
OVERLAP = timedelta(hours=24)  # from published to used: verifiers fetch the trust file meanwhile
SKEW = timedelta(hours=1)  # the database's clock may be behind the one that made the key


def ensure_keys(folder: Path, *, secret: bytes, at: datetime, may_make: bool = True) -> KeyIndex:
    """The index of a folder in which every role of both sides has a key for a while; makes what lacks.

    `may_make` is False beside a database that has a history: then no index means that keys were lost.

    Raises:
        KeysError: the keys are gone, or open under another secret.
    """
    with _locked(folder):
        index = read_index(folder)
        if index is None:
            if not may_make:
                raise KeysError(
                    f"the registry's keys are missing in {folder}, beside a database that was made with them: "
                    "restore that folder from a backup"
                )
            index = KeyIndex()
        for livemode in SIDES:
            for role in PUBLISHED_ROLES:
                newest = index.newest(role, livemode=livemode)
                if newest is None:
                    index = _add(folder, index, role, livemode=livemode, secret=secret, at=at, signs_from=at)
                elif newest.not_after - at < RENEW_BEFORE:
                    signs_from = min(at + OVERLAP, max(at, newest.not_after))
                    index = _add(
                        folder, index, role, livemode=livemode, secret=secret, at=at, signs_from=signs_from
                    )
        return index


def rotate_keys(
    folder: Path,
    *,
    secret: bytes,
    at: datetime,
    roles: Iterable[PublishedRole] = PUBLISHED_ROLES,
    sides: Iterable[bool] = SIDES,
    overlap: timedelta = OVERLAP,
) -> tuple[KeyEntry, ...]:
    """Make a successor for each role and side; it signs after `overlap`. Old keys stay published.

    Raises:
        KeysError: there are no keys to succeed.
    """
    with _locked(folder):
        index = read_index(folder)
        if index is None:
            raise KeysError(f"there are no keys in {folder}: run `consent-server migrate` first")
        before = index.keys
        for livemode in sides:
            for role in roles:
                index = _add(
                    folder, index, role, livemode=livemode, secret=secret, at=at, signs_from=at + overlap
                )
        return index.keys[len(before) :]


def end_key(folder: Path, kid: str, *, at: datetime, now: datetime) -> KeyEntry:
    """End a key's validity at `at`: what it signed before stays valid, what says it is later does not.

    For a key that somebody else may have. It never lengthens a key's time, and another key of its role must sign.

    Raises:
        KeysError: no such key, a time outside its validity, or nothing else would sign.
    """
    with _locked(folder):
        index = read_index(folder)
        found = next((each for each in index.keys if each.kid == kid), None) if index else None
        if index is None or found is None:
            raise KeysError(f"there is no key {kid} in {folder}: `consent-server keys list` names them")
        end = at.replace(microsecond=0)
        if not found.not_before < end < found.not_after:
            raise KeysError(
                f"{format_instant(end)} is not within the key's time, "
                f"{format_instant(found.not_before)} to {format_instant(found.not_after)}"
            )
        ended = replace(found, not_after=end)
        changed = replace(index, keys=tuple(ended if each is found else each for each in index.keys))
        if changed.signing(found.role, livemode=found.livemode, at=max(now, end)) is None:
            raise KeysError(
                f"nothing else signs as {found.role}: first run `consent-server keys rotate --role {found.role} "
                "--overlap-hours 0`"
            )
        write_index(folder, changed)
        return ended


def rewrap_keys(folder: Path, *, secret: bytes, former: bytes) -> int:
    """Encrypt every key file that opens under `former` anew under `secret`; returns how many. Safe to repeat.

    Raises:
        KeysError: there are no keys, or one opens under neither.
    """
    with _locked(folder):
        index = read_index(folder)
        if index is None:
            raise KeysError(f"there are no keys in {folder}: run `consent-server migrate` first")
        changed = 0
        for entry in index.keys:
            path = folder / entry.file
            try:
                data = path.read_bytes()
                try:
                    PrivateKey.from_encrypted(data, secret)
                except UntrustedError:
                    private = PrivateKey.from_encrypted(data, former)
                    durable_file.replace(path, private.to_encrypted(secret))
                    changed += 1
            except (OSError, SigningError) as exc:
                raise KeysError(
                    f"{path} opens under neither CONSENT_KEY_SECRET nor CONSENT_KEY_SECRET_ALSO"
                ) from exc
        return changed


def _add(
    folder: Path,
    index: KeyIndex,
    role: PublishedRole,
    *,
    livemode: bool,
    secret: bytes,
    at: datetime,
    signs_from: datetime,
) -> KeyIndex:
    private = PrivateKey.generate()
    begins = at.replace(microsecond=0)
    entry = KeyEntry(
        role=role,
        livemode=livemode,
        public=private.public,
        not_before=begins - SKEW,
        signs_from=signs_from.replace(microsecond=0),
        not_after=begins + LIFE,
    )
    # Crash after this line: a file that no index names, which nobody uses.
    durable_file.create(folder / entry.file, private.to_encrypted(secret))
    added = replace(index, keys=(*index.keys, entry))
    write_index(folder, added)
    return added


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix":
        folder.chmod(0o700)
    lock = FolderLock(folder / "lock")
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
