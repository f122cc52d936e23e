"""Performers for the tests: keys in memory, approved by the operator's command."""

import re
from datetime import UTC, datetime

from consent.server.demo.cast import Part, Speaker
from consent.server.demo.desk import Desk
from consent.server.demo.licensees import AUDIOBOOKS
from consent.server.demo.person import Person, new_person
from signing.trust import Trust, parse_trust
from tests.integration.running import Running


def desk_of(registry: Running) -> Desk:
    """The seeded test organization, with the key of `test.env`."""
    secret = registry.client_environment()["CONSENT_API_KEY"]
    return Desk(registry.url, secret, trust=trust_of(registry))


def trust_of(registry: Running) -> Trust:
    """The trust file that lies beside `test.env`."""
    return parse_trust((registry.state / "trust.json").read_bytes())


def approved_person(registry: Running, name: str) -> Person:
    """A new performer whom the operator has approved."""
    person = new_person(registry.url, Speaker(speaker_id=name, utterances=1, part=Part.SIGNS, studies=None))
    person.enrol()
    listed = registry.operator("operator", "identity", "list")
    for credential in re.findall(r"cre_[a-z2-7]{26}", listed):
        registry.operator(
            "operator", "identity", "approve", credential, "--examiner", "A. Examiner", "--method", "document"
        )
    return person


def sign_one(person: Person, desk: Desk) -> str:
    """Invite, accept and sign one more grant; its id, once the registry acknowledged it."""
    terms = AUDIOBOOKS.terms(datetime.now(UTC))
    _, code = desk.invite(terms, stage_name=person.speaker.stage_name)
    return person.sign(person.account.accept(code).id)
