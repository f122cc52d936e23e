"""The body of a credential: a new key, and who introduced it (SPEC §4.7).

`introduced_by: performer` names the key that vouches, and that key signs. `introduced_by: registry` is the first
key and every recovery: it names examiner and evidence, and the registry's key signs. The difference is evidence.
"""

from signing.bodies.fields import (
    boolean,
    constant,
    either,
    fail,
    identifier,
    instant,
    nonce,
    one_of,
    record,
    sha256,
    text,
    thumbprint,
)
from signing.canonical import JSON
from signing.encoding import unb64u
from signing.errors import MalformedError
from signing.public_key import PublicKey
from signing.purposes import statement_schema

BY_PERFORMER, BY_REGISTRY = "performer", "registry"
PASSKEY, ED25519 = "passkey", "ed25519"
MAX_COSE_CHARS = 1400  # base64url of an RSA key of 4096 bits, with room


def read_public_key(value: JSON, *, pointer: str = "") -> PublicKey:
    """The key of a member `public_key`: base64url of a COSE key, or a JWK with its required members only.

    Raises:
        MalformedError: neither, or not in the one form that we print.
    """
    try:
        if isinstance(value, str):
            return PublicKey.from_cose(unb64u(value))
        key = PublicKey.from_jwk(value)
    except MalformedError as exc:
        raise exc.under(pointer) from exc
    if key.to_jwk() != value:
        fail("JWK has optional members", pointer, "jwk", "the members of the thumbprint only")
    return key


def _is_key(value: JSON, pointer: str) -> None:
    read_public_key(value, pointer=pointer)


_BODY = record(
    required={
        "schema": constant(statement_schema("credential")),
        "id": identifier("stm"),
        "livemode": boolean,
        "public_key": either(_is_key, text(MAX_COSE_CHARS)),
        "kind": one_of(PASSKEY, ED25519),
        "introduced_by": one_of(BY_PERFORMER, BY_REGISTRY),
        "nonce": nonce,
    },
    optional={
        "by_credential": thumbprint,
        "label": text(100),
        "examiner": text(200),
        "evidence_sha256": sha256,
        "recorded_at": instant,
        "replaces": thumbprint,
    },
)
# Who introduces decides which members there are.
_NEEDED = {BY_PERFORMER: ("by_credential",), BY_REGISTRY: ("examiner", "evidence_sha256", "recorded_at")}
_REFUSED = {
    BY_PERFORMER: ("examiner", "evidence_sha256", "recorded_at", "replaces"),
    BY_REGISTRY: ("by_credential",),
}


def check_credential(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a credential.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
    introducer = str(body["introduced_by"])
    for name in _NEEDED[introducer]:
        if name not in body:
            fail("missing", f"/{name}", "required", f"a key introduced by the {introducer} says it")
    for name in _REFUSED[introducer]:
        if name in body:
            fail("not for this introducer", f"/{name}", "introduced_by", f"none where the {introducer} does")
    key = read_public_key(body["public_key"], pointer="/public_key")
    if body["kind"] == ED25519 and (key.alg != "EdDSA" or isinstance(body["public_key"], str)):
        fail("not an Ed25519 JWK", "/public_key", "kind", "an OKP key as JWK where kind is ed25519")
    if body["kind"] == PASSKEY and not isinstance(body["public_key"], str):
        fail("not a COSE key", "/public_key", "kind", "base64url of a COSE key where kind is passkey")
    if key.thumbprint in (body.get("by_credential"), body.get("replaces")):
        fail("a key cannot introduce itself", "/public_key", "introduced_by", "another key")
