"""A test double of somebody else's service: the performer's side of a registry, with one offer, made to order.

It is a `Transport`: no socket is opened. It verifies proofs and statements as a registry must, so that a client
that sends anything else is seen. A test bends an answer with `bends` to see the client refuse it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consent.client.performer.account import PerformerAccount
from consent.client.transport import HttpRequest, HttpResponse
from consent.core.consent_text import load_template, render_text
from consent.core.offer_expansion import in_language
from signing import jws
from signing.acknowledgement import Acknowledgement, sign_acknowledgement
from signing.canonical import canonicalize, sha256_hex
from signing.private_key import PrivateKey
from signing.public_key import PublicKey
from signing.purposes import PERFORMER_PROOF
from signing.signer import LocalSigner
from signing.statement import read_envelope, verify_statement
from signing.trust import Trust, TrustedKey
from tests.client.recorded_registry import ISSUERS, NOW, URL, json_response, problem
from tests.core.bodies import line_for, offer_terms

OFFER = "off_test_one"
GRANT = "grt_test_one"
ERASURE = "era_test_one"
SENDER = {
    "id": "org_test_one",
    "legal_name": "Northlight Audio GmbH",
    "country": "DE",
    "contact": "consent@northlight.example",
}
Bend = Callable[[dict[str, Any]], object]


def terms(**changes: Any) -> dict[str, Any]:
    """The offer's terms: one line for a voice, one for a chat persona that needs initials."""
    lines = [line_for("train.voice"), line_for("infer.chat-persona", id="l2")]
    for line in lines:
        line["description"] = {"en": line["description"]}
    return offer_terms(lines, template={"id": "voice-clone", "version": 1}, **changes)


@dataclass
class RecordedPerformerSide:
    """`bends` by path are applied to answers; `statements` holds what was handed in and verified."""

    key: PrivateKey = field(default_factory=PrivateKey.generate)
    now: datetime = NOW
    bends: dict[str, Bend] = field(default_factory=dict)
    pages: dict[str, HttpResponse] = field(default_factory=dict)
    requests: list[HttpRequest] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    proofs: set[str] = field(default_factory=set)
    terms: dict[str, Any] = field(default_factory=terms)
    erasure: dict[str, Any] = field(
        default_factory=lambda: {
            "id": ERASURE, "livemode": False, "state": "erased", "begun_at": "2027-03-01T12:00:00Z",
            "erased_at": "2027-03-01T12:00:00Z", "complete_from": "2027-03-08T12:00:00Z", "completed_at": None,
        }
    )  # fmt: skip

    def __post_init__(self) -> None:
        self._registry = LocalSigner(
            private=PrivateKey.generate(),
            role="registry",
            not_before=NOW - timedelta(days=1),
            not_after=NOW + timedelta(days=1),
        )
        self.trust = Trust(
            issuers=ISSUERS,
            keys=(
                TrustedKey(
                    key=self._registry.public,
                    role="registry",
                    livemode=False,
                    not_before=self._registry.not_before,
                    not_after=self._registry.not_after,
                ),
            ),
        )
        self.grant_sha256 = "0" * 64

    def account(self) -> PerformerAccount:
        """The client, talking to this double."""
        return PerformerAccount(URL, self.key, transport=self, now=lambda: self.now, sleep=lambda _s: None)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Answer as a registry would."""
        self.requests.append(request)
        path = request.url.removeprefix(URL).partition("?")[0]
        if path in self.pages:
            return self.pages[path]
        if path == f"/v1/erasures/{ERASURE}":
            assert "Authorization" not in request.headers  # whoever asks is known to nobody any more
            return json_response(self.erasure)
        self._check_proof(request)
        body = json.loads(request.body) if request.body else {}
        value = self._answer(f"{request.method} {path}", body)
        if value is None:
            return problem(404, "not_found")
        if request.url.endswith("?wait=committed"):
            value |= {"enforced_at": None, "acknowledgement": None}
        if path in self.bends:
            self.bends[path](value)
        return json_response(value, status=200 if request.method == "GET" else 201)

    def _check_proof(self, request: HttpRequest) -> None:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        assert scheme == "Performer"
        payload = jws.verify(token, expected_typ=PERFORMER_PROOF, key=self.key.public).payload
        assert payload["htm"] == request.method
        assert payload["htu"] == request.url.partition("?")[0]
        assert payload["iat"] == int(self.now.timestamp())
        assert payload["jti"] not in self.proofs
        self.proofs.add(str(payload["jti"]))

    def _answer(self, call: str, body: dict[str, Any]) -> dict[str, Any] | None:
        match call:
            case "POST /v1/enrolments" | "GET /v1/me":
                return self._me()
            case "POST /v1/me/invitations" | "GET /v1/me/offers/off_test_one":
                return self.offer()
            case "POST /v1/me/offers/off_test_one/decline":
                return self.offer() | {"state": "declined"}
            case "POST /v1/me/offers/off_test_one/request-changes":
                return self.offer() | {"state": "changes_requested"}
            case "POST /v1/me/offers/off_test_one/dry-run":
                sample = {"about": "as offered", "asked": {"use": "train.voice"}, "missing": []}
                could_not = {**sample, "allowed": False, "reasons": ["territory"]}
                return {"could": [{**sample, "allowed": True, "reasons": []}], "could_not": [could_not]}
            case "GET /v1/me/offers":
                return {"data": [self.offer()], "next_cursor": None}
            case "POST /v1/me/offers/off_test_one/prepare":
                return self.prepared(body)
            case "GET /v1/me/grants":
                return {"data": [self.grant()], "next_cursor": None}
            case "GET /v1/me/grants/grt_test_one":
                return self.grant()
            case "GET /v1/me/grants/grt_test_one/package":
                return {"body": {}, "signatures": []}
            case "GET /v1/me/asked":
                day = {"day": "2026-12-01", "organization": "org_test_one", "allowed": 12, "denied": 3}
                return {"livemode": False, "days": [{**day, "legal_name": "Northlight Audio GmbH"}]}
            case "GET /v1/me/limits":
                return {"livemode": False, "version": 0, "body_sha256": None, "body": None}
            case "GET /v1/me/erasure":
                return {
                    "livemode": False, "consents": 1, "complete_after_days": 7, "holds": [],
                    "key_may_from": "2027-01-01T00:00:00Z",
                }  # fmt: skip
            case "POST /v1/me/erasure":
                assert body == {"confirm": "erase everything about me, for good"}
                return {
                    "id": ERASURE, "livemode": False, "enforced_at": "2027-03-01T12:00:00.400Z",
                    "erased_at": "2027-03-01T12:00:00Z", "complete_from": "2027-03-08T12:00:00Z",
                    "page": f"{URL}/erased/{ERASURE}",
                }  # fmt: skip
            case "POST /v1/statements":
                return self._accept(body)
        return None

    def _me(self) -> dict[str, Any]:
        credential = {
            "id": "cre_test_one", "thumbprint": self.key.public.thumbprint, "kind": "ed25519",
            "state": "active", "label": "mine", "introduced_by": "registry", "usable_from": None,
        }  # fmt: skip
        return {
            "livemode": False,
            "stage_names": ["Mo Star"],
            "identity": {"state": "waiting", "method": None, "examiner": None, "checked_at": None},
            "credentials": [credential],
            "limits_version": 0,
        }

    def offer(self) -> dict[str, Any]:
        """The offer as the performer reads it."""
        return {
            "id": OFFER, "livemode": False, "state": "viewed", "licensee": SENDER,
            "performer": "prf_test_one", "performer_name": "Mo Star", "terms": self.terms,
            "languages": ["en"], "sent_at": "2027-02-01T00:00:00Z", "viewed_at": None,
        }  # fmt: skip

    def prepared(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A body and its text, as a registry prepares them."""
        stated = in_language(self.terms, language=asked["language"])
        body: dict[str, Any] = {
            **stated,
            "schema": "consent-registry/grant/v1",
            "id": GRANT,
            "livemode": False,
            "performer": "prf_test_one",
            "performer_name": asked.get("performer_name", "Mo Star"),
            "credential": asked["credential"],
            "licensee": SENDER,
            "offer": OFFER,
            "template": dict(stated["template"]),
            "attestations": [
                "free_of_coercion",
                "not_exclusive_elsewhere",
                "over_18",
                "own_identity",
                "understood",
            ],
            "nonce": "A" * 43,
        }
        source = load_template("voice-clone", 1, asked["language"])
        text = render_text(source, body=body)
        body["template"]["text_sha256"] = sha256_hex(text)
        return {
            "grant": GRANT,
            "body": body,
            "text": text.decode(),
            "text_sha256": sha256_hex(text),
            "expires_at": "2027-03-02T12:00:00Z",
        }

    def grant(self) -> dict[str, Any]:
        """The grant as the performer sees it."""
        return {
            "id": GRANT, "livemode": False, "state": "active", "state_since": "2027-03-01T12:00:00Z",
            "licensee": SENDER, "performer": "prf_test_one", "offer": OFFER, "uses": ["train.voice"],
            "adult": False, "signed_at": "2027-03-01T12:00:00Z", "confirmed_at": None,
            "activated_at": "2027-03-01T12:00:00Z", "ended_at": None,
            "valid_from": "2026-12-01T00:00:00Z", "valid_until": "2028-12-01T00:00:00Z",
            "grant_sha256": self.grant_sha256, "credential": self.key.public.thumbprint,
        }  # fmt: skip

    def _accept(self, envelope: dict[str, Any]) -> dict[str, Any]:
        verified = verify_statement(
            read_envelope(envelope),
            expected_performer_key=PublicKey.from_jwk(self.key.public.to_jwk()),
            expected_livemode=False,
            rp=None,
        )
        self.statements.append(envelope)
        kind, statement = verified.kind, str(verified.body["id"])
        answer: dict[str, Any] = {
            "id": statement, "livemode": False, "kind": kind, "committed": "ct_one",
            "state": {"grant": "active", "revocation": "ended", "suspension": "paused"}.get(kind, "active"),
        }  # fmt: skip
        if kind == "grant":
            self.grant_sha256 = sha256_hex(canonicalize(dict(verified.body)))
            return answer | {"grant": GRANT}
        if kind != "resumption":
            answer["enforced_at"] = "2027-03-01T12:00:00.400Z"
        if kind == "revocation":
            assert verified.body["grant_sha256"] == self.grant_sha256
            answer["acknowledgement"] = sign_acknowledgement(
                Acknowledgement(
                    issuer=ISSUERS[False],
                    livemode=False,
                    statement=statement,
                    grant=GRANT,
                    body_sha256=verified.body_sha256,
                    committed="ct_one",
                    enforced_at=NOW + timedelta(milliseconds=400),
                ),
                signer=self._registry,
            )
        return answer
