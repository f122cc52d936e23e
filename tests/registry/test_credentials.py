"""Keys: who introduced them, when they may do what, and recovery."""

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from signing.encoding import b64u
from signing.keys import PrivateKey

if TYPE_CHECKING:
    from tests.registry.world import Key, Person, World


def add_key(world: "World", person: "Person") -> "Key":
    """A further software key that the person's present key vouches for."""
    from tests.registry.world import Key

    new = Key(software=PrivateKey.generate())
    answer = world.submit(person.key.sign(credential_body(world, person, new)))
    assert (answer.kind, answer.enforced_at) == ("credential", None)
    return new


def credential_body(world: "World", person: "Person", new: "Key", **members: Any) -> dict[str, Any]:
    """The body that introduces a software key."""
    from consent.core.ids import new_id

    return {
        "schema": "consent-registry/credential/v1",
        "id": new_id("stm"),
        "livemode": world.livemode,
        "public_key": new.public.to_jwk(),
        "kind": "ed25519",
        "introduced_by": "performer",
        "by_credential": person.key.thumbprint,
        "label": "my laptop",
        "nonce": b64u(secrets.token_bytes(32)),
        **members,
    }


def test_a_later_key_ends_at_once_and_signs_grants_after_72_hours(world: "World") -> None:
    from consent.registry.errors import CredentialWaiting

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    offer = world.offer(organization, person)
    new = add_key(world, person)
    with pytest.raises(CredentialWaiting):
        world.prepare(person, offer, credential=new.thumbprint)
    assert world.say("revocation", grant, new).state == "ended"
    world.clock.forward(hours=71, minutes=59)
    with pytest.raises(CredentialWaiting):
        world.sign(person, offer, key=new)
    world.clock.forward(minutes=1)
    assert world.sign(person, offer, key=new).state == "active"


def test_a_young_key_resumes_nothing_and_vouches_for_no_other(world: "World") -> None:
    from consent.registry.errors import CredentialWaiting

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    new = add_key(world, person)
    world.say("suspension", grant, new)
    with pytest.raises(CredentialWaiting):
        world.say("resumption", grant, new)
    person.key, old = new, person.key
    with pytest.raises(CredentialWaiting):
        add_key(world, person)
    assert world.say("resumption", grant, old).state == "active"


def test_a_key_that_is_off_does_nothing_more_and_what_it_signed_stands(world: "World") -> None:
    from consent.registry.errors import CredentialBlocked, StateConflict
    from consent.registry.operations.add_credential import block_credential

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    prepared = world.prepare(person, world.offer(organization, person))
    told: dict[str, Any] = {
        "livemode": True,
        "performer": person.id,
        "thumbprint": person.key.thumbprint,
        "authority": "session",
    }
    block_credential(world.ports, **told)
    with pytest.raises(StateConflict):
        block_credential(world.ports, **told)
    with pytest.raises(CredentialBlocked):
        world.submit(person.key.sign(prepared.body))
    with pytest.raises(CredentialBlocked):
        world.say("revocation", grant, person.key)
    assert world.ask(organization, world.reference(organization, person)).allowed


def test_a_key_belongs_to_one_performer_of_one_side_once(world: "World") -> None:
    from datetime import date

    from consent.registry.errors import CredentialTaken
    from consent.registry.operations.enrol_performer import enrol_performer

    person, other = world.person(), world.person()
    with pytest.raises(CredentialTaken):
        world.submit(other.key.sign(credential_body(world, other, person.key)))
    for livemode in (True, False):
        with pytest.raises(CredentialTaken):
            enrol_performer(
                world.ports,
                livemode=livemode,
                public_key=person.key.public,
                kind="ed25519",
                legal_name="Somebody Else",
                birth_date=date(1980, 1, 1),
                email="else@mail.example",
                stage_names=["Else"],
                label="mine now",
            )


def test_a_performer_cannot_submit_a_key_as_introduced_by_the_registry(world: "World") -> None:
    from consent.registry.errors import StatementInvalid
    from tests.registry.world import Key

    person, new = world.person(), Key(software=PrivateKey.generate())
    body = credential_body(
        world, person, new, introduced_by="registry", examiner="Me", evidence_sha256="0" * 64
    )
    body["recorded_at"] = "2026-12-01T00:00:00Z"
    del body["by_credential"]
    from signing.canonical import canonicalize

    envelope = canonicalize(
        {"body": body, "signatures": [{"role": "performer", "method": "ed25519", "jws": "a.b.c"}]}
    )
    with pytest.raises(StatementInvalid):
        world.submit(envelope)


def test_a_statement_of_the_other_side_is_refused(world: "World") -> None:
    from consent.registry.errors import LivemodeMismatch
    from tests.registry.world import Key

    person, new = world.person(), Key(software=PrivateKey.generate())
    with pytest.raises(LivemodeMismatch):
        world.submit(person.key.sign(credential_body(world, person, new, livemode=False)))


def test_a_recovery_replaces_the_old_key_waits_and_joins_the_chain(world: "World") -> None:
    from consent.registry.errors import CredentialBlocked, CredentialWaiting
    from consent.registry.operations.enrol_credential import enrol_credential
    from consent.registry.operations.read_package import read_package
    from signing.package import verify_package
    from tests.registry.trusting import trust_of
    from tests.registry.world import Key

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    old, new = person.key, Key(software=PrivateKey.generate())
    enrol_credential(
        world.ports,
        livemode=True,
        performer=person.id,
        public_key=new.public,
        kind="ed25519",
        label="after the theft",
    )
    with pytest.raises(CredentialBlocked):
        world.say("revocation", grant, new)
    world.verify(person.id)
    with pytest.raises(CredentialBlocked):
        world.say("suspension", grant, old)
    world.say("suspension", grant, new)
    with pytest.raises(CredentialWaiting):
        world.say("resumption", grant, new)
    world.clock.forward(hours=72)
    person.key = new
    second = str(world.grant(organization, person).grant)
    package = read_package(world.ports, livemode=True, grant=second, organization=organization)
    verified = verify_package(package, trust=trust_of(world), at=world.clock.now)
    assert [each.introduced_by for each in verified.key_chain] == ["registry", "registry"]
    assert verified.key_chain[1].replaces == old.thumbprint
    assert not verified.performer_introduced
