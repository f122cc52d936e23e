"""Sealing under per-record keys: destroying the key of a record destroys what it sealed.

Sealed bytes are 0x01 ‖ nonce (12) ‖ AES-256-GCM, with the record and the purpose as associated
data: sealed bytes copied to another record or another purpose do not open. A record's key is 32
random bytes, itself sealed under a key derived from the configured secret, and written to the key
store before anything is sealed with it.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.log.derive import derive_key
from consent.log.errors import (
    KeyMissingError,
    KeyStoreUnavailableError,
    RecordDestroyedError,
    SealError,
)
from consent.log.keystore import KeyArchive, KeyStore, checked_record

_VERSION = b"\x01"
_NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96-bit IV
_TAG_BYTES = 16
_KEY_BYTES = 32
_PROBE_RECORD = "key-secret-probe"


class Sealer:
    """Seals and opens bytes of records, over one key store and one secret."""

    def __init__(
        self, *, key_store: KeyStore, key_secret: bytes, random: Callable[[int], bytes], also: bytes = b""
    ) -> None:
        """`also` opens keys that were wrapped under another secret, while `key_secret` is rotated."""
        self._store = key_store
        self._random = random
        self._wrapping = _wrapping(key_secret)
        self._unwrapping = (self._wrapping, _wrapping(also)) if also else (self._wrapping,)

    def __repr__(self) -> str:
        return "Sealer()"

    def key_store_id(self) -> str:
        """The identity of the key store behind this sealer."""
        return self._store.identity()

    def seal(self, record: str, plaintext: bytes, *, purpose: str) -> bytes:
        """`plaintext` under the key of `record`, which is made and kept first if the record is new.

        Raises:
            RecordDestroyedError: the record's key was destroyed; nothing is sealed under it again.
            KeyStoreUnavailableError: the key store failed.
        """
        nonce = self._random(_NONCE_BYTES)
        sealed = AESGCM(self._key(record, create=True)).encrypt(nonce, plaintext, _context(record, purpose))
        return _VERSION + nonce + sealed

    def open(self, record: str, sealed: bytes, *, purpose: str) -> bytes:
        """What was sealed for exactly this record and purpose.

        Raises:
            SealError: malformed, altered, or sealed for another record or purpose.
            KeyMissingError, RecordDestroyedError, KeyStoreUnavailableError: no key.
        """
        return _open(AESGCM(self._key(record, create=False)), sealed, _context(record, purpose))

    def destroy(self, record: str) -> None:
        """Destroy the key of `record`. Complete when the last backup of the key store has expired."""
        self._store.destroy(record)

    def is_destroyed(self, record: str) -> bool:
        """Whether the key of `record` was destroyed; KeyStoreUnavailableError if the key store failed."""
        try:
            self._store.read(record)
        except RecordDestroyedError:
            return True
        except KeyMissingError:
            return False
        return False

    def check_secret(self) -> None:
        """Refuse a secret that does not open what this key store holds.

        Raises:
            KeyStoreUnavailableError: the configured secret is not the one of this key store.
        """
        try:
            self._key(_PROBE_RECORD, create=True)
        except SealError as exc:
            raise KeyStoreUnavailableError(
                "CONSENT_KEY_SECRET does not open this key store: restore the secret it was made with"
            ) from exc

    def _key(self, record: str, *, create: bool) -> bytes:
        """The 32-byte key of `record`."""
        checked_record(record)
        try:
            wrapped = self._store.read(record)
        except KeyMissingError:
            if not create:
                raise
            wrapped = self._store.create(record, self._wrap(record))
        key = self._unwrap(record, wrapped)
        if len(key) != _KEY_BYTES:
            raise SealError(f"key of {record} has {len(key)} bytes, expected {_KEY_BYTES}")
        return key

    def rewrap(self, archive: KeyArchive) -> int:
        """Wrap every key of the store under the present secret; returns how many were not. Safe to repeat and to kill.

        Raises:
            SealError: a key opens under neither secret; those before it were wrapped.
            KeyStoreUnavailableError: the key store failed.
        """
        changed = 0
        for record, wrapped in archive.entries():
            if wrapped is None or _opens(self._wrapping, wrapped, _context(record, "key")):
                continue
            again = self._wrapped(record, self._unwrap(record, wrapped))
            changed += archive.rewrap(record, old=wrapped, new=again)
        return changed

    def _unwrap(self, record: str, wrapped: bytes) -> bytes:
        context = _context(record, "key")
        for cipher in self._unwrapping[:-1]:
            if _opens(cipher, wrapped, context):
                return _open(cipher, wrapped, context)
        return _open(self._unwrapping[-1], wrapped, context)

    def _wrap(self, record: str) -> bytes:
        """A new key of `record`, wrapped."""
        return self._wrapped(record, self._random(_KEY_BYTES))

    def _wrapped(self, record: str, key: bytes) -> bytes:
        nonce = self._random(_NONCE_BYTES)
        return _VERSION + nonce + self._wrapping.encrypt(nonce, key, _context(record, "key"))


def _wrapping(secret: bytes) -> AESGCM:
    return AESGCM(derive_key(secret, purpose="consent-registry/key-wrap/v1"))


def _opens(cipher: AESGCM, sealed: bytes, context: bytes) -> bool:
    try:
        _open(cipher, sealed, context)
    except SealError:
        return False
    return True


def _context(record: str, purpose: str) -> bytes:
    """Associated data; neither part can contain the zero byte that ends it."""
    if "\x00" in purpose or not purpose:
        raise ValueError("a purpose is not empty and has no zero byte")
    return b"consent-registry/seal/v1\x00" + record.encode() + b"\x00" + purpose.encode()


def _open(cipher: AESGCM, sealed: bytes, context: bytes) -> bytes:
    """Decrypt version ‖ nonce ‖ ciphertext, or SealError."""
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise SealError("sealed bytes have an unknown version or are too short")
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, ciphertext, context)
    except InvalidTag as exc:
        raise SealError("sealed bytes do not open under this key, record and purpose") from exc
