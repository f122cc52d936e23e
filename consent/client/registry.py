"""The SDK's front door: ask the registry, and get an answer or an error, never a guess."""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from consent.client.address import registry_address
from consent.client.answers import Expected, check_nonce, read_batch, read_check, typed_question
from consent.client.api_key import ApiKey
from consent.client.asking import build_asking
from consent.client.batches import batches, distinct
from consent.client.decision import Decision, Undecided, decision_of_check, decisions_of_batch
from consent.client.errors import BadRequest, Denied
from consent.client.evidence_bundles import KeptEvidence, fetch_evidence
from consent.client.exchange import TIMEOUT_S, Exchange
from consent.client.question import Question
from consent.client.receipt_proofs import KeptProof, fetch_receipt_proof
from consent.client.receipts import ReceiptDesk
from consent.client.settings import client_settings
from consent.client.transport import HttpTransport, Transport
from consent.client.trust_file import load_trust
from consent.core.wire.check import CheckRequest
from signing.encoding import b64u
from signing.trust import Trust

if TYPE_CHECKING:
    from consent.client.local.decision import LocalDecision
    from consent.client.local.registry import LocalRegistry

BATCH_TIMEOUT_S = 60.0
BATCH_BYTES = 64 << 20  # 10,000 answers of a few kilobytes each
NONCE_BYTES = 16


def _now() -> datetime:
    return datetime.now(UTC)


class Registry:
    """One registry, asked with one key. Safe to share between threads; holds no answer between questions."""

    def __init__(
        self,
        url: str,
        api_key: str | ApiKey,
        *,
        trust: Trust | None = None,
        transport: Transport | None = None,
        timeout_s: float = TIMEOUT_S,
        now: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """With `trust`, every signed receipt that comes with an answer is verified before the answer counts.

        Raises:
            ConfigurationError: an address that is not https (or http to this machine), or no API key.
        """
        self._key = api_key if isinstance(api_key, ApiKey) else ApiKey(api_key)
        self._exchange = Exchange(
            address=registry_address(url),
            authorize=lambda _method, _url: self._key.authorization(),
            transport=transport,
            timeout_s=timeout_s,
            monotonic=monotonic,
            sleep=sleep,
        )
        self._now = now
        self._sleep = sleep
        self._trust = trust
        self._random = random
        self._receipts = ReceiptDesk(
            exchange=self._exchange, trust=trust, livemode=self._key.livemode, now=now, sleep=sleep
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Registry":
        """CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE), and CONSENT_TRUST where it is set.

        Raises:
            ConfigurationError: one is missing, malformed or unsafe; the message says how to mend it.
        """
        settings = client_settings(os.environ if environ is None else environ)
        trust = load_trust(settings.trust_path) if settings.trust_path else None
        return cls(settings.address, settings.api_key, trust=trust)

    @classmethod
    def local(
        cls,
        url: str,
        api_key: str | ApiKey,
        *,
        trust: Trust | None,
        file: str | Path | None = None,
        max_staleness: float | None = None,
        verify: Literal["registry", "performer"] = "registry",
        online_fallback: bool = False,
        organization: str | None = None,
        transport: Callable[[], Transport] = HttpTransport,
    ) -> "LocalRegistry":
        """The same questions, decided on this machine in microseconds on a verified copy that follows the registry.

        `max_staleness` in seconds after the last fresh answer it goes on, then it refuses: 60 for outputs and 900 for
        training unless it is less. `file` keeps the copy over a restart. `verify="performer"` also verifies each
        performer's own signature before a grant may allow. `online_fallback` asks the registry where only it can
        decide (counted grants, personas, models). `organization` is whose key it is, where one wants to say so.

        Raises:
            ConfigurationError: no trust file, no clock that counts suspension, an address that is not https, or an
                unusable argument.
        """
        # What only local mode needs is loaded with it, and does not exist everywhere (file locks).
        from consent.client.local.make import make_local  # noqa: PLC0415

        key = api_key if isinstance(api_key, ApiKey) else ApiKey(api_key)
        address = registry_address(url)
        return make_local(
            address=address,
            key=key,
            trust=trust,
            online=lambda shared: cls(address, key, trust=trust, transport=shared),
            file=None if file is None else Path(file),
            max_staleness=max_staleness,
            verify=verify,
            online_fallback=online_fallback,
            organization=organization,
            transport=transport,
        )

    @classmethod
    def local_from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        file: str | Path | None = None,
        max_staleness: float | None = None,
        verify: Literal["registry", "performer"] = "registry",
        online_fallback: bool = False,
    ) -> "LocalRegistry":
        """`local` with CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE) and CONSENT_TRUST, which it needs.

        Raises:
            ConfigurationError: one is missing, malformed or unsafe; the message says how to mend it.
        """
        settings = client_settings(os.environ if environ is None else environ)
        return cls.local(
            settings.address,
            settings.api_key,
            trust=load_trust(settings.trust_path) if settings.trust_path else None,
            file=file,
            max_staleness=max_staleness,
            verify=verify,
            online_fallback=online_fallback,
        )

    @property
    def address(self) -> str:
        """The registry's base URL."""
        return self._exchange.address

    @property
    def livemode(self) -> bool:
        """Whether the key is of the live side."""
        return self._key.livemode

    @property
    def verifies_receipts(self) -> bool:
        """Whether there is a trust file, so that receipts are verified as they come."""
        return self._receipts.verifies

    def __repr__(self) -> str:
        return f"Registry({self.address!r}, {self._key!r})"

    def check(
        self,
        *,
        receipt: Literal["deferred", "inline"] = "deferred",
        at_least: str | None = None,
        explain: bool = False,
        **question: Unpack[Question],
    ) -> Decision:
        """Ask one question. A deny is returned, not raised; `at_least` is a position the answer must include.

        Raises:
            Unavailable: no answer to rely on could be had. Treat it as a no.
            BadRequest: the question is malformed, or the key may not ask it.
        """
        asking = build_asking(question)
        request = typed_question(asking)
        nonce = b64u(self._random(NONCE_BYTES))
        body = {**asking, "nonce": nonce, "receipt": receipt}
        if at_least is not None:
            body["at_least"] = at_least
        if explain:
            body["explain"] = True
        sent_at = self._now()
        # Twice is as once: the nonce makes counted outputs count once (DESIGN §8 "Counted limits").
        answer = self._exchange.post("/v1/check", body, repeat=True)
        expected = Expected(livemode=self.livemode, sent_at=sent_at, received_at=self._now())
        check_nonce(answer.json, nonce)
        read = read_check(answer.json, request=request, expected=expected)
        fetch = self._receipts.of_check(read, nonce=nonce, inline=receipt == "inline")
        return decision_of_check(read, fetch_receipt=fetch)

    def require(
        self,
        *,
        receipt: Literal["deferred", "inline"] = "deferred",
        at_least: str | None = None,
        **question: Unpack[Question],
    ) -> Decision:
        """As `check`, but a deny raises `Denied`: what returns may be acted upon until `valid_until`."""
        decision = self.check(receipt=receipt, at_least=at_least, **question)
        if not decision:
            raise Denied(decision)
        return decision

    def check_many(
        self,
        questions: Iterable[Mapping[str, object]],
        *,
        on_error: Literal["stop", "skip"] = "stop",
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> list[Decision | Undecided]:
        """Ask many, each distinct question once, up to 10,000 in a request; answers in the order given.

        Equal questions whose outputs count (`infer.* edit.* publish.*`) are asked as one with the sum of their
        quantities. A question that the registry refuses raises; only `on_error="skip"` leaves an `Undecided`
        (false) in its place. `progress(done, all)` is called with numbers of distinct questions.

        Raises:
            Unavailable: some answer could not be had; no answer of the others is returned.
            BadRequest: a question is malformed, or the key may not ask.
        """
        merged = distinct(build_asking(question) for question in questions)
        answers: list[Decision | Undecided] = []
        for run in batches(merged.askings):
            answers += self._ask_batch(run, on_error=on_error)
            progress(len(answers), len(merged.askings))
        return [answers[place] for place in merged.places]

    def receipt_proof(self, receipt: str | bytes, *, wait_s: float = 0.0) -> KeptProof:
        """What proves a receipt of this key's organization from the public log alone; it encloses the receipt.

        About fifteen seconds after the answer it can be had; `wait_s` is how long to wait for it, in seconds.

        Raises:
            ConfigurationError: there is no trust file to verify with, or this is no receipt that verifies.
            Unavailable: no published checkpoint covers it yet, or the registry cannot be asked.
            BadRequest: the key may not ask.
        """
        return fetch_receipt_proof(
            receipt,
            exchange=self._exchange,
            trust=self._trust,
            livemode=self.livemode,
            now=self._now,
            sleep=self._sleep,
            wait_s=wait_s,
        )

    def evidence(
        self,
        questions: Iterable[Mapping[str, object]] = (),
        *,
        performer: str | None = None,
        external_id: str | None = None,
        grant: str | None = None,
        at: datetime | None = None,
        decisions: Iterable[str] = (),
    ) -> KeptEvidence:
        """What was consented to at an instant (now, without `at`), as a file that proves itself; verified already.

        About one performer, or one grant: then `questions` may be left out, and each use is asked about as the grant
        names it. Questions are as in `check`, without whom they are about. Of `decisions` the receipts are enclosed.

        Raises:
            ConfigurationError: there is no trust file to verify with.
            Unavailable: the registry cannot be asked. BadRequest: it refuses the question.
        """
        named = {"performer": performer, "external_id": external_id, "grant": grant}
        about: dict[str, object] = {name: value for name, value in named.items() if value is not None}
        if given := list(decisions):
            about["decisions"] = given
        return fetch_evidence(
            "/v1/evidence",
            about,
            at=at,
            questions=questions,
            exchange=self._exchange,
            trust=self._trust,
            allow_test=not self.livemode,
            now=self._now(),
        )

    def lapsed(  # a local registry has to look
        self,
        questions: Sequence[Mapping[str, object]],
        answers: "Sequence[Decision | LocalDecision | Undecided]",
        *,
        at: datetime,
    ) -> int:
        """How many of these answers to `questions` do not hold any longer at an instant."""
        return sum(isinstance(answer, Decision) and not answer.holds(at) for answer in answers)

    def _ask_batch(
        self, askings: Sequence[dict[str, object]], *, on_error: Literal["stop", "skip"]
    ) -> list[Decision | Undecided]:
        answers: list[Decision | Undecided | None] = []
        requests: list[CheckRequest] = []
        checks: list[dict[str, object]] = []
        for asking in askings:
            try:
                requests.append(typed_question(asking))
            except BadRequest as exc:
                if on_error == "stop":
                    raise
                answers.append(Undecided(problem=exc))
                continue
            checks.append({"id": str(len(checks)), **asking})
            answers.append(None)
        sent = iter(self._send_batch(checks, requests) if checks else [])
        whole = [next(sent) if answer is None else answer for answer in answers]
        for answer in whole:
            if on_error == "stop" and isinstance(answer, Undecided):
                raise answer.problem
        return whole

    def _send_batch(
        self, checks: list[dict[str, object]], requests: list[CheckRequest]
    ) -> list[Decision | Undecided]:
        nonce = b64u(self._random(NONCE_BYTES))
        sent_at = self._now()
        answer = self._exchange.post(
            "/v1/check/batch",
            {"checks": checks, "receipt": "inline", "nonce": nonce},
            repeat=True,
            max_bytes=BATCH_BYTES,
            timeout_s=BATCH_TIMEOUT_S,
        )
        expected = Expected(livemode=self.livemode, sent_at=sent_at, received_at=self._now())
        check_nonce(answer.json, nonce)
        read = read_batch(answer.json, requests=requests, expected=expected)
        return decisions_of_batch(read, fetch_receipt=self._receipts.of_batch(read, nonce=nonce))
