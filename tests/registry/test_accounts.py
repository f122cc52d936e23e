"""Operators and members sign in with passkeys of their own, which are never a performer's."""

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.registry.newcomer import Device, enrol, used
from tests.registry.test_links import member, operator

if TYPE_CHECKING:
    from tests.registry.world import World


def register(world: "World", device: Device, **account: str) -> int:
    """Keep a device for an account."""
    from consent.registry.operations.accounts import register_account_passkey

    return register_account_passkey(
        world.ports,
        registration=device.registration,
        user_handle=device.user_handle,
        label="desk key",
        **account,
    )


def test_an_operators_passkey_is_found_and_used(world: "World") -> None:
    from consent.registry.operations.accounts import (
        account_passkeys_of,
        find_account_passkey,
        note_account_use,
    )

    who, device = operator(world), Device()
    register(world, device, operator=who)
    note_account_use(world.ports, webauthn_id=device.webauthn_id, verified=used(3, backed_up=True))
    found = find_account_passkey(device.webauthn_id)
    assert found is not None
    assert (found.operator, found.member, found.display_name, found.may_sign_in) == (
        who,
        None,
        "Olga Operator",
        True,
    )
    assert (found.sign_count, found.backed_up, found.last_used_at) == (3, True, world.clock.now)
    assert found.public_key == device.passkey.public_key
    assert [each.id for each in account_passkeys_of(operator=who)] == [found.id]
    assert account_passkeys_of() == [] and find_account_passkey(b"of nobody") is None


def test_a_members_passkey_says_for_whom_they_act_and_ends_with_them(world: "World") -> None:
    from consent.registry.operations.accounts import find_account_passkey
    from consent.registry.operations.members import remove_member

    organization = world.organization()
    member(world, organization)
    who, device = member(world, organization, "producer"), Device()
    register(world, device, member=who)
    found = find_account_passkey(device.webauthn_id)
    assert found is not None and (found.organization, found.role) == (organization, "producer")
    assert found.may_sign_in
    remove_member(world.ports, livemode=True, organization=organization, member=who)
    found = find_account_passkey(device.webauthn_id)
    assert found is not None and not found.may_sign_in


def test_a_removed_operator_may_not_sign_in_nor_get_a_key(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.accounts import find_account_passkey, remove_operator

    who, device = operator(world), Device()
    register(world, device, operator=who)
    remove_operator(world.ports, operator=who)
    found = find_account_passkey(device.webauthn_id)
    assert found is not None and not found.may_sign_in
    with pytest.raises(NotFound):
        remove_operator(world.ports, operator=who)
    with pytest.raises(NotFound):
        register(world, Device(), operator=who)


def test_a_passkey_goes_off_for_good_by_its_owner_only(world: "World") -> None:
    from consent.registry.errors import NotFound, StateConflict
    from consent.registry.operations.accounts import block_account_passkey, find_account_passkey

    who, other, device = operator(world), operator(world), Device()
    passkey = register(world, device, operator=who)
    for owner in ({"operator": other}, {"member": "mem_x"}, {}):
        with pytest.raises(NotFound):
            block_account_passkey(world.ports, passkey=passkey, **owner)
    block_account_passkey(world.ports, passkey=passkey, operator=who)
    found = find_account_passkey(device.webauthn_id)
    assert found is not None and not found.may_sign_in and found.blocked_at == world.clock.now
    with pytest.raises(StateConflict):
        block_account_passkey(world.ports, passkey=passkey, operator=who)


def test_no_passkey_is_both_a_performers_and_an_accounts(world: "World") -> None:
    from consent.registry.errors import CredentialTaken, Invalid

    who, performers, accounts = operator(world), Device(), Device()
    enrol(world, performers)
    register(world, accounts, operator=who)
    with pytest.raises(CredentialTaken):
        register(world, performers, operator=who)
    with pytest.raises(CredentialTaken):
        enrol(world, accounts)
    same_key = Device()
    same_key.passkey.private = performers.passkey.private
    with pytest.raises(CredentialTaken):
        register(world, same_key, operator=who)
    with pytest.raises(CredentialTaken):
        register(world, accounts, operator=who)
    for handle in (performers.user_handle, accounts.user_handle):
        with pytest.raises(Invalid):
            register(world, Device(user_handle=handle), operator=operator(world))
        with pytest.raises(Invalid):
            enrol(world, Device(user_handle=handle))


def test_an_account_is_one_operator_or_one_member(world: "World") -> None:
    from consent.registry.errors import Invalid, NotFound

    who = operator(world)
    with pytest.raises(Invalid):
        register(world, Device())
    with pytest.raises(Invalid):
        register(world, Device(), operator=who, member=member(world, world.organization()))
    with pytest.raises(NotFound):
        register(world, Device(), operator=f"opr_{secrets.token_hex(4)}")
