"""Authenticator data: what the authenticator itself says in an assertion or a registration (SPEC §5.3).

Layout (WebAuthn L3 §6.1): rpIdHash 32 ‖ flags 1 ‖ signCount 4, big endian ‖ attested credential data if AT
‖ extensions (one CBOR map) if ED. Nothing may be left over.
"""

from dataclasses import dataclass

from signing import cbor
from signing.errors import MalformedError

HEADER_BYTES = 37
MAX_BYTES = 8192  # ours: the largest seen in the field, with an RSA key and extensions, is below 1 kB
MAX_CREDENTIAL_ID_BYTES = 1023  # WebAuthn L3 §7.1: "Verify that the credentialId is ≤ 1023 bytes"

# WebAuthn L3 §6.1 "flags"
USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS = (
    0x01,
    0x04,
    0x08,
    0x10,
    0x40,
    0x80,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedCredential:
    """The new credential of a registration (WebAuthn L3 §6.5.1); `public_key_cose` is not yet judged."""

    aaguid: bytes
    credential_id: bytes
    public_key_cose: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorData:
    """Parsed authenticator data; `extensions` are the raw CBOR bytes, b"" if there are none."""

    rp_id_hash: bytes
    flags: int
    sign_count: int
    attested: AttestedCredential | None
    extensions: bytes

    @property
    def user_present(self) -> bool:
        """UP: a test of user presence succeeded."""
        return bool(self.flags & USER_PRESENT)

    @property
    def user_verified(self) -> bool:
        """UV: the person was verified by PIN, finger or face."""
        return bool(self.flags & USER_VERIFIED)

    @property
    def backup_eligible(self) -> bool:
        """BE: the key may be copied to other devices; fixed for the life of a credential."""
        return bool(self.flags & BACKUP_ELIGIBLE)

    @property
    def backed_up(self) -> bool:
        """BS: the key is copied now."""
        return bool(self.flags & BACKED_UP)


def parse_authenticator_data(data: bytes) -> AuthenticatorData:
    """Read authenticator data.

    Raises:
        MalformedError: too short, too long, a part that its flag promises is missing, or bytes are left over.
    """
    if not HEADER_BYTES <= len(data) <= MAX_BYTES:
        raise MalformedError(
            f"authenticator data has {len(data)} bytes",
            rule="authenticator_data",
            expected=f"{HEADER_BYTES} to {MAX_BYTES} bytes",
        )
    flags = data[32]
    rest = data[HEADER_BYTES:]
    attested = None
    if flags & ATTESTED:
        attested, rest = _attested(rest)
    extensions = b""
    if flags & EXTENSIONS:
        value, left = cbor.decode_prefix(rest)
        if not isinstance(value, dict):
            raise MalformedError("extension data is not a CBOR map", rule="authenticator_data")
        extensions, rest = rest[: len(rest) - len(left)], left
    if rest:
        raise MalformedError(f"{len(rest)} bytes after the authenticator data", rule="authenticator_data")
    return AuthenticatorData(
        rp_id_hash=data[:32],
        flags=flags,
        sign_count=int.from_bytes(data[33:HEADER_BYTES], "big"),
        attested=attested,
        extensions=extensions,
    )


def format_authenticator_data(value: AuthenticatorData) -> bytes:
    """The bytes that `parse_authenticator_data` reads."""
    header = value.rp_id_hash + bytes([value.flags]) + value.sign_count.to_bytes(4, "big")
    attested = b""
    if value.attested is not None:
        credential_id = value.attested.credential_id
        attested = (
            value.attested.aaguid
            + len(credential_id).to_bytes(2, "big")
            + credential_id
            + value.attested.public_key_cose
        )
    return header + attested + value.extensions


def _attested(data: bytes) -> tuple[AttestedCredential, bytes]:
    # aaguid 16 ‖ credentialIdLength 2, big endian ‖ credentialId ‖ credentialPublicKey (one CBOR item)
    if len(data) < 18:
        raise MalformedError("attested credential data is cut off", rule="authenticator_data")
    length = int.from_bytes(data[16:18], "big")
    if not 1 <= length <= MAX_CREDENTIAL_ID_BYTES or len(data) < 18 + length:
        raise MalformedError(
            f"credential id of {length} bytes in {len(data) - 18} bytes",
            rule="authenticator_data",
            expected=f"1 to {MAX_CREDENTIAL_ID_BYTES} bytes, all present",
        )
    key_on = data[18 + length :]
    _, rest = cbor.decode_prefix(key_on)
    credential = AttestedCredential(
        aaguid=data[:16],
        credential_id=data[18 : 18 + length],
        public_key_cose=key_on[: len(key_on) - len(rest)],
    )
    return credential, rest
