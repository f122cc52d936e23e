"""The API in a test: its URLs, and people who call it with keys of their own.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings

from consent.api.paging import Cursors
from consent.api.ports import ApiPorts
from consent.api.urls import api_urls
from consent.check.answering import Answering
from consent.check.changes.answering import ChangeFeed
from consent.check.changes.page_tokens import PageTokens
from consent.check.changes.primary import PrimaryFeed
from consent.check.ledger.receipt_proofs import ReceiptProofs
from consent.check.ledger.segment_ledger import SegmentLedger
from consent.check.primary import PrimaryChecks
from consent.check.process_keys import ProcessKeys
from consent.core.wire.keys import SCOPES
from consent.log.ports import LogPorts
from consent.registry.operations.api_keys import create_api_key
from consent.registry.operations.create_organization import open_side
from signing import jws
from signing.keys import PrivateKey
from signing.purposes import PERFORMER_PROOF
from signing.trust import Trust, TrustedKey, TrustedOrigins, format_trust
from tests.check.ledger.house import file_ledger
from tests.log.publishing.house import log_signer
from tests.registry.world import ALWAYS, Clock, Key, Person, World, registry_ports

ORIGIN = "https://registry.example"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.data)


@dataclass
class House:
    """The served API and the world behind it."""

    ports: ApiPorts
    world: World
    trust: Trust
    application: WSGIHandler
    ledger: SegmentLedger

    def send(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request through Django's own handler. Nothing is caught for the test: a 500 is a 500."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        content_type = sent.pop("content-type", "application/json" if json_body is not None or data else "")
        body = json.dumps(json_body).encode() if json_body is not None else data or b""
        request = RequestFactory().generic(method, path, body, content_type=content_type, headers=sent)
        response = self.application.get_response(request)
        return Answer(status=response.status_code, headers=dict(response.items()), data=response.content)


@dataclass
class Client:
    """An organization's pipeline with one API key."""

    house: House
    organization: str
    secret: str
    key: str
    livemode: bool

    def __call__(self, method: str, path: str, json_body: Any = None, **options: Any) -> Answer:
        """One call with the key."""
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        return self.house.send(method, path, json_body=json_body, headers=headers, **options)


@dataclass
class Performer:
    """A performer at their own command line."""

    house: House
    key: Key

    def __call__(self, method: str, path: str, json_body: Any = None, **options: Any) -> Answer:
        """One call with a fresh proof."""
        headers = {"Authorization": self.proof(method, path), **options.pop("headers", {})}
        return self.house.send(method, path, json_body=json_body, headers=headers, **options)

    def proof(self, method: str, path: str, **changes: Any) -> str:
        """The header; `changes` alter its payload."""
        assert self.key.software is not None
        payload = {
            "htm": method,
            "htu": ORIGIN + path.partition("?")[0],
            "iat": int(self.house.world.clock().timestamp()),
            "jti": secrets.token_urlsafe(16),
            **changes,
        }
        return f"Performer {jws.sign(payload, typ=PERFORMER_PROOF, key=self.key.software)}"


def build_house(log: LogPorts, clock: Clock | None = None) -> House:
    """The API over the log's ports, on a clock that stands still until it is moved."""
    clock = clock or Clock()
    registry = registry_ports(log, clock)
    keys = ProcessKeys(registry.signers)
    ledger = file_ledger(registry, keys)
    trust = _trust(registry)
    ports = ApiPorts(
        registry=registry,
        checks=PrimaryChecks(
            registry,
            answering=Answering(registry, ledger=ledger, keys=keys),
        ),
        changes=ChangeFeed(registry, primary=PrimaryFeed(registry, pages=PageTokens(bytes(64))), keys=keys),
        proofs=ReceiptProofs(registry, ledger.reader),
        cursors=Cursors(b"tests only: not a secret" + bytes(8)),
        trust=lambda: format_trust(trust),
        version="0.0",
        security_contact="mailto:security@registry.example",
    )
    routes = ModuleType("tests_api_routes")
    routes.urlpatterns = api_urls(ports)  # type: ignore[attr-defined]  # what Django reads
    world = World(ports=registry, clock=clock, livemode=True)

    class Application(WSGIHandler):
        """Django's handler over these routes alone, without the server's middleware."""

        def get_response(self, request: Any) -> HttpResponse:  # type: ignore[override]  # narrower than Django's
            request.urlconf = routes
            return super().get_response(request)  # type: ignore[return-value]

    with override_settings(MIDDLEWARE=[]):
        application = Application()
    return House(ports=ports, world=world, trust=trust, application=application, ledger=ledger)


def client(
    house: House,
    *,
    organization: str | None = None,
    livemode: bool = True,
    scopes: tuple[str, ...] = SCOPES,
    **options: Any,
) -> Client:
    """A pipeline of a new organization, or of this one, with a new key."""
    world = house.world if livemode else house.world.other_side()
    organization = organization or world.organization()
    made = create_api_key(
        house.ports.registry,
        livemode=livemode,
        organization=organization,
        name="a pipeline",
        scopes=scopes,
        **options,
    )
    return Client(house=house, organization=organization, secret=made.secret, key=made.id, livemode=livemode)


def both_sides(house: House) -> tuple[Client, Client]:
    """One organization's live and test pipelines."""
    live = client(house)
    open_side(house.ports.registry, livemode=False, organization=live.organization)
    return live, client(house, organization=live.organization, livemode=False)


def performer(house: House, person: Person) -> Performer:
    """The person's own client."""
    return Performer(house=house, key=person.key)


def _log_key(side: bool) -> TrustedKey:
    """The live log's key is the one that the publisher of other tests signs with."""
    public = log_signer().public if side else PrivateKey.from_seed(b"test log, this is no secret!!!!!").public
    return TrustedKey(key=public, role="log", livemode=side, not_before=ALWAYS[0], not_after=ALWAYS[1])


def _trust(registry: Any) -> Trust:
    roles = ("registry", "receipt", "status")
    return Trust(
        issuers={side: registry.signers[side].issuer for side in (True, False)},
        keys=tuple(
            TrustedKey(
                key=getattr(registry.signers[side], role).public,
                role=role,
                livemode=side,
                not_before=ALWAYS[0],
                not_after=ALWAYS[1],
            )
            for side in (True, False)
            for role in roles
        )
        + tuple(_log_key(side) for side in (True, False)),
        relying_parties=(TrustedOrigins(rp=registry.rp, not_before=ALWAYS[0], not_after=ALWAYS[1]),),
        endpoints={"check": f"{ORIGIN}/v1/check"},
    )


QUESTION = {
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
    "base_model": "sha256:" + "0" * 64,
}


@dataclass
class Granted:
    """A grant that stands: who may ask, about whom, and the performer who signed."""

    pipeline: Client
    person: Person
    reference: str
    offer: str
    grant: str

    def ask(self, **changes: Any) -> Answer:
        """The question that the usual terms allow."""
        return self.pipeline("POST", "/v1/check", {**QUESTION, "performer": self.reference, **changes})


def granted(
    house: House, *, terms: Any = None, pipeline: Client | None = None, person: Any = None
) -> Granted:
    """A new organization with a grant of the usual terms by a new performer."""
    pipeline = pipeline or client(house)
    world = house.world if pipeline.livemode else house.world.other_side()
    person = person or world.person()
    signed = world.grant(pipeline.organization, person, terms)
    assert signed.state == "active" and signed.grant is not None
    from consent.registry.models import Grant

    row = Grant.objects.get(id=signed.grant)
    return Granted(
        pipeline=pipeline, person=person, reference=row.reference, offer=row.offer_id, grant=row.id
    )


def end(house: House, of: Granted) -> Answer:
    """The performer ends the grant over HTTP."""
    world = house.world if of.pipeline.livemode else house.world.other_side()
    body = world.about("revocation", of.grant, of.person.key)
    return house.send(
        "POST",
        "/v1/statements",
        data=of.person.key.sign(body),
        headers={"Idempotency-Key": secrets.token_urlsafe(16)},
    )
