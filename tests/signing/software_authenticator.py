"""A named double of other people's hardware: a passkey in software, which can also misbehave."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from signing import cbor
from signing.encoding import b64u
from signing.keys import PublicKey

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
RP_ID, ORIGIN = "registry.example", "https://sign.registry.example"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def make_private(alg: str) -> Private:
    """A fresh key of one of the three accepted algorithms."""
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def public_of(private: Private) -> PublicKey:
    """The public half as a value of `signing`."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        numbers = private.public_key().public_numbers()
        return PublicKey("ES256", (numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")))
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return PublicKey("EdDSA", (private.public_key().public_bytes_raw(),))
    rsa_numbers = private.public_key().public_numbers()
    return PublicKey("RS256", (rsa_numbers.n.to_bytes(256, "big"), rsa_numbers.e.to_bytes(3, "big")))


@dataclass
class SoftwareAuthenticator:
    """One passkey. Every argument of `sign` and `register` can be bent away from the right value."""

    private: Private = field(default_factory=lambda: make_private("ES256"))
    rp_id: str = RP_ID
    credential_id: bytes = b"credential-of-a-test"
    sign_count: int = 0

    @property
    def public_key(self) -> PublicKey:
        """The key that signatures verify with."""
        return public_of(self.private)

    def raw_signature(self, data: bytes) -> bytes:
        """A signature in the form authenticators make."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(data, ec.ECDSA(SHA256()))
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        return self.private.sign(data, PKCS1v15(), SHA256())

    def client_data(
        self,
        challenge: bytes,
        *,
        kind: str,
        origin: str = ORIGIN,
        members: Mapping[str, object] | None = None,
    ) -> bytes:
        """clientDataJSON as browsers print it."""
        value = {"type": kind, "challenge": b64u(challenge), "origin": origin, "crossOrigin": False}
        return json.dumps(value | dict(members or {}), separators=(",", ":")).encode()

    def authenticator_data(self, flags: int, tail: bytes = b"") -> bytes:
        """The 37 byte header and whatever follows."""
        hashed = hashlib.sha256(self.rp_id.encode()).digest()
        return hashed + bytes([flags]) + self.sign_count.to_bytes(4, "big") + tail

    def sign(
        self,
        challenge: bytes,
        *,
        flags: int = UP | UV,
        tail: bytes = b"",
        kind: str = "webauthn.get",
        origin: str = ORIGIN,
        members: Mapping[str, object] | None = None,
    ) -> dict[str, bytes]:
        """The three byte strings of an assertion."""
        client = self.client_data(challenge, kind=kind, origin=origin, members=members)
        data = self.authenticator_data(flags, tail)
        signature = self.raw_signature(data + hashlib.sha256(client).digest())
        return {"client_data_json": client, "authenticator_data": data, "signature": signature}

    def register(
        self,
        challenge: bytes,
        *,
        flags: int = UP | UV | AT,
        fmt: str = "none",
        statement: dict[int | str, cbor.CBOR] | None = None,
        origin: str = ORIGIN,
        kind: str = "webauthn.create",
    ) -> dict[str, bytes]:
        """The two byte strings of a registration."""
        client = self.client_data(challenge, kind=kind, origin=origin)
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self.authenticator_data(flags, attested + self.public_key.to_cose() if flags & AT else b"")
        if fmt == "packed" and statement is None:
            signature = self.raw_signature(data + hashlib.sha256(client).digest())
            alg = {"ES256": -7, "EdDSA": -8, "RS256": -257}[self.public_key.alg]
            statement = {"alg": alg, "sig": signature}
        attestation = cbor.encode({"fmt": fmt, "attStmt": statement or {}, "authData": data})
        return {"client_data_json": client, "attestation_object": attestation}
