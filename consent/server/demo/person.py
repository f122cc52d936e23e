"""A performer of the demo: a software key in memory, and the performer's own client."""

import time
from dataclasses import dataclass, field

from consent.client.performer import statements
from consent.client.performer.account import PerformerAccount
from consent.client.performer.agreement import check_prepared
from consent.core.wire.statements import Accepted
from consent.server.demo.cast import Speaker
from signing.private_key import PrivateKey
from signing.statement import body_sha256

LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the performer was told, and the milliseconds from sending until the answer had arrived.

    `body_sha256` is the digest of what they signed: what the acknowledgement must name.
    """

    grant: str
    body_sha256: str
    accepted: Accepted
    took_ms: float


@dataclass(slots=True, kw_only=True)
class Person:
    """One enrolled speaker. `grants` are theirs by the licensee's name."""

    speaker: Speaker
    key: PrivateKey
    account: PerformerAccount
    grants: dict[str, str] = field(default_factory=dict)

    def enrol(self) -> None:
        """Open an account on the test side, with an invented identity."""
        name = self.speaker.speaker_id
        identity = {
            "legal_name": f"Invented Person {name}",
            "birth_date": "1990-01-01",
            "email": f"speaker-{name.lower()}@performers.example",
        }
        self.account.enrol(
            livemode=False, stage_names=[self.speaker.stage_name], identity=identity, label="demo key"
        )

    def sign(self, offer_id: str) -> str:
        """Read an offer, hold what is to be signed against it, and sign; the grant's id."""
        offer = self.account.offer(offer_id)
        prepared = self.account.prepare(offer_id, language=LANGUAGE, performer_name=self.speaker.stage_name)
        check_prepared(
            prepared,
            offer=offer,
            expected_credential=self.key.public.thumbprint,
            expected_language=LANGUAGE,
            expected_performer_name=self.speaker.stage_name,
        )
        self.account.submit(statements.sign(prepared.body, self.key))
        return prepared.grant

    def forbid(self, purpose: str) -> Accepted:
        """Set a standing limit over everything: never for this purpose."""
        body = statements.limits(self.account.limits(), [{"purposes": [purpose]}], key=self.key)
        return self.account.submit(statements.sign(body, self.key))

    def pause(self, grant_id: str) -> Accepted:
        """Pause one grant."""
        grant = self.account.grant(grant_id)
        body = statements.suspension(grant, grant_sha256=grant.grant_sha256, key=self.key)
        return self.account.submit(statements.sign(body, self.key))

    def end(self, grant_id: str) -> Ending:
        """End one grant for good."""
        grant = self.account.grant(grant_id)
        body = statements.revocation(grant, grant_sha256=grant.grant_sha256, key=self.key)
        envelope = statements.sign(body, self.key)
        sent_at = time.monotonic()
        accepted = self.account.submit(envelope)
        took_ms = (time.monotonic() - sent_at) * 1000
        return Ending(grant=grant_id, body_sha256=body_sha256(body), accepted=accepted, took_ms=took_ms)


def new_person(url: str, speaker: Speaker) -> Person:
    """An invented performer with a fresh key that nobody else ever holds."""
    key = PrivateKey.generate()
    return Person(speaker=speaker, key=key, account=PerformerAccount(url, key))
