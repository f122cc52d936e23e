"""Bodies, keys and a small registry to make statements, receipts and packages with; all of them well formed."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from signing.canonical import canonicalize
from signing.countersignature import Countersignature, sign_countersignature
from signing.encoding import b64u
from signing.envelope import Envelope, read_envelope
from signing.key_chain import performer_link, registry_link
from signing.keys import PrivateKey, PublicKey
from signing.package import Package, format_package
from signing.process_key import certify_process_key
from signing.purposes import INTRODUCTION, Role, statement_schema
from signing.receipt import Receipt, ReceiptItem, ReceiptSigner
from signing.signer import LocalSigner
from signing.statement import body_sha256, sign_statement_ed25519
from signing.trust import PublishedRole, Trust, TrustedKey, TrustedOrigins
from signing.webauthn import RelyingParty, signing_challenge
from tests.signing.software_authenticator import ORIGIN, RP_ID, SoftwareAuthenticator

NOW = datetime(2026, 12, 2, 10, 0, 0, tzinfo=UTC)
START, END = NOW - timedelta(days=30), NOW + timedelta(days=335)
TEXT = b"What you agree to.\n"
RP = RelyingParty(rp_id=RP_ID, signing_origins=frozenset({ORIGIN}))
ISSUERS = {True: "https://registry.example", False: "https://registry.example/test"}
NODE = "check-1"


def an_id(prefix: str, letter: str = "a") -> str:
    """A well-formed id."""
    return f"{prefix}_{letter * 26}"


def key(seed: int) -> PrivateKey:
    """The same key for the same number."""
    return PrivateKey.from_seed(seed.to_bytes(32, "big"))


PERFORMER, SECOND, RECOVERED, REPRESENTATIVE, STRANGER = key(1), key(2), key(3), key(4), key(9)
NONCE = b64u(bytes(range(32)))


def grant_body(*, credential: str | None = None, livemode: bool = True, **changes: Any) -> dict[str, Any]:
    """A grant with every member that there is."""
    body: dict[str, Any] = {
        "schema": statement_schema("grant"),
        "id": an_id("grt"),
        "livemode": livemode,
        "performer": an_id("prf"),
        "performer_name": "Ada Voice",
        "credential": credential or PERFORMER.public.thumbprint,
        "licensee": {
            "id": an_id("org"),
            "legal_name": "Northlight Audio GmbH",
            "country": "DE",
            "contact": "consent@northlight.example",
        },
        "recipients": [{"id": an_id("org", "b"), "legal_name": "Host SARL", "role": "host"}],
        "offer": an_id("off"),
        "project": {"ref": "NL-2027-03", "title": "Audiobooks of 2027"},
        "template": {
            "id": "voice-clone",
            "version": 1,
            "language": "de",
            "text_sha256": "7d7a0a3ff2ee7a86b8b5b8ee2c3c4d0f1e5b6a7c8d9e0f1a2b3c4d5e6f708192",
        },
        "lines": [
            {
                "id": "l1",
                "uses": ["train.voice"],
                "modalities": ["voice"],
                "purposes": ["audiobook"],
                "content_max": "general",
                "description": "Wir bauen ein Modell deiner Stimme. " * 8 + "Punkt.",
                "explicit": True,
                "initials": True,
                "constraints": [
                    {"kind": "territory", "v": 1, "allow": ["AT", "CH", "DE"]},
                    {"kind": "base_model", "v": 1, "ids": ["*"]},
                    {"kind": "end_users", "v": 1, "scope": "public", "age_assured": False},
                    {"kind": "max_outputs", "v": 1, "limit": 1000},
                ],
            }
        ],
        "prohibitions": [{"uses": ["infer.chat-persona"]}, {"purposes": ["political", "religious"]}],
        "obligations": ["label.audible", "mark.c2pa"],
        "valid_from": "2026-12-01T00:00:00Z",
        "valid_until": "2028-12-01T00:00:00Z",
        "on_end": {"published": "keep", "model": "delete", "model_days": 30},
        "compensation": {"kind": "paid", "terms_sha256": "ab" * 32},
        "posthumous": None,
        "exclusive": None,
        "representation": {"kind": "none"},
        "replaces_in_person_work": False,
        "attestations": ["free_of_coercion", "over_18", "own_identity", "understood"],
        "nonce": NONCE,
        "supersedes": None,
    }
    return copy.deepcopy(body | changes)


EFFECTS = {
    "revocation": "end",
    "confirmation": "confirm",
    "rescission": "rescind",
    "cancellation": "cancel",
    "suspension": "pause",
    "resumption": "resume",
}


def about_grant_body(kind: str, **changes: Any) -> dict[str, Any]:
    """A statement about the grant of `grant_body`."""
    body: dict[str, Any] = {
        "schema": statement_schema(kind),
        "id": an_id("stm"),
        "livemode": True,
        "grant": an_id("grt"),
        "grant_sha256": body_sha256(grant_body()),
        "effect": EFFECTS[kind],
        "credential": PERFORMER.public.thumbprint,
        "nonce": NONCE,
    }
    if kind != "revocation":
        body["holder"] = "performer"
    if kind == "cancellation":
        body["cancels"] = an_id("stm", "b")
    return body | changes


def limits_body(**changes: Any) -> dict[str, Any]:
    """A third version of a performer's limits."""
    body: dict[str, Any] = {
        "schema": statement_schema("limits"),
        "id": an_id("stm"),
        "livemode": True,
        "credential": PERFORMER.public.thumbprint,
        "version": 3,
        "previous_sha256": "cd" * 32,
        "never": [{"uses": ["edit.undress"]}, {"purposes": ["political"]}],
        "nonce": NONCE,
    }
    return body | changes


def credential_body(new: PublicKey, *, by: PublicKey | None = None, **changes: Any) -> dict[str, Any]:
    """A credential introduced by the performer's key `by`, or by the registry where there is none."""
    body: dict[str, Any] = {
        "schema": statement_schema("credential"),
        "id": an_id("stm", "c"),
        "livemode": True,
        "public_key": new.to_jwk() if new.alg == "EdDSA" else b64u(new.to_cose()),
        "kind": "ed25519" if new.alg == "EdDSA" else "passkey",
        "introduced_by": "registry" if by is None else "performer",
        "nonce": NONCE,
    }
    if by is None:
        body |= {
            "examiner": "Example Ident AG",
            "evidence_sha256": "ef" * 32,
            "recorded_at": "2026-11-20T09:00:00Z",
        }
    else:
        body |= {"by_credential": by.thumbprint, "label": "my phone"}
    return body | changes


BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "grant": grant_body,
    "limits": limits_body,
    "credential": lambda: credential_body(SECOND.public, by=PERFORMER.public),
    **{kind: (lambda kind=kind: about_grant_body(kind)) for kind in EFFECTS},  # type: ignore[misc]
}


def signed(
    body: dict[str, Any], *, by: PrivateKey = PERFORMER, also: tuple[PrivateKey, ...] = ()
) -> Envelope:
    """An envelope signed with Ed25519, and by representatives `also`."""
    entries = [sign_statement_ed25519(body, key=by)]
    entries += [sign_statement_ed25519(body, key=each, role="representative") for each in also]
    return read_envelope({"body": body, "signatures": entries})  # type: ignore[dict-item]


def signed_by_passkey(
    body: dict[str, Any], device: SoftwareAuthenticator, *, text: bytes = TEXT, **bent: Any
) -> dict[str, Any]:
    """The JSON of an envelope signed with a passkey."""
    import hashlib

    nonce = bytes(range(32))
    parts = device.sign(signing_challenge(nonce=nonce, body=body, text=text), **bent)
    entry = {
        "role": "performer",
        "method": "webauthn",
        "credential": device.public_key.thumbprint,
        "public_key": b64u(device.public_key.to_cose()),
        "nonce": b64u(nonce),
        "text_sha256": hashlib.sha256(text).hexdigest(),
        **{name: b64u(part) for name, part in parts.items()},
    }
    return {"body": body, "signatures": [entry]}


def signer(role: Role, *, livemode: bool = True, seed: int | None = None) -> LocalSigner:
    """A published signer of one role and side."""
    number = {"registry": 100, "receipt": 101, "status": 102, "log": 103}.get(role, 110) + 50 * (not livemode)
    return LocalSigner(private=key(seed or number), role=role, not_before=START, not_after=END)


def trust() -> Trust:
    """A trust file with every role on both sides, and one relying party."""
    roles: tuple[PublishedRole, ...] = ("registry", "receipt", "status", "log")
    return Trust(
        issuers=ISSUERS,
        keys=tuple(
            TrustedKey(
                key=signer(role, livemode=side).public,
                role=role,
                livemode=side,
                not_before=START,
                not_after=END,
            )
            for side in (True, False)
            for role in roles
        ),
        relying_parties=(TrustedOrigins(rp=RP, not_before=START, not_after=END),),
    )


def receipt_signer(*, livemode: bool = True, begins: datetime = NOW - timedelta(hours=1)) -> ReceiptSigner:
    """A process key certified for two hours."""
    process, ends = key(200 + (not livemode)), begins + timedelta(hours=2)
    certificate = certify_process_key(
        signer("receipt", livemode=livemode),
        process_public=process.public,
        issuer=ISSUERS[livemode],
        livemode=livemode,
        node=NODE,
        not_before=begins,
        not_after=ends,
    )
    return ReceiptSigner(
        private=process,
        certificate=certificate,
        issuer=ISSUERS[livemode],
        livemode=livemode,
        node=NODE,
        not_before=begins,
        not_after=ends,
    )


def item(**changes: Any) -> ReceiptItem:
    """An allow."""
    allowed = ReceiptItem(
        decision_id="dec_" + "d" * 26,
        req_sha256="01" * 32,
        decision="allow",
        reasons=(),
        obligations=("label.audible",),
        grants=(an_id("grt"),),
        record_sha256="02" * 32,
    )
    return replace(allowed, **changes)


def receipt(*, livemode: bool = True, **changes: Any) -> Receipt:
    """A receipt of one allow, good for five minutes from `NOW`."""
    value = Receipt(
        receipt_id=an_id("rcp"),
        issuer=ISSUERS[livemode],
        audience=an_id("org"),
        licensee=an_id("org"),
        livemode=livemode,
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=300),
        nonce="n-1",
        position="ct_abc",
        seq=41,
        as_of=NOW + timedelta(milliseconds=123),
        node=NODE,
        batch=False,
        items=(item(),),
    )
    return replace(value, **changes)


def introduction(body: dict[str, Any], *, livemode: bool = True, by: LocalSigner | None = None) -> str:
    """The registry's JWS over a credential body."""
    return (by or signer("registry", livemode=livemode)).sign_jws(typ=INTRODUCTION, payload=body)


def first_link(new: PublicKey = PERFORMER.public, *, livemode: bool = True, **changes: Any) -> dict[str, Any]:
    """The chain entry of a key that the registry introduced."""
    body = credential_body(new, livemode=livemode, **changes)
    return registry_link(
        introduction(body, livemode=livemode),
        examiner=body["examiner"],
        evidence_sha256=body["evidence_sha256"],
    )


def next_link(new: PublicKey, former: PrivateKey, *, livemode: bool = True) -> dict[str, Any]:
    """The chain entry of a key that the former one introduced."""
    return performer_link(signed(credential_body(new, by=former.public, livemode=livemode), by=former))


def package(
    *, envelope: Envelope | None = None, chain: list[Any] | None = None, livemode: bool = True, **changes: Any
) -> bytes:
    """A grant package by the first key; `changes` are of the countersignature."""
    envelope = envelope or signed(grant_body(livemode=livemode))
    said = Countersignature(
        grant=str(envelope.body["id"]),
        grant_sha256=envelope.body_sha256,
        seq=40,
        recorded_at=NOW - timedelta(hours=1),
        status_uri="https://registry.example/status/1",
        status_idx=77,
        livemode=livemode,
    )
    return format_package(
        Package(
            envelope=envelope,
            key_chain=tuple(chain if chain is not None else [first_link(livemode=livemode)]),
            registry=sign_countersignature(
                replace(said, **changes), signer=signer("registry", livemode=livemode)
            ),
            proof=None,
        )
    )


def altered(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A JSON document with one thing changed."""
    import json

    document = json.loads(data)
    change(document)
    return canonicalize(document)
