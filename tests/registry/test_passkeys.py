"""Passkeys come in whole or not at all, belong to one person, and say when they were used."""

import logging
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from signing.encoding import b64u
from tests.registry.newcomer import Device, add_pending, enrol, used

if TYPE_CHECKING:
    from tests.registry.world import World


def test_a_newcomer_with_a_code_has_a_key_that_waits_and_the_offer_before_them(world: "World") -> None:
    from consent.registry.models import Offer
    from consent.registry.operations.passkeys import find_passkey

    offer, code = world.invite(world.organization())
    device = Device()
    enrolled = enrol(world, device, code=code)
    assert enrolled.offer == offer
    assert Offer.objects.get(id=offer).performer_id == enrolled.performer
    found = find_passkey(device.webauthn_id)
    assert found is not None
    assert (found.performer, found.credential, found.state) == (
        enrolled.performer,
        enrolled.credential,
        "pending",
    )
    assert found.only_waits and found.may_sign_in and not found.examined
    assert found.thumbprint == device.key.thumbprint == enrolled.thumbprint
    assert (found.user_handle, found.transports) == (device.user_handle, ("hybrid", "internal"))
    world.verify(enrolled.performer)
    found = find_passkey(device.webauthn_id)
    assert found is not None and found.state == "active" and found.examined and not found.only_waits


def counted() -> tuple[int, ...]:
    """How many rows there are of everything that an enrolment writes."""
    from consent.registry import models

    tables = ("Performer", "IdentityRecord", "ContactIndex", "StageName", "Credential", "Passkey")
    return tuple(getattr(models, table).objects.count() for table in tables)


def test_a_code_that_does_not_work_keeps_nothing_of_the_newcomer(world: "World") -> None:
    from consent.registry.errors import InvitationSpent

    _, code = world.invite(world.organization())
    enrol(world, Device(), code=code)
    before = counted()
    for spent in (code, "0000-0000-0000-0000", "no code"):
        with pytest.raises(InvitationSpent):
            enrol(world, Device(), code=spent)
    with pytest.raises(InvitationSpent):
        enrol(world.other_side(), Device(), code=world.invite(world.organization())[1])
    assert counted() == before


def test_a_passkey_is_registered_once_whoever_asks(world: "World") -> None:
    from consent.registry.errors import CredentialTaken, Invalid

    device = Device()
    enrol(world, device)
    before = counted()
    same_id = Device(user_handle=secrets.token_bytes(32))
    same_id.passkey.credential_id = device.webauthn_id
    same_key = Device()
    same_key.passkey.private = device.passkey.private
    for other in (same_id, same_key):
        with pytest.raises(CredentialTaken):
            enrol(world, other)
        with pytest.raises(CredentialTaken):
            enrol(world.other_side(), other)
    with pytest.raises(Invalid) as caught:
        enrol(world, Device(user_handle=device.user_handle))
    assert caught.value.rule == "own"
    with pytest.raises(Invalid):
        enrol(world, Device(user_handle=b"short"))
    assert counted() == before


def test_a_second_passkey_before_the_check_is_covered_by_it_and_signs_at_once(world: "World") -> None:
    from consent.registry.models import Credential
    from tests.registry.world import Person

    first, second = Device(), Device()
    enrolled = enrol(world, first)
    second.user_handle = first.user_handle
    add_pending(world, enrolled.performer, second)
    world.verify(enrolled.performer)
    assert {row.state for row in Credential.objects.filter(performer_id=enrolled.performer)} == {"active"}
    person = Person(id=enrolled.performer, key=second.key, livemode=True, stage_name="Ada Quill")
    assert world.grant(world.organization(), person).state == "active"


def test_after_the_check_a_passkey_is_pending_only_for_a_recovery(world: "World") -> None:
    from consent.registry.errors import StateConflict

    enrolled = enrol(world, Device())
    world.verify(enrolled.performer)
    with pytest.raises(StateConflict):
        add_pending(world, enrolled.performer, Device())
    assert add_pending(world, enrolled.performer, Device(), recovering=True).startswith("cre_")


def test_a_pending_passkey_of_the_other_side_or_of_nobody_is_not_found(world: "World") -> None:
    from consent.registry.errors import NotFound

    enrolled = enrol(world, Device())
    with pytest.raises(NotFound):
        add_pending(world.other_side(), enrolled.performer, Device())


def introduced(world: "World", by: Device, new: Device, **members: Any) -> bytes:
    """The signed statement by which one passkey vouches for another."""
    from consent.core.ids import new_id

    body = {
        "schema": "consent-registry/credential/v1",
        "id": new_id("stm"),
        "livemode": world.livemode,
        "public_key": b64u(new.passkey.public_key.to_cose()),
        "kind": "passkey",
        "introduced_by": "performer",
        "by_credential": by.key.thumbprint,
        "label": "the tablet",
        "nonce": b64u(secrets.token_bytes(32)),
        **members,
    }
    return by.key.sign(body)


def test_a_passkey_vouches_for_another_which_waits_72_hours(world: "World") -> None:
    from consent.registry.operations.add_passkey import add_passkey
    from consent.registry.operations.passkeys import find_passkey, passkeys_of

    first, second = Device(), Device()
    enrolled = enrol(world, first)
    world.verify(enrolled.performer)
    second.user_handle = first.user_handle
    world.clock.forward(minutes=1)
    envelope = introduced(world, first, second)
    answer = add_passkey(world.ports, envelope=envelope, **second.made())
    assert add_passkey(world.ports, envelope=envelope, **second.made()).id == answer.id
    found = find_passkey(second.webauthn_id)
    assert found is not None and found.usable_from is not None
    assert (found.state, found.label) == ("active", "the tablet")
    assert (found.usable_from - world.clock.now).total_seconds() == 72 * 3600
    assert [each.webauthn_id for each in passkeys_of(enrolled.performer)] == [
        first.webauthn_id,
        second.webauthn_id,
    ]


def test_the_statement_must_be_about_the_passkey_that_was_registered(world: "World") -> None:
    from consent.registry.errors import BodyMismatch, CredentialUnknown, Invalid, StatementInvalid
    from consent.registry.operations.add_passkey import add_passkey

    first, second, third = Device(), Device(), Device()
    enrolled = enrol(world, first)
    world.verify(enrolled.performer)
    stranger = Device()
    enrol(world, stranger)
    before = counted()
    with pytest.raises(BodyMismatch):
        add_passkey(world.ports, envelope=introduced(world, first, third), **second.made())
    with pytest.raises(CredentialUnknown):
        add_passkey(world.ports, envelope=introduced(world, third, second), **second.made())
    foreign = {**second.made(), "user_handle": stranger.user_handle}
    with pytest.raises(Invalid):
        add_passkey(world.ports, envelope=introduced(world, first, second), **foreign)
    person = world.person()
    grant = str(world.grant(world.organization(), person).grant)
    ending = person.key.sign(world.about("revocation", grant, person.key))
    with pytest.raises(StatementInvalid):
        add_passkey(world.ports, envelope=ending, **second.made())
    assert counted()[-1] == before[-1]


def test_using_a_passkey_keeps_its_counter_and_a_step_back_is_a_signal(
    world: "World", caplog: pytest.LogCaptureFixture
) -> None:
    from consent.registry.operations.passkeys import find_passkey, note_use

    device = Device()
    enrolled = enrol(world, device)

    def counter() -> int:
        found = find_passkey(device.webauthn_id)
        assert found is not None
        return found.sign_count

    with caplog.at_level(logging.WARNING, logger="consent.registry"):
        for told, kept in ((0, 0), (5, 5), (6, 6), (0, 6)):
            note_use(world.ports, webauthn_id=device.webauthn_id, verified=used(told, backed_up=True))
            assert counter() == kept
        assert caplog.text == ""
        note_use(world.ports, webauthn_id=device.webauthn_id, verified=used(6))
        note_use(world.ports, webauthn_id=device.webauthn_id, verified=used(2))
    assert counter() == 6
    assert [record.args for record in caplog.records] == [
        (enrolled.credential, 6, 6),
        (enrolled.credential, 6, 2),
    ]
    found = find_passkey(device.webauthn_id)
    assert found is not None and found.last_used_at == world.clock.now and not found.backed_up
    note_use(world.ports, webauthn_id=b"of nobody", verified=used(1))


def test_a_key_that_is_off_may_not_sign_in(world: "World") -> None:
    from consent.registry.answers import enforced
    from consent.registry.operations.add_credential import block_credential
    from consent.registry.operations.passkeys import find_passkey

    device = Device()
    enrolled = enrol(world, device)
    off = block_credential(
        world.ports,
        livemode=True,
        performer=enrolled.performer,
        thumbprint=enrolled.thumbprint,
        authority="session",
    )
    assert enforced(off, world.ports) is not None
    found = find_passkey(device.webauthn_id)
    assert found is not None and not found.may_sign_in
    assert find_passkey(b"of nobody") is None


def test_keys_that_wait_are_bounded(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.enrol_passkey import MAX_PENDING

    performer = enrol(world, Device()).performer
    for _ in range(MAX_PENDING - 1):
        add_pending(world, performer, Device())
    with pytest.raises(StateConflict):
        add_pending(world, performer, Device())
