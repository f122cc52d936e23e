"""A small world for the registry's tests: organizations, performers with real keys, offers, statements.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.policy import decide
from consent.log.ports import LogPorts
from consent.registry.answers import StatementAnswer
from consent.registry.contact_digests import ContactDigests
from consent.registry.facts import snapshot
from consent.registry.operations.create_organization import create_organization
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.enrol_performer import enrol_performer
from consent.registry.operations.invitations import redeem_invitation
from consent.registry.operations.prepare_grant import PreparedGrant, prepare_grant
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.operations.references import introduce_performer
from consent.registry.operations.send_offer import NewInvitation, send_offer
from consent.registry.operations.submit_statement import submit_statement
from consent.registry.operations.view_offer import view_offer
from consent.registry.ports import RegistryPorts, SideSigners
from signing.canonical import canonicalize
from signing.encoding import b64u
from signing.keys import PrivateKey, PublicKey
from signing.signer import LocalSigner
from signing.statement import sign_statement_ed25519
from signing.webauthn import RelyingParty, signing_challenge
from tests.registry.terms import terms as usual_terms
from tests.signing.software_authenticator import ORIGIN, RP_ID, SoftwareAuthenticator

START = datetime(2026, 12, 1, 9, 0, 0, tzinfo=UTC)
ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)


def signers(livemode: bool) -> SideSigners:
    """Fresh keys of one side."""

    def local(role: Any) -> LocalSigner:
        return LocalSigner(
            private=PrivateKey.generate(), role=role, not_before=ALWAYS[0], not_after=ALWAYS[1]
        )

    side = "live" if livemode else "test"
    return SideSigners(
        issuer=f"https://registry.example/{side}",
        registry=local("registry"),
        receipt=local("receipt"),
        status=local("status"),
    )


def registry_ports(log: LogPorts, clock: Clock) -> RegistryPorts:
    """Ports with fresh signers over the log's."""
    return RegistryPorts(
        log=log,
        signers={True: signers(True), False: signers(False)},
        origin="https://registry.example",
        signing_origin=ORIGIN,
        rp=RelyingParty(rp_id=RP_ID, signing_origins=frozenset({ORIGIN})),
        contacts=ContactDigests(b"tests only, this is no secret!!!"),
        clock=clock,
    )


@dataclass
class Key:
    """A performer's key: software (Ed25519) or a passkey in software."""

    software: PrivateKey | None = None
    passkey: SoftwareAuthenticator | None = None

    @property
    def public(self) -> PublicKey:
        """The public half."""
        found = self.software.public if self.software else None
        if self.passkey:
            found = self.passkey.public_key
        assert found is not None
        return found

    @property
    def thumbprint(self) -> str:
        """Its name."""
        return self.public.thumbprint

    def sign(self, body: Mapping[str, Any], *, text: bytes = b"what the page showed") -> bytes:
        """An envelope over the body."""
        if self.software:
            entry: Any = sign_statement_ed25519(body, key=self.software)
        else:
            assert self.passkey is not None
            nonce = secrets.token_bytes(32)
            parts = self.passkey.sign(signing_challenge(nonce=nonce, body=body, text=text))
            entry = {
                "role": "performer",
                "method": "webauthn",
                "credential": self.thumbprint,
                "public_key": b64u(self.public.to_cose()),
                "nonce": b64u(nonce),
                "text_sha256": hashlib.sha256(text).hexdigest(),
                **{name: b64u(part) for name, part in parts.items()},
            }
        return canonicalize({"body": dict(body), "signatures": [entry]})


@dataclass
class Person:
    """A performer with the first key."""

    id: UUID
    key: Key
    livemode: bool
    stage_name: str


@dataclass
class World:
    """Everything a test needs, on one side."""

    ports: RegistryPorts
    clock: Clock
    livemode: bool = True
    organizations: list[str] = field(default_factory=list)

    def other_side(self) -> "World":
        """The same registry on the other side."""
        return replace(self, livemode=not self.livemode)

    def organization(self, name: str = "Northlight Audio GmbH") -> str:
        """A new organization."""
        made = create_organization(
            self.ports,
            livemode=self.livemode,
            legal_name=name,
            country="DE",
            contact="consent@northlight.example",
        )
        return made.organization

    def person(
        self, *, passkey: bool = False, verified: bool = True, stage_name: str = "Ada Quill"
    ) -> Person:
        """A new performer, examined by a named examiner unless `verified` is false."""
        key = Key(passkey=SoftwareAuthenticator()) if passkey else Key(software=PrivateKey.generate())
        enrolled = enrol_performer(
            self.ports,
            livemode=self.livemode,
            public_key=key.public,
            kind="passkey" if passkey else "ed25519",
            backup_eligible=False if passkey else None,
            legal_name="Adelheid Querfurth",
            birth_date=date(1990, 2, 3),
            email="adelheid@mail.example",
            stage_names=[stage_name],
            label="the blue one",
        )
        if verified:
            self.verify(enrolled.performer)
        return Person(id=enrolled.performer, key=key, livemode=self.livemode, stage_name=stage_name)

    def verify(self, performer: UUID, **changes: Any) -> None:
        """An identity check."""
        told: dict[str, Any] = {
            "examiner": "Examiner Eins",
            "method": "document_and_live",
            "evidence_sha256": "ab" * 32,
            "over_18": True,
        }
        record_identity_check(self.ports, livemode=self.livemode, performer=performer, **{**told, **changes})

    def offer(self, organization: str, person: Person, terms: Mapping[str, Any] | None = None) -> str:
        """An offer that the performer has before them, sent to their reference."""
        reference = introduce_performer(
            self.ports, livemode=self.livemode, performer=person.id, organization=organization
        )
        offer = draft_offer(
            self.ports,
            livemode=self.livemode,
            organization=organization,
            terms=terms or usual_terms(),
            performer=reference,
        )
        send_offer(self.ports, livemode=self.livemode, organization=organization, offer=offer)
        view_offer(self.ports, livemode=self.livemode, performer=person.id, offer=offer)
        return offer

    def invite(self, organization: str, terms: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """An offer sent with an invitation: its id and the code."""
        offer = draft_offer(
            self.ports, livemode=self.livemode, organization=organization, terms=terms or usual_terms()
        )
        sent = send_offer(
            self.ports,
            livemode=self.livemode,
            organization=organization,
            offer=offer,
            invitation=NewInvitation(language="en", email="somebody@mail.example"),
        )
        assert sent.code is not None
        return offer, sent.code

    def redeem(self, person: Person, code: str) -> Any:
        """The person takes up an invitation."""
        return redeem_invitation(self.ports, livemode=self.livemode, performer=person.id, code=code)

    def prepare(self, person: Person, offer: str, **options: Any) -> PreparedGrant:
        """The body to sign."""
        return prepare_grant(
            self.ports,
            livemode=self.livemode,
            performer=person.id,
            offer=offer,
            credential=options.pop("credential", person.key.thumbprint),
            language="en",
            **options,
        )

    def sign(self, person: Person, offer: str, *, key: Key | None = None) -> StatementAnswer:
        """Prepare and sign."""
        key = key or person.key
        prepared = self.prepare(person, offer, credential=key.thumbprint)
        return self.submit(key.sign(prepared.body, text=prepared.text))

    def grant(
        self, organization: str, person: Person, terms: Mapping[str, Any] | None = None
    ) -> StatementAnswer:
        """A signed grant of these terms."""
        return self.sign(person, self.offer(organization, person, terms))

    def submit(self, envelope: bytes) -> StatementAnswer:
        """Hand in a statement."""
        return submit_statement(self.ports, envelope=envelope)

    def about(self, kind: str, grant: str, key: Key, **members: Any) -> dict[str, Any]:
        """The body of a statement about a grant."""
        from consent.core.ids import new_id
        from consent.registry.models import Grant

        effect = {
            "revocation": "end",
            "suspension": "pause",
            "resumption": "resume",
            "confirmation": "confirm",
            "rescission": "rescind",
            "cancellation": "cancel",
        }[kind]
        body = {
            "schema": f"consent-registry/{kind}/v1",
            "id": new_id("stm"),
            "livemode": self.livemode,
            "grant": grant,
            "grant_sha256": Grant.objects.get(id=grant).grant_sha256,
            "effect": effect,
            "credential": key.thumbprint,
            "nonce": b64u(secrets.token_bytes(32)),
            **members,
        }
        if kind != "revocation":
            body.setdefault("holder", "performer")
        return body

    def say(self, kind: str, grant: str, key: Key, **members: Any) -> StatementAnswer:
        """Sign and hand in a statement about a grant."""
        return self.submit(key.sign(self.about(kind, grant, key, **members)))

    def limits(self, key: Key, *, version: int, previous: str | None, never: Any = None) -> dict[str, Any]:
        """The body of limits."""
        from consent.core.ids import new_id

        body = {
            "schema": "consent-registry/limits/v1",
            "id": new_id("stm"),
            "livemode": self.livemode,
            "credential": key.thumbprint,
            "version": version,
            "previous_sha256": previous,
            "nonce": b64u(secrets.token_bytes(32)),
        }
        return body if never is None else {**body, "never": never}

    def ask(self, organization: str, performer: str, use: str = "train.voice", **asked: Any) -> Decision:
        """What a check answers now."""
        question = question_of(organization, performer, use, **asked)
        with snapshot(self.livemode, self.ports) as snap:
            facts = snap.facts([question], capabilities=frozenset())[0]
            return decide(question, facts, snap.at)

    def reference(self, organization: str, person: Person) -> str:
        """What the organization calls the person."""
        return introduce_performer(
            self.ports, livemode=self.livemode, performer=person.id, organization=organization
        )


def question_of(organization: str, performer: str, use: str = "train.voice", **asked: Any) -> Asked:
    """A question that the usual terms answer with allow."""
    modality = {"train.voice": "voice", "infer.voice": "voice"}.get(use)
    told: dict[str, Any] = {
        "caller": organization,
        "use": use,
        "performers": (performer,),
        "modality": modality,
        "purpose": "audiobook",
        "territory": "DE",
        "language": "de",
        "base_model": "sha256:" + "0" * 64,
        "end_user_age_assured": False,
    }
    return Asked(**{**told, **asked})
