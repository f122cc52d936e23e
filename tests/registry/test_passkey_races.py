"""Two at once with one code, link, passkey or click: one wins, and nothing is half kept."""

import secrets
import threading
from typing import TYPE_CHECKING

import psycopg

from tests.registry.newcomer import Device, add_pending, enrol
from tests.registry.test_accounts import register
from tests.registry.test_links import operator
from tests.registry.threads import race, split

if TYPE_CHECKING:
    from tests.registry.world import World

ROUNDS = 4
WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_two_people_with_one_invitation_make_one_account(world: "World") -> None:
    from consent.registry.errors import InvitationSpent
    from consent.registry.models import Offer, Performer

    for _ in range(ROUNDS):
        offer, code = world.invite(world.organization())
        before = Performer.objects.count()
        won, lost = split(race(*(lambda c=code: enrol(world, Device(), code=c) for _ in range(3))))
        assert len(won) == 1 and [type(each) for each in lost] == [InvitationSpent] * 2
        assert Performer.objects.count() == before + 1
        assert Offer.objects.get(id=offer).performer_id == won[0].performer


def test_one_passkey_registered_twice_at_once_is_one_persons(world: "World") -> None:
    from consent.registry.errors import CredentialTaken

    who = operator(world)
    for _ in range(ROUNDS):
        performers, accounts = Device(), Device(user_handle=secrets.token_bytes(32))
        accounts.passkey.credential_id = performers.webauthn_id
        won, lost = split(
            race(
                lambda d=performers: enrol(world, d),
                lambda d=accounts: register(world, d, operator=who),
                lambda d=performers: enrol(world, d),
            )
        )
        assert len(won) == 1 and [type(each) for each in lost] == [CredentialTaken] * 2


def test_a_link_and_a_code_used_twice_at_once_work_once(world: "World") -> None:
    from consent.registry.errors import LinkSpent, RecoveryCodeSpent
    from consent.registry.operations.links import make_link, use_link
    from consent.registry.operations.recovery import make_recovery_code, use_recovery_code

    performer = enrol(world, Device()).performer
    for _ in range(ROUNDS):
        token = make_link(world.ports, kind="stop", performer=performer)
        won, lost = split(race(*[lambda t=token: use_link(world.ports, kind="stop", token=t)] * 3))
        assert len(won) == 1 and {type(each) for each in lost} == {LinkSpent}
        code = make_recovery_code(world.ports, performer=performer)
        won, lost = split(race(*[lambda c=code: use_recovery_code(world.ports, code=c)] * 3))
        assert len(won) == 1 and {type(each) for each in lost} == {RecoveryCodeSpent}


def test_two_sheets_at_once_leave_one_that_works(world: "World") -> None:
    from consent.registry.errors import RecoveryCodeSpent
    from consent.registry.models import RecoveryCode
    from consent.registry.operations.recovery import make_recovery_code, use_recovery_code

    performer = enrol(world, Device()).performer
    codes, lost = split(race(*[lambda: make_recovery_code(world.ports, performer=performer)] * 3))
    assert len(codes) == 3 and not lost
    assert RecoveryCode.objects.filter(performer_id=performer, used_at=None, replaced_at=None).count() == 1
    used = 0
    for code in codes:
        try:
            use_recovery_code(world.ports, code=code)
            used += 1
        except RecoveryCodeSpent:
            pass
    assert used == 1


def test_two_clicks_on_the_end_are_one_ending_with_one_answer(world: "World") -> None:
    from consent.registry.models import GrantEnding
    from consent.registry.operations.end_on_session import revoke_on_session

    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        grant = str(world.grant(organization, person).grant)
        won, lost = split(
            race(
                *[lambda g=grant: revoke_on_session(world.ports, livemode=True, performer=person.id, grant=g)]
                * 3
            )
        )
        assert not lost and sorted(each.repeated for each in won) == [False, True, True]
        assert len({(each.enforced_at, each.acknowledgement) for each in won}) == 1
        assert GrantEnding.objects.filter(grant_id=grant).count() == 1


def test_a_signed_ending_and_a_click_at_once_are_one_ending(world: "World") -> None:
    from consent.registry.errors import AlreadyEnded
    from consent.registry.models import GrantEnding
    from consent.registry.operations.end_on_session import revoke_on_session

    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        grant = str(world.grant(organization, person).grant)
        envelope = person.key.sign(world.about("revocation", grant, person.key))
        clicked, signed = race(
            lambda g=grant: revoke_on_session(world.ports, livemode=True, performer=person.id, grant=g),
            lambda e=envelope: world.submit(e),
        )
        ending = GrantEnding.objects.get(grant_id=grant)
        assert clicked.authority == ending.authority
        if ending.authority == "session":
            assert isinstance(signed, AlreadyEnded)
        else:
            assert signed.acknowledgement == clicked.acknowledgement


def test_a_passkey_added_while_the_examiner_approves_is_covered_or_refused(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import Credential

    for _ in range(ROUNDS):
        first = Device()
        performer, second = enrol(world, first).performer, Device(user_handle=first.user_handle)
        _, added = race(
            lambda p=performer: world.verify(p), lambda p=performer, d=second: add_pending(world, p, d)
        )
        states = Credential.objects.filter(performer_id=performer).values_list("state", flat=True)
        assert set(states) == {"active"}
        assert len(states) == (1 if isinstance(added, StateConflict) else 2)


def test_a_passkey_on_its_way_into_one_table_keeps_the_other_waiting(world: "World", database: str) -> None:
    from django.db import transaction

    from consent.registry.errors import CredentialTaken

    who, performers, accounts = operator(world), Device(), Device()
    accounts.passkey.credential_id = performers.webauthn_id
    kept, ended = threading.Event(), threading.Event()

    def account() -> None:
        with transaction.atomic():
            register(world, accounts, operator=who)
            kept.set()
            with psycopg.connect(database, autocommit=True) as looking:
                while not ended.is_set() and not looking.execute(WAITING).fetchall():
                    ended.wait(0.05)

    def performer() -> None:
        kept.wait(timeout=20)
        try:
            enrol(world, performers)
        finally:
            ended.set()

    won, lost = split(race(account, performer))
    assert len(won) == 1 and [type(each) for each in lost] == [CredentialTaken]
