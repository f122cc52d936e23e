"""Grant packages to accept and to refuse: keys, passkeys, chains, countersignatures."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from signing.canonical import canonicalize
from signing.encoding import b64u
from signing.envelope import read_envelope
from signing.key_chain import performer_link
from tests.signing.samples import (
    NOW,
    PERFORMER,
    RECOVERED,
    REPRESENTATIVE,
    SECOND,
    STRANGER,
    TEXT,
    about_grant_body,
    altered,
    credential_body,
    first_link,
    grant_body,
    introduction,
    next_link,
    package,
    signed,
    signed_by_passkey,
    signer,
)
from tests.signing.software_authenticator import BE, BS, UP, UV, SoftwareAuthenticator


@dataclass
class FixedPasskey(SoftwareAuthenticator):
    """A passkey that signs the same bytes each time (RFC 6979)."""

    def raw_signature(self, data: bytes) -> bytes:
        assert isinstance(self.private, ec.EllipticCurvePrivateKey)
        return self.private.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))


def passkey(number: int) -> FixedPasskey:
    """The same passkey for the same number."""
    return FixedPasskey(private=ec.derive_private_key(number, ec.SECP256R1()))


FIRST_DEVICE, SECOND_DEVICE = passkey(11), passkey(12)


def by_passkey(device: FixedPasskey = FIRST_DEVICE, *, text: bytes = TEXT, **bent: Any) -> bytes:
    """A package whose grant a passkey signed; `bent` is what the authenticator does otherwise."""
    body = grant_body(credential=device.public_key.thumbprint)
    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    envelope = read_envelope(signed_by_passkey(body, device, text=text, **bent))
    return package(envelope=envelope, chain=[first_link(device.public_key)])


def package_documents() -> Iterator[tuple[str, bool, str, bytes]]:
    """Name, whether it is valid, why, and the bytes."""
    for name, why, data in _accepted():
        yield f"{name}.grant.json", True, why, data
    for name, why, data in _refused():
        yield f"{name}.grant.json", False, why, data


def _second(**changes: Any) -> Any:
    return signed(grant_body(credential=SECOND.public.thumbprint, **changes), by=SECOND)


def _accepted() -> Iterator[tuple[str, str, bytes]]:
    recovered = first_link(RECOVERED.public, replaces=PERFORMER.public.thumbprint)
    by_recovered = signed(grant_body(credential=RECOVERED.public.thumbprint), by=RECOVERED)
    link = performer_link(
        read_envelope(
            signed_by_passkey(
                credential_body(SECOND_DEVICE.public_key, by=FIRST_DEVICE.public_key), FIRST_DEVICE
            )
        )
    )
    body = grant_body(credential=SECOND_DEVICE.public_key.thumbprint)
    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    chained = package(
        envelope=read_envelope(signed_by_passkey(body, SECOND_DEVICE)),
        chain=[first_link(FIRST_DEVICE.public_key), link],
    )
    yield "key", "signed with a key in the performer's hands", package()
    yield "of-test", "the same of the test side", package(livemode=False)
    yield "printed", "other blanks and order of members", _printed(package())
    yield (
        "name-in-unicode",
        "a name outside ASCII",
        package(envelope=signed(grant_body(performer_name="Zoë Åß 声"))),
    )
    represented = signed(grant_body(), also=(REPRESENTATIVE,))
    yield "represented", "a representative signed too", package(envelope=represented)
    chain = [first_link(), next_link(SECOND.public, PERFORMER)]
    yield "second-key", "a key that the first one introduced", package(envelope=_second(), chain=chain)
    yield (
        "recovered",
        "a key after a recovery",
        package(envelope=by_recovered, chain=[first_link(), recovered]),
    )
    yield "passkey", "signed with a passkey", by_passkey()
    yield "passkey-synced", "a passkey that is backed up", by_passkey(flags=UP | UV | BE | BS)
    yield "passkey-chain", "a passkey that another passkey introduced", chained


def _refused() -> Iterator[tuple[str, str, bytes]]:
    good = package()

    def bent(**members: Any) -> bytes:
        return altered(good, lambda document: document.update(members))

    def body(**members: Any) -> bytes:
        return altered(good, lambda document: document["body"].update(members))

    forged = performer_link(signed(credential_body(SECOND.public, by=PERFORMER.public), by=SECOND))
    relabelled = {"introduced_by": "performer", "statement": first_link(SECOND.public)["statement"]}
    other = json.loads(package(envelope=signed(grant_body(nonce=b64u(bytes(32))))))
    by_registry = signed(grant_body(), by=signer("registry").private)
    test = json.loads(package(livemode=False))
    yield "body-name", "a name changed after signing", body(performer_name="Ada Voicf")
    yield "body-term", "a term lengthened after signing", body(valid_until="2029-12-01T00:00:00Z")
    yield "body-unknown", "an unknown member of the body", body(more=1)
    yield "body-kind", "the body of another statement", bent(body=about_grant_body("revocation"))
    yield "body-float", "a fraction in the body", good.replace(b'"limit":1000', b'"limit":1000.0')
    yield "body-twice", "a member of the body twice", good.replace(b'"offer":', b'"livemode":true,"offer":')
    nfd = good.replace(b"Ada Voice", "Zoe\N{COMBINING DIAERESIS}".encode())
    yield "body-nfd", "a name that is not in NFC", nfd
    yield "by-registry", "signed with the registry's key instead", package(envelope=by_registry)
    yield "by-stranger", "signed with somebody's key", package(envelope=signed(grant_body(), by=STRANGER))
    yield "unsigned", "no signature", bent(signatures=[])
    yield "cut", "cut off", good[:-1]
    yield "more-behind", "something behind it", good + b"{}"
    yield "byte-order-mark", "a byte order mark", b"\xef\xbb\xbf" + good
    yield "unknown", "an unknown member", bent(more=1)
    yield "no-proof-member", "no member `proof`", altered(good, lambda document: document.pop("proof"))
    yield "proof-word", "another word than pending", bent(proof="done")
    yield "no-chain", "no key chain", bent(key_chain=[])
    yield "chain-of-other", "the chain of another key", package(chain=[first_link(STRANGER.public)])
    chain = [first_link(), forged]
    yield "link-by-new-key", "a link signed by the new key", package(envelope=_second(), chain=chain)
    chain = [first_link(), relabelled]
    yield (
        "link-relabelled",
        "the registry's link, said to be the performer's",
        package(envelope=_second(), chain=chain),
    )
    chain = [first_link(), first_link(SECOND.public)]
    yield "link-unjoined", "a recovery that replaces nothing", package(envelope=_second(), chain=chain)
    examiner = first_link() | {"examiner": "Somebody Else"}
    yield "examiner", "another examiner than the signed one", package(chain=[examiner])
    stray = first_link() | {
        "statement": introduction(credential_body(PERFORMER.public), by=signer("registry", seed=77))
    }
    yield "link-by-stranger", "introduced by a key that is not in the trust file", package(chain=[stray])
    yield "registry-of-other", "the countersignature of another grant", bent(registry=other["registry"])
    yield "registry-of-test", "the countersignature of the test side", bent(registry=test["registry"])
    future = package(recorded_at=NOW + timedelta(seconds=61))
    yield "future", "recorded after it is verified", future
    yield "passkey-unverified", "a passkey that verified nobody", by_passkey(flags=UP)
    yield "passkey-absent", "a passkey that nobody touched", by_passkey(flags=UV)
    yield "passkey-origin", "signed on another origin", by_passkey(origin="https://registry.example")
    yield "passkey-create", "a registration played as a signature", by_passkey(kind="webauthn.create")
    yield "passkey-frame", "signed in a frame of another site", by_passkey(members={"crossOrigin": True})
    yield "passkey-text", "another text was shown", by_passkey(text=b"Something else.\n")
    yield "passkey-backup", "backed up, and not able to be", by_passkey(flags=UP | UV | BS)
    yield "passkey-flipped", "a bit of the client data flipped", _bent_client_data()


def _bent_client_data() -> bytes:
    def change(document: dict[str, Any]) -> None:
        entry = document["signatures"][0]
        entry["client_data_json"] = entry["client_data_json"][:60] + "A" + entry["client_data_json"][61:]

    return altered(by_passkey(), change)


def _printed(data: bytes) -> bytes:
    value = json.loads(data)
    assert canonicalize(value) == data
    ordered = dict(reversed(list(value.items())))
    return json.dumps(ordered, indent=2, ensure_ascii=True).encode()
