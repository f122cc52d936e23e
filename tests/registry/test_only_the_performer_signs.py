"""Promise 1: a grant exists only as exact bytes that the performer's own key signed."""

from typing import TYPE_CHECKING, Any

import pytest

from signing.canonical import canonicalize, parse
from signing.keys import PrivateKey
from tests.registry.terms import ADULT, terms

if TYPE_CHECKING:
    from tests.registry.world import World


def refusal(world: "World", envelope: bytes) -> str:
    """The code with which an envelope is refused."""
    from consent.registry.errors import RegistryError

    with pytest.raises(RegistryError) as caught:
        world.submit(envelope)
    return caught.value.code


def test_a_body_that_nobody_prepared_is_refused(world: "World") -> None:
    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    made_up = {**prepared.body, "id": "grt_" + "a" * 26}
    assert refusal(world, person.key.sign(made_up)) == "preparation_spent"


@pytest.mark.parametrize("change", [{"performer_name": "Ada Quil"}, {"valid_until": "2028-12-02T00:00:00Z"}])
def test_a_prepared_body_altered_before_signing_is_refused(world: "World", change: dict[str, str]) -> None:
    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    assert refusal(world, person.key.sign({**prepared.body, **change})) == "body_mismatch"


def test_a_body_altered_by_one_byte_after_signing_is_refused(world: "World") -> None:
    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    envelope: Any = parse(person.key.sign(prepared.body))
    envelope["body"]["performer_name"] = "Ada Quilt"
    assert refusal(world, canonicalize(envelope)) == "signature_invalid"


def test_another_performers_key_cannot_sign_what_was_prepared_for_this_one(world: "World") -> None:
    organization, person, other = world.organization(), world.person(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    forged = {**prepared.body, "credential": other.key.thumbprint}
    assert refusal(world, other.key.sign(forged)) == "credential_unknown"
    envelope: Any = parse(other.key.sign(forged))
    envelope["body"] = dict(prepared.body)
    assert refusal(world, canonicalize(envelope)) == "signature_invalid"


def test_a_key_that_nobody_enrolled_signs_nothing(world: "World") -> None:
    from tests.registry.world import Key

    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    stranger = Key(software=PrivateKey.generate())
    body = {**prepared.body, "credential": stranger.thumbprint}
    assert refusal(world, stranger.sign(body)) == "credential_unknown"


def test_another_text_than_the_rendered_one_is_refused(world: "World") -> None:
    organization, person = world.organization(), world.person(passkey=True)
    prepared = world.prepare(person, world.offer(organization, person))
    envelope = person.key.sign(prepared.body, text=prepared.text + b"\nand everything else")
    assert refusal(world, envelope) in {"signature_invalid", "body_mismatch"}
    assert world.submit(person.key.sign(prepared.body, text=prepared.text)).state == "active"


def test_a_prepared_body_works_once_and_not_after_a_day(world: "World") -> None:
    organization, person = world.organization(), world.person()
    offer = world.offer(organization, person)
    stale = world.prepare(person, offer)
    world.clock.forward(hours=24)
    assert refusal(world, person.key.sign(stale.body)) == "preparation_spent"
    fresh = world.prepare(person, offer)
    twin = world.prepare(person, offer)
    assert world.submit(person.key.sign(fresh.body)).state == "active"
    assert refusal(world, person.key.sign(twin.body)) == "state_conflict"


def test_a_software_key_signs_no_adult_terms_even_if_it_plays_a_passkey(world: "World") -> None:
    from tests.registry.world import Key
    from tests.signing.software_authenticator import SoftwareAuthenticator

    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person, terms(ADULT)))
    assert refusal(world, person.key.sign(prepared.body)) == "method_not_allowed"
    assert person.key.software is not None
    pretender = Key(passkey=SoftwareAuthenticator(private=person.key.software._key))
    assert pretender.thumbprint == person.key.thumbprint
    envelope = pretender.sign(prepared.body, text=prepared.text)
    assert refusal(world, envelope) == "signature_invalid"


def test_a_passkeys_private_key_signs_nothing_outside_its_authenticator(world: "World") -> None:
    """An Ed25519 passkey whose secret leaked must not sign as software: no person was verified."""
    from consent.registry.models import Credential
    from tests.registry.world import Key

    organization, person = world.organization(), world.person()
    Credential.objects.filter(thumbprint=person.key.thumbprint).update(
        state="blocked", blocked_at=world.clock.now
    )
    leaked = PrivateKey.generate()
    enrol_passkey(world, person.id, leaked)
    key = Key(software=leaked)
    world.clock.forward(hours=72)
    prepared = world.prepare(person, world.offer(organization, person), credential=key.thumbprint)
    assert refusal(world, key.sign(prepared.body)) == "signature_invalid"


def enrol_passkey(world: "World", performer: Any, private: PrivateKey) -> None:
    """Recover with a passkey that has this Ed25519 key."""
    from consent.registry.operations.enrol_credential import enrol_credential

    enrol_credential(
        world.ports,
        livemode=True,
        performer=performer,
        public_key=private.public,
        kind="passkey",
        backup_eligible=False,
        label="a passkey",
    )
    world.verify(performer)


def test_an_offer_is_signed_only_after_it_was_shown(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.draft_offer import draft_offer
    from consent.registry.operations.send_offer import send_offer

    organization, person = world.organization(), world.person()
    reference = world.reference(organization, person)
    offer = draft_offer(
        world.ports, livemode=True, organization=organization, terms=terms(), performer=reference
    )
    send_offer(world.ports, livemode=True, organization=organization, offer=offer)
    with pytest.raises(StateConflict):
        world.prepare(person, offer)


def test_the_same_grant_again_answers_the_same_and_another_envelope_of_its_id_conflicts(
    world: "World",
) -> None:
    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person))
    envelope = person.key.sign(prepared.body)
    first = world.submit(envelope)
    again = world.submit(envelope)
    assert again.repeated and not first.repeated
    assert (again.id, again.committed, again.state) == (first.id, first.committed, first.state)
    other = person.key.sign({**prepared.body, "performer_name": "Somebody"})
    assert refusal(world, other) == "statement_conflict"


def test_a_nonce_works_once_whatever_it_is_used_for(world: "World") -> None:
    organization, person = world.organization(), world.person()
    grants = [world.grant(organization, person).grant for _ in range(2)]
    body = world.about("suspension", str(grants[0]), person.key)
    world.submit(person.key.sign(body))
    replayed = world.about("suspension", str(grants[1]), person.key, nonce=body["nonce"])
    assert refusal(world, person.key.sign(replayed)) == "nonce_spent"


def test_only_chosen_lines_are_signed(world: "World") -> None:
    organization, person = world.organization(), world.person()
    prepared = world.prepare(person, world.offer(organization, person), lines=["l1"])
    assert [line["id"] for line in prepared.body["lines"]] == ["l1"]
    world.submit(person.key.sign(prepared.body))
    reference = world.reference(organization, person)
    assert world.ask(organization, reference).allowed
    assert world.ask(organization, reference, "infer.voice").reasons == ("out_of_scope",)


def test_eu_is_expanded_and_recipients_carry_the_registered_name(world: "World") -> None:
    organization, host, person = world.organization(), world.organization("Hosting AG"), world.person()
    offered = terms(recipients=[{"id": host, "role": "host"}])
    offered["lines"][0]["constraints"][0] = {"kind": "territory", "v": 1, "allow": ["EU"]}
    prepared = world.prepare(person, world.offer(organization, person, offered))
    territory = next(c for c in prepared.body["lines"][0]["constraints"] if c["kind"] == "territory")
    assert "EU" not in territory["allow"] and {"AT", "DE", "SE"} <= set(territory["allow"])
    assert prepared.body["recipients"] == [{"id": host, "legal_name": "Hosting AG", "role": "host"}]
