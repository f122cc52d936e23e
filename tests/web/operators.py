"""Operators in the tests of pages, and people who wait for them.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from datetime import date
from typing import Any

from consent.registry.models import Credential
from consent.registry.operations.accounts import create_operator
from consent.registry.operations.enrol_performer import enrol_performer
from consent.registry.operations.links import make_link
from consent.registry.operations.refuse_identity import refuse_identity
from consent.registry.queries.identity import count_waiting_identity
from consent.web.origins import Place
from consent.web.sessions import SessionStore
from consent.web.who import sign_in_performer
from signing.keys import PrivateKey
from tests.signing.software_authenticator import SoftwareAuthenticator
from tests.web.browserless import Browser, Site

LEGAL_NAME, BORN = "Planted <b>Legal</b> Name", date(1990, 2, 3)


def invite(site: Site, name: str = "Olga Operator", **how: Any) -> tuple[str, str]:
    """A new operator and the token of their link."""
    operator = create_operator(site.ports.registry, display_name=name)
    return operator, make_link(site.ports.registry, kind="operator", operator=operator, **how)


def operator_of(site: Site, name: str = "Olga Operator") -> tuple[str, Browser]:
    """A signed-in operator: the account, and the browser."""
    operator, token = invite(site)
    browser = site.browser(SoftwareAuthenticator())
    browser.get(f"/o/{token}")
    browser.use_passkey({"name": name})
    assert browser.path == "/operator/identity", browser.text
    return operator, browser


def enrol(site: Site, *, livemode: bool = True, **changes: Any) -> tuple[Any, str]:
    """Somebody who waits for an identity check: the performer and the key's id."""
    told: dict[str, Any] = {
        "legal_name": LEGAL_NAME,
        "birth_date": BORN,
        "email": "planted@mail.example",
        "stage_names": ["Stage <i>Name</i>"],
        "label": "my <u>key</u>",
        **changes,
    }
    enrolled = enrol_performer(
        site.ports.registry,
        livemode=livemode,
        public_key=PrivateKey.generate().public,
        kind="ed25519",
        backup_eligible=None,
        **told,
    )
    return enrolled.performer, Credential.objects.get(performer=enrolled.performer).id


def last_part() -> str:
    """The address of the part of the queue that holds whoever came last; other tests' people wait before."""
    return f"/operator/identity?from={max(0, count_waiting_identity() - 10)}"


def state_of(credential: str) -> str:
    """A key's state."""
    return Credential.objects.get(id=credential).state


def approval(credential: str, **changes: str) -> dict[str, str]:
    """The examiner's form, filled in."""
    told = {
        "decision": "approve",
        "examiner": "Olga Operator",
        "method": "document",
        "sha256": "ab" * 32,
        "seen": "yes",
        "keys": credential,
    }
    return {**told, **changes}


def performer_of(site: Site) -> Browser:
    """A signed-in performer's browser."""
    person = site.world.person(passkey=True)
    browser = site.browser(person.key.passkey)
    store = SessionStore(place=Place.MAIN)
    sign_in_performer(
        store, performer=person.id, livemode=True, credential=person.key.thumbprint, at=site.world.clock()
    )
    store.save()
    browser._client(browser.place).cookies["__Host-consent_session"] = store.session_key
    return browser


def refuse_all(site: Site, performer: Any) -> None:
    """An examiner cannot vouch for somebody: every key of theirs that waits goes off."""
    waiting = Credential.objects.filter(performer=performer, state="pending")
    refuse_identity(
        site.ports.registry,
        livemode=True,
        performer=performer,
        credentials=list(waiting.values_list("id", flat=True)),
        examiner="A. Examiner",
        method="self_attested",
        evidence_sha256="0" * 64,
    )
