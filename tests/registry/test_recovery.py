"""Recovery: codes and links that work once, a key that waits, and nobody else's key coming in with it."""

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.registry.newcomer import Device, add_pending, enrol

if TYPE_CHECKING:
    from tests.registry.world import World


def test_a_code_works_once_however_it_is_typed_and_a_new_sheet_replaces_the_old(world: "World") -> None:
    from consent.registry.errors import RecoveryCodeSpent
    from consent.registry.operations.recovery import (
        has_recovery_code,
        make_recovery_code,
        use_recovery_code,
    )

    performer = enrol(world, Device()).performer
    assert not has_recovery_code(performer)
    old = make_recovery_code(world.ports, performer=performer)
    new = make_recovery_code(world.ports, performer=performer)
    assert len(new.replace("-", "")) * 5 >= 100 and has_recovery_code(performer)
    for wrong in (old, "", "AAAA-BBBB", "\u0661" * 24, new[:-1]):
        with pytest.raises(RecoveryCodeSpent):
            use_recovery_code(world.ports, code=wrong)
    found = use_recovery_code(world.ports, code=f" {new.lower().replace('-', ' ')} ".replace("0", "o"))
    assert (found.performer, found.livemode) == (performer, True)
    assert not has_recovery_code(performer)
    with pytest.raises(RecoveryCodeSpent):
        use_recovery_code(world.ports, code=new)


def test_no_code_stands_in_the_database(world: "World", database: str) -> None:
    from consent.registry.operations.links import make_link
    from consent.registry.operations.recovery import make_recovery_code
    from tests.registry.test_identity_is_sealed import everything

    performer = enrol(world, Device(), email="hidden-address@mail.example").performer
    code = make_recovery_code(world.ports, performer=performer)
    token = make_link(world.ports, kind="stop", performer=performer)
    dump = everything(database)
    for secret in (code, code.replace("-", ""), token, "hidden-address"):
        assert secret not in dump and secret.encode().hex() not in dump


def test_a_performer_is_found_by_the_address_they_type_on_either_side(world: "World") -> None:
    from consent.registry.operations.recovery import find_by_email

    address = f"Ada.{secrets.token_hex(4)}@Mail.example"
    here = enrol(world, Device(), email=address).performer
    there = enrol(world.other_side(), Device(), email=address.lower()).performer
    agent = enrol(world, Device(), email=address).performer
    found = find_by_email(world.ports, email=f"  {address.upper()} ")
    assert {(each.performer, each.livemode) for each in found} == {
        (here, True),
        (agent, True),
        (there, False),
    }
    assert find_by_email(world.ports, email="nobody@mail.example") == []
    assert find_by_email(world.ports, email="") == []


def test_performers_from_before_the_index_are_indexed_once(world: "World") -> None:
    from consent.registry.models import ContactIndex
    from consent.registry.operations.recovery import find_by_email, index_contacts

    address = f"{secrets.token_hex(6)}@mail.example"
    performer = enrol(world, Device(), email=address).performer
    ContactIndex.objects.filter(performer_id=performer).delete()
    assert find_by_email(world.ports, email=address) == []
    assert index_contacts(world.ports) >= 1
    assert [each.performer for each in find_by_email(world.ports, email=address)] == [performer]
    assert index_contacts(world.ports) == 0


def test_a_recovery_covers_the_key_that_the_examiner_saw_and_no_other(world: "World") -> None:
    from consent.registry.answers import enforced
    from consent.registry.models import Credential
    from consent.registry.operations.passkeys import passkeys_of
    from consent.registry.operations.record_identity_check import record_identity_check

    performer = enrol(world, Device()).performer
    world.verify(performer)
    thief, owner = Device(), Device()
    stolen = add_pending(world, performer, thief, recovering=True)
    world.clock.forward(minutes=1)
    own = add_pending(world, performer, owner, recovering=True)
    recorded = record_identity_check(
        world.ports,
        livemode=True,
        performer=performer,
        examiner="Examiner Eins",
        method="document",
        evidence_sha256="cd" * 32,
        over_18=True,
        credentials=[own],
        actor="opr_test_eins",
    )
    assert enforced(recorded.written, world.ports) is not None
    states = {row.id: row.state for row in Credential.objects.filter(performer_id=performer)}
    assert states[own] == "active" and states[stolen] == "blocked"
    assert sorted(states.values()) == ["active", "blocked", "blocked"]
    assert recorded.introduced == (owner.key.thumbprint,)
    assert thief.key.thumbprint in recorded.switched_off and len(recorded.switched_off) == 2
    assert [each.may_sign_in for each in passkeys_of(performer)] == [False, False, True], "oldest first"


def test_a_check_of_a_key_that_does_not_wait_any_more_records_nothing(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import IdentityCheck

    enrolled = enrol(world, Device())
    world.verify(enrolled.performer, credentials=[enrolled.credential])
    with pytest.raises(StateConflict):
        world.verify(enrolled.performer, credentials=[enrolled.credential])
    assert IdentityCheck.objects.filter(performer_id=enrolled.performer).count() == 1


def test_the_pending_key_of_a_recovery_signs_pauses_and_ends_nothing_before_the_check(
    world: "World",
) -> None:
    from consent.registry.errors import CredentialBlocked
    from consent.registry.operations.passkeys import find_passkey

    person = world.person(passkey=True)
    organization = world.organization()
    grant = str(world.grant(organization, person).grant)
    offer = world.offer(organization, person)
    lost = Device()
    add_pending(world, person.id, lost, recovering=True)
    found = find_passkey(lost.webauthn_id)
    assert found is not None and found.only_waits and found.examined
    with pytest.raises(CredentialBlocked):
        world.prepare(person, offer, credential=lost.key.thumbprint)
    for kind in ("revocation", "suspension", "resumption"):
        with pytest.raises(CredentialBlocked):
            world.say(kind, grant, lost.key)
