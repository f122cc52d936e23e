"""The performer's account at one registry, reached with proofs made by the performer's own key.

A proof is a JWS over method, address and instant, good for a minute and once; no password and no session
exists that could be stolen.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, get_args

import msgspec

from consent.client.address import registry_address
from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.evidence_bundles import KeptEvidence, fetch_evidence
from consent.client.exchange import Exchange
from consent.client.transport import Transport
from consent.core.ids import is_id
from consent.core.wire.asked import AskedAboutMe
from consent.core.wire.erasures import ErasureAhead, ErasureBegun
from consent.core.wire.grants import CurrentLimits, GrantForPerformer
from consent.core.wire.offers import DryRun, OfferForPerformer, PreparedGrant
from consent.core.wire.performers import Me
from consent.core.wire.statements import Accepted
from signing import jws
from signing.canonical import JSON
from signing.encoding import b64u
from signing.private_key import PrivateKey
from signing.purposes import PERFORMER_PROOF
from signing.trust import Trust

T = TypeVar("T")
Wait = Literal["enforced", "committed"]
PROOF_ID_BYTES = 16
PACKAGE_BYTES = 8 << 20
MAX_PAGES = 100  # of one list; 100 pages of 100 are more offers than a person reads
ERASE: Literal["erase everything about me, for good"] = "erase everything about me, for good"
STATEMENT_TIMEOUT_S = 30.0  # an ending answers only when it is enforced everywhere


def _now() -> datetime:
    return datetime.now(UTC)


class PerformerAccount:
    """What a performer may read and do, each call proven by `key`."""

    def __init__(
        self,
        url: str,
        key: PrivateKey,
        *,
        transport: Transport | None = None,
        now: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._key = key
        self._now = now
        self._random = random
        self._exchange = Exchange(
            address=registry_address(url),
            authorize=self._proof,
            transport=transport,
            monotonic=monotonic,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"PerformerAccount({self._exchange.address!r}, {self._key!r})"

    def enrol(self, *, livemode: bool, stage_names: list[str], identity: Mapping[str, str], label: str) -> Me:
        """Open an account with this key as its first. It can sign once an examiner has checked the identity."""
        body = {
            "livemode": livemode,
            "public_key": self._key.public.to_jwk(),
            "stage_names": stage_names,
            "identity": dict(identity),
            "label": label,
        }
        return _read(self._exchange.post("/v1/enrolments", body).json, Me)

    def me(self) -> Me:
        """The account: keys, stage names, identity check."""
        return _read(self._exchange.get("/v1/me").json, Me)

    def accept(self, code: str) -> OfferForPerformer:
        """Take up an invitation; its offer is then one of this performer's."""
        return _read(self._exchange.post("/v1/me/invitations", {"code": code}).json, OfferForPerformer)

    def offers(self) -> Iterator[OfferForPerformer]:
        """Every offer to this performer, newest first."""
        return self._list("/v1/me/offers", OfferForPerformer)

    def offer(self, offer: str) -> OfferForPerformer:
        """One offer; reading it tells the sender that it was seen."""
        return _read(self._exchange.get(f"/v1/me/offers/{_path_id(offer, 'off')}").json, OfferForPerformer)

    def dry_run(self, offer: str) -> DryRun:
        """What the offer's terms would allow and refuse, in sample questions."""
        path = f"/v1/me/offers/{_path_id(offer, 'off')}/dry-run"
        return _read(self._exchange.post(path, {}, repeat=True).json, DryRun)

    def prepare(self, offer: str, *, language: str, performer_name: str | None) -> PreparedGrant:
        """The exact body and text for this offer in this language, to be signed with this key."""
        body: dict[str, object] = {"language": language, "credential": self._key.public.thumbprint}
        if performer_name is not None:
            body["performer_name"] = performer_name
        return _read(
            self._exchange.post(f"/v1/me/offers/{_path_id(offer, 'off')}/prepare", body).json, PreparedGrant
        )

    def decline(self, offer: str) -> OfferForPerformer:
        """Say no to an offer."""
        path = f"/v1/me/offers/{_path_id(offer, 'off')}/decline"
        return _read(self._exchange.post(path, {}, idempotency_key=self._token()).json, OfferForPerformer)

    def request_changes(self, offer: str, note: str) -> OfferForPerformer:
        """Ask for another offer, in the performer's own words."""
        path = f"/v1/me/offers/{_path_id(offer, 'off')}/request-changes"
        answer = self._exchange.post(path, {"note": note}, idempotency_key=self._token())
        return _read(answer.json, OfferForPerformer)

    def grants(self) -> Iterator[GrantForPerformer]:
        """Every grant of this performer, newest first."""
        return self._list("/v1/me/grants", GrantForPerformer)

    def grant(self, grant: str) -> GrantForPerformer:
        """One grant."""
        return _read(self._exchange.get(f"/v1/me/grants/{_path_id(grant, 'grt')}").json, GrantForPerformer)

    def package(self, grant: str) -> bytes:
        """The grant package, as it is stored and verified."""
        return self._exchange.get(
            f"/v1/me/grants/{_path_id(grant, 'grt')}/package", max_bytes=PACKAGE_BYTES
        ).raw

    def evidence(
        self, grant: str, *, trust: Trust | None, at: datetime | None = None, allow_test: bool = False
    ) -> KeptEvidence:
        """What this grant allowed at an instant (now, without `at`), as a file that proves itself; verified already.

        Raises:
            ConfigurationError: there is no trust file to verify with.
        """
        return fetch_evidence(
            "/v1/me/evidence",
            {"grant": _path_id(grant, "grt")},
            at=at,
            questions=(),
            exchange=self._exchange,
            trust=trust,
            allow_test=allow_test,
            now=self._now(),
        )

    def asked(self) -> AskedAboutMe:
        """Who asked about this performer in the last 90 days, newest day first."""
        return _read(self._exchange.get("/v1/me/asked").json, AskedAboutMe)

    def limits(self) -> CurrentLimits:
        """The performer's standing prohibitions."""
        return _read(self._exchange.get("/v1/me/limits").json, CurrentLimits)

    def submit(self, envelope: Mapping[str, object], *, wait: Wait = "enforced") -> Accepted:
        """Hand in a signed statement. A repeat after a lost answer acts once.

        With `wait="enforced"` the answer to an ending comes when every check denies. With `"committed"` it comes as
        soon as the ending is recorded: it will be enforced, but *is not yet*, so checks may still allow for about a
        second, and `enforced_at` and `acknowledgement` are None. The same envelope handed in again waits, and has both.
        """
        if wait not in get_args(Wait):
            raise ConfigurationError(f"wait: expected enforced or committed, got {str(wait)[:40]!a}")
        path = "/v1/statements" + ("" if wait == "enforced" else "?wait=committed")
        answer = self._exchange.post(
            path, envelope, idempotency_key=self._token(), timeout_s=STATEMENT_TIMEOUT_S
        )
        return _read(answer.json, Accepted)

    def erasure(self) -> ErasureAhead:
        """What erasing this performer would do, and what stands against it; nothing is done."""
        return _read(self._exchange.get("/v1/me/erasure").json, ErasureAhead)

    def erase(self) -> ErasureBegun:
        """Have everything about this performer erased, for good.

        It is sent once: from the first step on the registry knows no key of the performer, and refuses a repeat.

        Raises:
            BadRequest: `on_legal_hold`: it has to be kept for now. Unauthorized: this key may not, or not yet.
            Unavailable: no answer; whether it was begun is not known. If `me()` is refused, it was, and goes on.
        """
        answer = self._exchange.post("/v1/me/erasure", {"confirm": ERASE}, timeout_s=STATEMENT_TIMEOUT_S)
        return _read(answer.json, ErasureBegun)

    def _list(self, path: str, kind: type[T]) -> Iterator[T]:
        cursor = ""
        for _ in range(MAX_PAGES):
            json = self._exchange.get(f"{path}?limit=100{cursor}").json
            data, following = json.get("data"), json.get("next_cursor")
            if not isinstance(data, list) or not (following is None or _is_cursor(following)):
                raise UnreliableAnswer("expected a list with data and next_cursor, got something else")
            yield from (_read(item, kind) for item in data)
            if following is None:
                return
            cursor = f"&cursor={following}"
        raise UnreliableAnswer(f"expected at most {MAX_PAGES} pages, got more")

    def _proof(self, method: str, url: str) -> str:
        payload: dict[str, JSON] = {
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": int(self._now().timestamp()),
            "jti": self._token(),
        }
        return f"Performer {jws.sign(payload, typ=PERFORMER_PROOF, key=self._key)}"

    def _token(self) -> str:
        return b64u(self._random(PROOF_ID_BYTES))


def _path_id(value: str, prefix: str) -> str:
    """An id that may stand in an address. Raises ConfigurationError for anything else."""
    if not is_id(value, prefix):
        raise ConfigurationError(f"expected an id such as {prefix}_…, got {value[:60]!a}")
    return value


def _is_cursor(value: object) -> bool:
    """A cursor that may stand in an address as it is."""
    return isinstance(value, str) and value.isascii() and value.replace("-", "").replace("_", "").isalnum()


def _read(json: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(json, kind, strict=True)
    except msgspec.ValidationError as exc:
        raise UnreliableAnswer(f"the registry's answer is malformed: {exc}") from exc
