"""The seal of an evidence bundle: the registry's signature over the digest of every file in it (SPEC §17.3)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from signing import jws
from signing.bodies.fields import boolean, fail, identifier, instant, record, sha256, text
from signing.canonical import JSON
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.evidence_zip import MAX_FILES, NAME
from signing.instants import format_instant, parse_instant
from signing.purposes import EVIDENCE
from signing.signer import Signer
from signing.trust import Trust

SEAL = "seal.jwt"  # its own name in the bundle, the one file that it cannot cover
MAX_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Whose word it is, of which bundle and when; `files` maps names to SHA-256 in lower-case hex."""

    id: str
    issuer: str
    livemode: bool
    issued_at: datetime
    files: Mapping[str, str]


def _files(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict) or not 0 < len(value) < MAX_FILES:
        fail(
            "not an object of accepted size",
            pointer,
            "type",
            f"1 to {MAX_FILES - 1} names with their digests",
        )
    for place, (name, digest) in enumerate(value.items()):
        if name == SEAL or not NAME.fullmatch(name):
            fail("no name of a bundle's file", f"{pointer}/{place}", "zip_name")
        sha256(digest, f"{pointer}/{place}")


_PAYLOAD = record(
    {"id": identifier("evd"), "iss": text(300), "livemode": boolean, "issued_at": instant, "files": _files}
)


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """What a seal says of these files."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != SEAL}


def sign_seal(seal: Seal, *, signer: Signer) -> str:
    """The seal as compact JWS by the registry key.

    Raises:
        MalformedError: the value breaks a rule of seals.
        UntrustedError: the signer is not of the role `registry`.
    """
    payload: dict[str, JSON] = {
        "id": seal.id,
        "iss": seal.issuer,
        "livemode": seal.livemode,
        "issued_at": format_instant(seal.issued_at),
        "files": dict(seal.files),
    }
    _PAYLOAD(payload, "")
    return signer.sign_jws(typ=EVIDENCE, payload=payload)


def verify_seal(files: Mapping[str, bytes], *, trust: Trust, allow_test: bool = False) -> Seal:
    """Check that a registry key of that side, valid then, signed for exactly these files.

    Raises:
        MalformedError: there is no seal, or it is not in its form.
        SignatureError: the signature does not hold, or a file is not the sealed one, missing or one too many.
        UntrustedError: by a key that was no registry key then, another issuer, or of the test side without
            `allow_test`.
    """
    if SEAL not in files:
        raise MalformedError(f"has no {SEAL}", rule="required", expected=SEAL)
    known = {each.kid: each.key for each in trust.keys if each.role == "registry"}
    token = files[SEAL].decode("ascii", "replace")
    verified = jws.verify(token, expected_typ=EVIDENCE, keys=known, max_bytes=MAX_BYTES)
    try:
        _PAYLOAD(verified.payload, "")
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    said = verified.payload
    seal = Seal(
        id=str(said["id"]),
        issuer=str(said["iss"]),
        livemode=said["livemode"] is True,
        issued_at=parse_instant(said["issued_at"], pointer="/payload/issued_at"),
        files=cast("dict[str, str]", said["files"]),
    )
    if not seal.livemode and not allow_test:
        raise UntrustedError("evidence is of the test side, and allow_test was not said")
    trust.key(verified.key.thumbprint, "registry", seal.livemode, seal.issued_at)
    if seal.issuer != trust.issuer(seal.livemode):
        raise UntrustedError(f"evidence is of another issuer: {seal.issuer[:100]!r}")
    found = digests(files)
    for name in sorted(found.keys() | seal.files.keys()):
        if found.get(name) != seal.files.get(name):
            raise SignatureError(f"{name!r:.100} is not the file that the registry sealed")
    return seal
