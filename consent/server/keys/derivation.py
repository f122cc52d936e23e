"""The secret that lasting keys are derived from: names of decisions, digests of addresses, the rollback guard.

These must outlive a rotation of CONSENT_KEY_SECRET: a receipt of last year names its decision under such a key. So the
secret that the registry began with is kept in a file of its own, sealed under CONSENT_KEY_SECRET like the key files.
It signs nothing and seals nothing. Where there is no such file yet, CONSENT_KEY_SECRET itself is that secret.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.log import durable_file
from consent.log.derive import derive_key
from consent.server.keys.errors import KeysError

FILE = "derivation.sealed"
_VERSION = b"\x01"
_NONCE_BYTES = 12  # NIST SP 800-38D §8.2: 96-bit IV
_PURPOSE = "consent-registry/derivation-wrap/v1"


def derivation_secret(folder: Path, *, opens: Sequence[bytes]) -> bytes:
    """The secret; `opens` are CONSENT_KEY_SECRET and, during its rotation, the other one.

    Raises:
        KeysError: the file is there and none of them opens it, or there is none and two secrets to choose from.
    """
    return open_derivation(_read(folder), opens=opens, where=str(folder / FILE))


def open_derivation(sealed: bytes | None, *, opens: Sequence[bytes], where: str) -> bytes:
    """The secret in the bytes of that file, or None where there is none; `where` names the file in errors.

    Raises:
        KeysError: as of `derivation_secret`.
    """
    if sealed is None:
        if len(opens) > 1:
            raise KeysError(
                f"{where} is not there yet, and nothing says which of two secrets the registry began with: set "
                "CONSENT_KEY_SECRET to that, without CONSENT_KEY_SECRET_ALSO, and run `consent-server migrate` first"
            )
        return opens[0]
    for secret in opens:
        try:
            return _cipher(secret).decrypt(
                sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], sealed[:1]
            )
        except (InvalidTag, ValueError):
            continue
    raise KeysError(f"{where} does not open: is CONSENT_KEY_SECRET the one it was made with?")


def keep_derivation_secret(folder: Path, *, secret: bytes, opens: Sequence[bytes]) -> bool:
    """Seal the secret under `secret`, unless it is already; True if the file changed. Call before the first rotation.

    Raises:
        KeysError: as of `derivation_secret`.
    """
    kept = derivation_secret(folder, opens=opens)
    if _read(folder) is not None:
        try:
            if derivation_secret(folder, opens=[secret]) == kept:
                return False
        except KeysError:
            pass  # sealed under the other one: sealed anew below
    nonce = secrets.token_bytes(_NONCE_BYTES)
    durable_file.replace(folder / FILE, _VERSION + nonce + _cipher(secret).encrypt(nonce, kept, _VERSION))
    return True


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(derive_key(secret, purpose=_PURPOSE))


def _read(folder: Path) -> bytes | None:
    try:
        return (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise KeysError(f"{folder / FILE} cannot be read: {exc.strerror}") from exc
