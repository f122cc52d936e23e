"""The encrypted file of a backup: a readable header, then sealed chunks; written and read as streams.

    magic line ‖ header line (RFC 8785 JSON) ‖ check line: SHA-256 of the header, then its HMAC ‖ chunks

From the secret and the header's random salt scrypt makes a key, of which HKDF-SHA-256 makes two: one authenticates the
header, the other, salted with the header's SHA-256, seals the chunks. Each chunk is 64 KiB of plaintext under
AES-256-GCM, the last one shorter or equal; its nonce is its number and whether it is the last (the STREAM
construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015, as in age). So chunks cannot be altered, reordered, dropped
or cut off, and no chunk of another file fits.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from consent.server.backup.errors import DamagedError, SecretError
from signing.canonical import JSON, canonicalize, parse
from signing.encoding import b64u, unb64u
from signing.errors import SigningError

MAGIC = b"consent-registry/backup/v1\n"
CHUNK_BYTES = 64 << 10
MAX_HEADER_BYTES = 64 << 10
_TAG_BYTES = 16
_SALT_BYTES = 16
_CHECK_BYTES = 64 + 1 + 64 + 1  # two SHA-256 in hexadecimal, a blank between, a line end
# OWASP password storage: scrypt with N = 2^15, r = 8, p = 1 needs 32 MiB and about 0.1 s.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**15, 8, 1


class SealedWriter:
    """Writes one sealed file to `out`; `digest` is the SHA-256 of the plaintext once it is finished."""

    def __init__(self, out: BinaryIO, *, header: Mapping[str, JSON], secret: bytes) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        line = canonicalize({**header, "salt": b64u(salt)}) + b"\n"
        if len(line) > MAX_HEADER_BYTES:
            raise ValueError(f"header has {len(line)} bytes, at most {MAX_HEADER_BYTES} are allowed")
        master = _master(secret, salt)
        self._out = out
        self._cipher = AESGCM(_payload_key(master, line))
        self._number = 0
        self._waiting = bytearray()
        self._hash = hashlib.sha256()
        out.write(MAGIC + line + _check_line(master, line))

    def write(self, data: bytes) -> None:
        """Add plaintext; what fills a chunk leaves, except the last, which `finish` marks."""
        self._hash.update(data)
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> bytes:
        """Write the last chunk; returns the SHA-256 of all plaintext."""
        self._seal(bytes(self._waiting), last=True)
        return self._hash.digest()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def read_header(source: BinaryIO, *, name: str) -> dict[str, JSON]:
    """The header of a sealed file as it claims to be, without the secret; `name` is for messages.

    Raises:
        DamagedError: not such a file, or its header was damaged.
    """
    return _header(_header_line(source, name=name)[0], name=name)


def open_sealed(source: BinaryIO, *, secret: bytes, name: str) -> tuple[dict[str, JSON], Iterator[bytes]]:
    """The authenticated header, and the plaintext in pieces, each verified before it is handed out.

    Raises:
        DamagedError: not such a file; the iterator raises it too, with the position, for altered or missing bytes.
        SecretError: the file was made with another secret.
    """
    line, mac = _header_line(source, name=name)
    header = _header(line, name=name)
    try:
        salt = unb64u(str(header["salt"]), pointer="/salt", length=_SALT_BYTES)
    except (SigningError, KeyError) as exc:
        raise DamagedError(f"{name}: the header has no salt") from exc
    master = _master(secret, salt)
    if not hmac.compare_digest(_mac(master, line), mac):
        raise SecretError(
            f"{name} does not open with this secret: set CONSENT_BACKUP_SECRET to the one it was made with"
        )
    start = len(MAGIC) + len(line) + _CHECK_BYTES
    return header, _chunks(source, AESGCM(_payload_key(master, line)), name=name, start=start)


def _chunks(source: BinaryIO, cipher: AESGCM, *, name: str, start: int) -> Iterator[bytes]:
    size = CHUNK_BYTES + _TAG_BYTES
    number, chunk = 0, _exactly(source, size)
    while True:
        following = _exactly(source, size) if len(chunk) == size else b""
        last = not following
        place = f"{name}, bytes {start + number * size} to {start + number * size + len(chunk)}"
        try:
            yield cipher.decrypt(_nonce(number, last=last), chunk, None)
        except (InvalidTag, ValueError) as exc:
            if last and _opens(cipher, number, chunk):
                raise DamagedError(f"{place}: the file is cut off here; copy it again") from exc
            raise DamagedError(f"{place}: altered or cut off; copy it again, or take another backup") from exc
        if last:
            return
        number, chunk = number + 1, following


def _opens(cipher: AESGCM, number: int, chunk: bytes) -> bool:
    """Whether a chunk that should be the last is whole, and another was to follow."""
    try:
        cipher.decrypt(_nonce(number, last=False), chunk, None)
    except (InvalidTag, ValueError):
        return False
    return True


def _exactly(source: BinaryIO, size: int) -> bytes:
    """`size` bytes, or fewer at the end; a pipe may hand out less at a time."""
    parts = bytearray()
    while len(parts) < size and (part := source.read(size - len(parts))):
        parts += part
    return bytes(parts)


def _header_line(source: BinaryIO, *, name: str) -> tuple[bytes, bytes]:
    """The header's bytes, compared with their SHA-256, and the HMAC that is still to be compared."""
    if source.read(len(MAGIC)) != MAGIC:
        raise DamagedError(
            f"{name} is no backup of this kind: it does not begin with {MAGIC.decode().strip()}"
        )
    line = source.readline(MAX_HEADER_BYTES)
    check = source.read(_CHECK_BYTES)
    try:
        digest, mac = (bytes.fromhex(part) for part in check.decode("ascii").split(" "))
    except ValueError as exc:
        raise DamagedError(
            f"{name}: the header's check line is damaged, at byte {len(MAGIC) + len(line)}"
        ) from exc
    if hashlib.sha256(line).digest() != digest:
        raise DamagedError(
            f"{name}: the header is damaged, at bytes {len(MAGIC)} to {len(MAGIC) + len(line)}"
        )
    return line, mac


def _header(line: bytes, *, name: str) -> dict[str, JSON]:
    try:
        header = parse(line)
    except SigningError as exc:
        raise DamagedError(f"{name}: the header is not JSON: {exc}") from exc
    if not isinstance(header, dict):
        raise DamagedError(f"{name}: the header is not an object")
    return header


def _check_line(master: bytes, line: bytes) -> bytes:
    return f"{hashlib.sha256(line).hexdigest()} {_mac(master, line).hex()}\n".encode()


def _mac(master: bytes, line: bytes) -> bytes:
    key = _derive(master, info=b"consent-registry/backup/header/v1", salt=None)
    return hmac.digest(key, line, hashlib.sha256)


def _payload_key(master: bytes, line: bytes) -> bytes:
    return _derive(master, info=b"consent-registry/backup/chunks/v1", salt=hashlib.sha256(line).digest())


def _derive(master: bytes, *, info: bytes, salt: bytes | None) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(master)


def _master(secret: bytes, salt: bytes) -> bytes:
    if not secret:
        raise SecretError("the backup's secret is empty: set CONSENT_BACKUP_SECRET")
    return Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(secret)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
