"""A test double of somebody else's service: a registry whose answers are made to order, faults included.

It is a `Transport`: no socket is opened. Its answers are well formed and signed like real ones; a test bends one
with `bend` to see the SDK refuse it. The real registry is asked in tests/integration.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from consent.client.registry import Registry
from consent.client.transport import HttpRequest, HttpResponse, TransportError
from consent.core.complete import StandingContext, complete
from consent.core.ids import new_id
from consent.core.wire.decode import decode_batch, decode_check
from consent.core.wire.errors import WireError
from signing.canonical import canonicalize, sha256_hex
from signing.private_key import PrivateKey
from signing.process_key import certify_process_key
from signing.receipt import ReceiptSigner, sign_receipt
from signing.receipt_claims import Receipt, ReceiptItem
from signing.signer import LocalSigner
from signing.trust import Trust, TrustedKey, format_trust

NOW = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
URL = "https://registry.example"
TEST_KEY = "crk_test_abcdefghijklmnop"
LIVE_KEY = "crk_live_abcdefghijklmnop"
CALLER = "org_test_caller"
GRANT = "grt_test_one"
POSITION = "ct_" + "a" * 40
ISSUERS = {True: "https://registry.example/live", False: "https://registry.example/test"}

Bend = Callable[[dict[str, Any]], object]
Step = HttpResponse | TransportError | Bend | None


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_response(value: object, *, status: int = 200, **headers: str) -> HttpResponse:
    kind = "application/json" if status < 400 else "application/problem+json"
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpResponse(
        status=status, headers={"content-type": kind} | names, body=json.dumps(value).encode()
    )


def problem(status: int, code: str, **headers: str) -> HttpResponse:
    value = {
        "type": f"{URL}/docs/problems/{code}",
        "title": "Something is wrong",
        "status": status,
        "code": code,
        "request_id": "req_test_one",
        "errors": [{"pointer": "/use", "rule": "token", "expected": "a use", "got": "x"}],
    }
    return json_response(value, status=status, **headers)


@dataclass
class RecordedRegistry:
    """Answers checks with `verdicts` by performer (allow where absent); `steps` come first, one per request."""

    livemode: bool = False
    now: datetime = NOW
    verdicts: dict[str, list[str]] = field(default_factory=dict)
    context: StandingContext = field(default_factory=StandingContext)
    steps: list[Step] = field(default_factory=list)
    pages: dict[str, HttpResponse] = field(default_factory=dict)
    requests: list[HttpRequest] = field(default_factory=list)
    slept_s: list[float] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    signs_as: bool | None = None

    def __post_init__(self) -> None:
        self._keys = {side: PrivateKey.generate() for side in (True, False)}
        self._process = PrivateKey.generate()
        self.trust = Trust(
            issuers=ISSUERS,
            keys=tuple(
                TrustedKey(
                    key=key.public,
                    role="receipt",
                    livemode=side,
                    not_before=NOW - timedelta(days=30),
                    not_after=NOW + timedelta(days=30),
                )
                for side, key in self._keys.items()
            ),
        )

    def registry(self, *, key: str = TEST_KEY, trust: bool | Trust = True, **options: Any) -> Registry:
        """The SDK, asking this double."""
        settings: dict[str, Any] = {
            "transport": self,
            "now": lambda: self.now,
            "sleep": self.slept_s.append,
            "trust": trust if isinstance(trust, Trust) else self.trust if trust else None,
        }
        return Registry(URL, key, **(settings | options))

    def send(self, request: HttpRequest) -> HttpResponse:
        """Follow the next step, or answer as a registry would."""
        self.requests.append(request)
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, TransportError):
            raise step
        if isinstance(step, HttpResponse):
            return step
        response = self._answer(request)
        if step is not None:
            value = json.loads(response.body)
            step(value)
            response = json_response(value, status=response.status)
        assert len(response.body) <= request.max_bytes
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        path = request.url.removeprefix(URL)
        if path in self.pages:
            return self.pages[path]
        if path == "/.well-known/consent-registry":
            return HttpResponse(
                status=200, headers={"content-type": "application/json"}, body=format_trust(self.trust)
            )
        if path.startswith("/v1/receipts/"):
            token = self.receipts.get(path.rpartition("/")[2])
            return json_response({"receipt": token}) if token else problem(404, "not_found")
        assert request.body is not None
        if path == "/v1/check":
            return self._check(request.body)
        assert path == "/v1/check/batch"
        return self._batch(request.body)

    def _decide(self, asked: dict[str, Any]) -> dict[str, Any]:
        performers = asked.get("performers") or [asked.get("performer", "")]
        reasons = next((self.verdicts[one] for one in performers if self.verdicts.get(one)), [])
        return {
            "decision": "deny" if reasons else "allow",
            "decision_id": new_id("dec"),
            "asked": asked,
            "grants": [] if reasons else [GRANT],
            "reasons": reasons,
            "missing": ["territory"] if "context_missing" in reasons else [],
            "next_step": "Say in which territory." if "context_missing" in reasons else None,
            "obligations": [] if reasons else ["label.audible"],
            "valid_until": stamp(self.now + timedelta(seconds=300)),
        }

    def _check(self, body: bytes) -> HttpResponse:
        request = decode_check(body)
        asked = complete(request, self.context, caller=CALLER).to_json()
        answer = self._decide(asked)
        token = self.sign([self._item(answer)], nonce=str(request.nonce), batch=False)
        self.receipts[answer["decision_id"]] = token
        return json_response(
            {
                **answer,
                "livemode": self.livemode,
                "position": POSITION,
                "as_of": stamp(self.now),
                "record_sha256": "0" * 64,
                "receipt": token if request.receipt == "inline" else None,
            }
        )

    def _batch(self, body: bytes) -> HttpResponse:
        batch = decode_batch(body)
        results: list[dict[str, Any]] = []
        items: list[ReceiptItem] = []
        for name, place in zip(batch.names, batch.places, strict=True):
            request = batch.requests[place]
            try:
                if isinstance(request, WireError):
                    raise request
                answer = self._decide(complete(request, self.context, caller=CALLER).to_json())
            except WireError as fault:
                results.append({"id": name, "problem": json.loads(problem(400, fault.code).body)})
                continue
            results.append({"id": name, **answer})
            items.append(self._item(answer, row=name))
        token = self.sign(items, nonce=str(batch.nonce), batch=True) if items else None
        return json_response(
            {
                "position": POSITION,
                "livemode": self.livemode,
                "as_of": stamp(self.now),
                "results": results,
                "receipt": token,
            }
        )

    @staticmethod
    def _item(answer: dict[str, Any], row: str | None = None) -> ReceiptItem:
        return ReceiptItem(
            decision_id=answer["decision_id"],
            req_sha256=sha256_hex(canonicalize(answer["asked"])),
            decision=answer["decision"],
            reasons=tuple(answer["reasons"]),
            obligations=tuple(answer["obligations"]),
            grants=tuple(answer["grants"]),
            record_sha256="0" * 64,
            row=row,
        )

    def sign(self, items: list[ReceiptItem], *, nonce: str, batch: bool) -> str:
        """A receipt of these decisions, by a certified process key."""
        livemode = self.livemode if self.signs_as is None else self.signs_as
        window = {"not_before": self.now - timedelta(hours=1), "not_after": self.now + timedelta(hours=1)}
        receipt_key = LocalSigner(private=self._keys[livemode], role="receipt", **window)
        certificate = certify_process_key(
            receipt_key,
            process_public=self._process.public,
            issuer=ISSUERS[livemode],
            livemode=livemode,
            node="n1",
            **window,
        )
        receipt = Receipt(
            receipt_id=new_id("rcp"),
            issuer=ISSUERS[livemode],
            audience=CALLER,
            licensee=CALLER,
            livemode=livemode,
            issued_at=self.now,
            expires_at=self.now + timedelta(seconds=300),
            nonce=nonce,
            position=POSITION,
            seq=7,
            as_of=self.now,
            node="n1",
            batch=batch,
            items=tuple(items),
        )
        signer = ReceiptSigner(
            private=self._process,
            certificate=certificate,
            issuer=ISSUERS[livemode],
            livemode=livemode,
            node="n1",
            **window,
        )
        return sign_receipt(receipt, signer=signer)
