"""A test double of the registry's change feed: pages made to order and truly signed, faults included.

It is a `Transport`: no socket is opened. `world` holds what the registry knows; `change` writes an event; `steps` bends
or replaces the next answers. The real feed is followed in test_local_with_the_real_feed.py.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from consent.client.api_key import ApiKey
from consent.client.exchange import Exchange
from consent.client.local.file import LocalFile
from consent.client.local.follower import Follower
from consent.client.local.freshness import MaxStaleness
from consent.client.local.keeper import Keeper
from consent.client.local.memory import Memory
from consent.client.local.packages import Packages, told_to
from consent.client.local.registry import LocalRegistry
from consent.client.local.source import RegistrySource
from consent.client.registry import Registry
from consent.client.transport import HttpRequest, HttpResponse, TransportError
from consent.core.instants import format_instant
from signing.canonical import canonicalize
from signing.changes import sign_changes
from signing.private_key import PrivateKey
from signing.process_key import certify_process_key
from signing.receipt import ReceiptSigner
from signing.signer import LocalSigner
from signing.trust import Trust, TrustedKey
from tests.client.recorded_registry import CALLER, ISSUERS, NOW, TEST_KEY, URL, json_response, problem, stamp

L_NODE_MS = 300
HOST = "org_test_host"
TERMS: dict[str, Any] = {
    "v": 1,
    "schema": "consent-registry/grant/v1",
    "lines": [
        {
            "id": "l1",
            "uses": ["train.voice"],
            "modalities": ["voice"],
            "purposes": ["*"],
            "content_max": "general",
            "constraints": [
                {"kind": "territory", "v": 1, "allow": ["DE", "FR"]},
                {"kind": "language", "v": 1, "ranges": ["*"]},
                {"kind": "base_model", "v": 1, "ids": ["*"]},
                {"kind": "commercial", "v": 1, "allowed": True},
            ],
        },
        {
            "id": "l2",
            "uses": ["infer.voice"],
            "modalities": ["voice"],
            "purposes": ["*"],
            "content_max": "general",
            "constraints": [
                {"kind": "territory", "v": 1, "allow": ["WORLD"]},
                {"kind": "language", "v": 1, "ranges": ["*"]},
                {"kind": "commercial", "v": 1, "allowed": True},
                {"kind": "end_users", "v": 1, "scope": "public", "age_assured": False},
            ],
        },
    ],
    "valid_from": "2027-01-01T00:00:00Z",
    "valid_until": "2028-01-01T00:00:00Z",
    "posthumous": None,
}
QUESTION: dict[str, Any] = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}
OUTPUT: dict[str, Any] = {"use": "infer.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}

Bend = Callable[[dict[str, Any]], object]
Step = HttpResponse | TransportError | Bend | None


def grant(name: str = "grt_test_one", *, state: str = "active", **changes: Any) -> dict[str, Any]:
    """A grant as the feed tells it; `changes` are members of its terms."""
    return {
        "grant": name,
        "grant_sha256": "ab" * 32,
        "state": state,
        "signed_at": "2027-01-01T00:00:00Z",
        "terms": {**TERMS, **changes},
        "counted": False,
    }


def subject(performer: str, *grants: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A performer as the feed tells it."""
    return {
        "performer": performer,
        "licensee": CALLER,
        "caller_reference": performer,
        "external_ids": [],
        "known": True,
        "deceased_at": None,
        "prior_record": False,
        "ever_signed": bool(grants),
        "limits": None,
        "grants": list(grants),
        "ended": [],
        **changes,
    }


@dataclass
class BootClock:
    """A boot clock that moves when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class RecordedFeed:
    """One organization's feed. `boot` moves the primary's clock too, unless it is moved apart."""

    boot: BootClock = field(default_factory=BootClock)
    livemode: bool = False
    history: str = "h1"
    page_size: int = 1000
    primary_ahead_s: float = 0.0
    subjects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    oldest: int = 0  # cursors before it are answered with a snapshot
    context: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    expires_at: str | None = None
    organization: str = CALLER
    steps: list[Step] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    snapshots: int = 0
    online: Callable[[HttpRequest], HttpResponse] | None = None

    def __post_init__(self) -> None:
        self._receipt_key = PrivateKey.generate()
        self._process = PrivateKey.generate()
        self.trust = Trust(
            issuers=ISSUERS,
            keys=(
                TrustedKey(
                    key=self._receipt_key.public,
                    role="receipt",
                    livemode=self.livemode,
                    not_before=NOW - timedelta(days=30),
                    not_after=NOW + timedelta(days=30),
                ),
            ),
        )

    @property
    def at(self) -> datetime:
        """The primary's clock."""
        return NOW + timedelta(seconds=self.boot.now - 1000.0 + self.primary_ahead_s)

    def change(self, told: dict[str, Any], event: str = "changed") -> None:
        """One event that touched a subject, whose facts are these from now on."""
        name = (told["licensee"], told["performer"])
        self.subjects[name] = told
        self.events.append(
            {
                "n": len(self.events) + 1,
                "event": event,
                "at": format_instant(self.at),
                "performer": told["performer"],
                "licensee": told["licensee"],
                "grant": None,
            }
        )

    def send(self, request: HttpRequest) -> HttpResponse:
        """Follow the next step, or answer as a registry would."""
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.path != "/v1/changes":
            assert self.online is not None
            return self.online(request)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, TransportError):
            raise step
        if isinstance(step, HttpResponse):
            return step
        payload = self.payload(asked)
        if payload is None:
            return problem(409, "position_conflict")
        if step is not None:
            step(payload)
        return json_response({"changes": self.sign(payload)})

    def payload(self, asked: dict[str, str]) -> dict[str, Any] | None:
        """What a registry says to this request; None for a 409."""
        if "page" in asked:
            return self._snapshot(asked, start=int(asked["page"].split("-")[1]))
        if "after" not in asked:
            return self._snapshot(asked, start=0)
        _, history, count = asked["after"].split("_")
        after = int(count)
        if history != self.history or after > len(self.events):
            return None
        if after < self.oldest:
            return self._snapshot(asked, start=0)
        told = self.events[after : after + self.page_size]
        reached = after + len(told)
        names = list(dict.fromkeys((event["licensee"], event["performer"]) for event in told))
        return {
            **self._common(asked),
            "snapshot": False,
            "first": False,
            "from_n": after,
            "to_n": reached,
            "events": told,
            "subjects": [self.subjects[name] for name in names],
            "fresh": reached == len(self.events),
            "more": reached < len(self.events),
            "page": None,
            "through": self._token(reached),
        }

    def _snapshot(self, asked: dict[str, str], *, start: int) -> dict[str, Any]:
        if start == 0:
            self.snapshots += 1
            self._began = len(self.events)
        names = sorted(self.subjects)
        end = start + self.page_size
        more = end < len(names)
        return {
            **self._common(asked),
            "snapshot": True,
            "first": start == 0,
            "from_n": self._began,
            "to_n": self._began,
            "events": [],
            "subjects": [self.subjects[name] for name in names[start:end]],
            "fresh": False,
            "more": more,
            "page": f"p-{end}" if more else None,
            "through": None if more else self._token(self._began),
        }

    def _token(self, count: int) -> str:
        return f"ct_{self.history}_{count}"

    def _common(self, asked: dict[str, str]) -> dict[str, Any]:
        return {
            "iss": ISSUERS[self.livemode],
            "aud": self.organization,
            "livemode": self.livemode,
            "node": "n1",
            "iat": int(self.at.timestamp()),
            "nonce": asked["nonce"],
            "history": self.history,
            "as_of": stamp(self.at),
            "position": self._token(len(self.events)),
            "l_node_ms": L_NODE_MS,
            "caller": {
                "key": "key_test_one",
                "scopes": ["check"],
                "context": self.context,
                "capabilities": self.capabilities,
                "expires_at": self.expires_at,
            },
        }

    def sign(self, payload: dict[str, Any]) -> str:
        """A page by a certified process key of its side, whatever it says."""
        window = {"not_before": self.at - timedelta(hours=1), "not_after": self.at + timedelta(hours=1)}
        receipt_key = LocalSigner(private=self._receipt_key, role="receipt", **window)
        certificate = certify_process_key(
            receipt_key,
            process_public=self._process.public,
            issuer=ISSUERS[self.livemode],
            livemode=self.livemode,
            node="n1",
            **window,
        )
        signer = ReceiptSigner(
            private=self._process,
            certificate=certificate,
            issuer=ISSUERS[self.livemode],
            livemode=self.livemode,
            node="n1",
            **window,
        )
        return sign_changes(canonicalize(payload), issued_at=self.at, signer=signer)

    def local(
        self,
        *,
        file: Path | None = None,
        key: str = TEST_KEY,
        max_staleness: float | None = None,
        trust: Trust | None = None,
        organization: str | None = None,
        online_fallback: bool = False,
        packages: Packages | None = None,
    ) -> "Stepped":
        """A local registry whose feed is followed step by step, by the test itself."""
        api_key, memory, trusted = ApiKey(key), Memory(), trust or self.trust

        def source() -> RegistrySource:
            exchange = Exchange(address=URL, authorize=lambda _m, _u: "Bearer x", transport=self)
            return RegistrySource(
                exchange, trust=trusted, livemode=api_key.livemode, organization=organization
            )

        follower = Follower(
            memory,
            source(),
            livemode=api_key.livemode,
            organization=organization,
            limits=MaxStaleness.of(max_staleness),
            clock=self.boot,
            random=os.urandom,
            accepts=None if packages is None else packages.accepts,
            told=lambda page: told_to(packages, page),
        )
        held = None if file is None else LocalFile(file, address=URL, key=api_key, packages=packages)
        keeper = StillKeeper(memory, follower, sources=source, file=held)
        online = Registry(URL, api_key, trust=trusted, transport=self, now=lambda: self.at)
        local = LocalRegistry(
            keeper,
            online=lambda: online,
            clock=self.boot,
            online_fallback=online_fallback,
            first_answer_s=0.0,
        )
        return Stepped(local=local, follower=follower, memory=memory)


class StillKeeper(Keeper):
    """Without its thread: the test makes the steps."""

    def start(self) -> None:
        """Load the file, and begin nothing."""
        if self._file is not None and self.memory.picture is None:
            self._file.load(self.memory, self._follower)
        self.memory.followed = not self._closed


@dataclass
class Stepped:
    """A local registry, and the hand that turns it."""

    local: LocalRegistry
    follower: Follower
    memory: Memory

    def follow(self, limit: int = 100) -> None:
        """Step until it is fresh."""
        if not self.memory.followed:
            self.local._keeper.start()
        for _ in range(limit):
            if not self.follower.step():
                return
        raise AssertionError("never fresh")

    def ask(self, performer: str = "prf_test_one", **changes: Any) -> Any:
        """The usual question."""
        return self.local.check(performer=performer, **(QUESTION | changes))


def bodies(requests: list[HttpRequest]) -> list[Any]:
    """What was sent to other routes than the feed."""
    return [json.loads(request.body) for request in requests if request.body]
