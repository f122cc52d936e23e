"""Erasing a person: consents end first, keys and rows go, the history stands, and a tombstone is left."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def test_an_erasure_ends_everything_and_leaves_a_tombstone(world: "World", waits: list[float]) -> None:
    from consent.log.models import ErasurePermit, Event
    from consent.log.verify import verify_history
    from consent.registry.models import Erasure, Grant, PairwiseReference, Performer, StatusSlot
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer

    organization, person = world.organization(), world.person(passkey=True)
    grant = str(world.grant(organization, person).grant)
    reference = world.reference(organization, person)
    slot = Grant.objects.values("livemode", "status_list", "status_index").get(id=grant)
    assert world.ask(organization, reference).allowed
    seqs = list(Event.objects.filter(performer_id=str(person.id)).values_list("seq", "entry", "chain"))
    waits.clear()
    erased = erase_performer(world.ports, livemode=True, performer=person.id)
    assert sum(waits) >= 0.315 and erased.enforced_at is not None
    assert not world.ask(organization, reference).allowed
    assert not Grant.objects.filter(id=grant).exists() and StatusSlot.objects.filter(**slot).exists()
    assert not Event.objects.filter(performer_id=str(person.id)).exclude(kind="performer.erased").exists()
    assert erase_performer(world.ports, livemode=True, performer=person.id) == erased
    complete_due(world.ports)
    assert Erasure.objects.get(id=erased.erasure).completed_at is None
    world.clock.forward(days=7)
    complete_due(world.ports)
    tombstone = Erasure.objects.get(id=erased.erasure)
    assert (tombstone.performer, tombstone.ground) == (None, "performer") and tombstone.completed_at
    assert not Performer.objects.filter(id=person.id).exists()
    assert not PairwiseReference.objects.filter(reference=reference).exists()
    assert ErasurePermit.objects.get(erasure=erased.erasure).subject is None
    assert not world.ask(organization, reference).allowed
    for seq, entry, chain in seqs:
        row = Event.objects.get(livemode=True, seq=seq)
        assert (bytes(row.entry), bytes(row.chain)) == (bytes(entry), bytes(chain))
        assert (row.kind, row.record, bytes(row.sealed)) == ("erased", "erased", b"")
    verify_history(True)


class Killed(BaseException):
    """As a process that dies: nothing catches it."""


def test_killed_at_any_step_it_denies_at_once_and_the_next_run_completes(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.erasures import ErasureNotes
    from consent.log.sealing import Sealer
    from consent.registry.models import Erasure, Grant, IdentityRecord
    from consent.registry.operations import erase_performer as operation

    steps = [
        (operation, "seen"),
        (operation, "enforced"),
        (ErasureNotes, "note"),
        (Sealer, "destroy"),
        (operation, "_forget_rows"),
        (operation.ErasurePermit.objects, "create"),
    ]
    for place, (owner, name) in enumerate(steps):
        organization, person = world.organization(), world.person()
        grant = str(world.grant(organization, person).grant)
        reference = world.reference(organization, person)
        record = IdentityRecord.objects.get(performer_id=person.id).record

        def die(*args: object, **options: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, die)
            with pytest.raises(Killed):
                operation.erase_performer(world.ports, livemode=True, performer=person.id)
        begun = Erasure.objects.filter(performer=person.id)
        if place == len(steps) - 1:  # within the first step: as if nobody had asked
            assert not begun.exists() and world.ask(organization, reference).allowed
        else:
            assert not world.ask(organization, reference).allowed and Grant.objects.get(id=grant).ended_at
        done = operation.erase_performer(world.ports, livemode=True, performer=person.id)
        assert done.erased_at and not Grant.objects.filter(id=grant).exists()
        with pytest.raises(Exception, match="destroyed"):
            world.ports.log.sealer.open(record, b"", purpose="identity")


def test_whoever_comes_next_goes_on_and_two_at_once_erase_once(world: "World") -> None:
    from consent.log.models import Event
    from consent.registry.models import Erasure
    from consent.registry.operations import erase_performer as operation

    person = world.person()
    begun = operation._begin(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    forgotten = []
    assert operation.finish_begun(world.ports, elsewhere=[forgotten.append]) >= 1
    assert person.id in forgotten
    first = Erasure.objects.get(id=begun.id).erased_at
    assert operation._forget_rows(world.ports, begun, destroyed=set()) == set()
    assert Erasure.objects.get(id=begun.id).erased_at == first
    assert Event.objects.filter(performer_id=str(person.id)).count() == 1


def test_an_erasure_that_the_database_refuses_keeps_no_other_from_its_end(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import IntegrityError

    from consent.registry.models import Erasure
    from consent.registry.operations import complete_erasure, erase_performer

    began = [
        erase_performer._begin(
            world.ports, livemode=True, performer=world.person().id, ground="order", decided_by="operator-1"
        )
        for _ in range(2)
    ]

    def refusing(really: Any) -> Any:
        def step(ports: Any, erasure: Any, **more: Any) -> Any:
            if erasure.id == began[0].id:
                raise IntegrityError("a row refers to it")
            return really(ports, erasure, **more)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(erase_performer, "_forget_rows", refusing(erase_performer._forget_rows))
        with pytest.raises(IntegrityError, match="refers"):
            erase_performer.finish_begun(world.ports)
        assert [Erasure.objects.get(id=each.id).erased_at is None for each in began] == [True, False]
    erase_performer.finish_begun(world.ports)
    world.clock.forward(days=7)
    with monkeypatch.context() as patch:
        patch.setattr(complete_erasure, "_complete", refusing(complete_erasure._complete))
        with pytest.raises(IntegrityError, match="refers"):
            complete_erasure.complete_due(world.ports)
        assert [Erasure.objects.get(id=each.id).completed_at is None for each in began] == [True, False]
    complete_erasure.complete_due(world.ports)
    assert all(Erasure.objects.get(id=each.id).completed_at for each in began)


def test_a_person_who_is_being_erased_is_written_about_no_more(world: "World") -> None:
    from consent.registry.errors import NotFound, RegistryError
    from consent.registry.operations import erase_performer as operation
    from consent.registry.operations.references import remove_external_id, set_external_id

    organization, person = world.organization(), world.person()
    offer = world.offer(organization, person)
    prepared = world.prepare(person, offer)
    named = {"livemode": True, "organization": organization}
    reference = world.reference(organization, person)
    set_external_id(world.ports, performer=reference, external_id="before", **named)  # type: ignore[arg-type]
    operation._begin(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    with pytest.raises(NotFound):
        set_external_id(world.ports, performer=reference, external_id="Adelheid", **named)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        remove_external_id(world.ports, external_id="before", **named)  # type: ignore[arg-type]
    with pytest.raises(RegistryError):
        world.submit(person.key.sign(prepared.body, text=prepared.text))
    with pytest.raises(NotFound):
        world.verify(person.id)
    operation.finish_begun(world.ports)


def test_a_restored_person_is_erased_again_though_the_keys_are_gone(world: "World") -> None:
    from consent.registry.models import Erasure, Grant, IdentityRecord, Performer
    from consent.registry.operations.erase_performer import erase_again

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    reference = world.reference(organization, person)
    for record in (
        Performer.objects.get(id=person.id).record,
        IdentityRecord.objects.get(performer_id=person.id).record,
    ):
        world.ports.log.sealer.destroy(record)
    erase_again(person.id, ports=world.ports)
    assert Erasure.objects.get(performer=person.id).ground == "restored"
    assert not Grant.objects.filter(id=grant).exists()
    assert not world.ask(organization, reference).allowed
    erase_again(person.id, ports=world.ports)


def test_a_legal_hold_refuses_with_its_ground_and_its_day_and_ending_stays_possible(world: "World") -> None:
    from consent.registry.errors import Invalid, OnLegalHold
    from consent.registry.models import Grant, Performer
    from consent.registry.operations.erase_performer import erase_performer
    from consent.registry.operations.legal_holds import holds_on, lift_legal_hold, place_legal_hold

    person = world.person()
    grant = str(world.grant(world.organization(), person).grant)
    until = world.clock().replace(year=2028)
    told = {"livemode": True, "performer": person.id, "placed_by": "operator-1"}
    with pytest.raises(Invalid):
        place_legal_hold(world.ports, ground="x", until=world.clock(), **told)  # type: ignore[arg-type]
    hold = place_legal_hold(world.ports, ground="A claim is open.", until=until, **told)  # type: ignore[arg-type]
    with pytest.raises(OnLegalHold) as refused:
        erase_performer(world.ports, livemode=True, performer=person.id)
    assert (refused.value.hold, refused.value.ground, refused.value.until) == (
        hold,
        "A claim is open.",
        until,
    )
    assert Performer.objects.get(id=person.id).erasing_at is None
    assert Grant.objects.get(id=grant).state == "active"
    assert world.say("revocation", grant, person.key).enforced_at
    lift_legal_hold(world.ports, hold=hold, lifted_by="operator-2")
    assert holds_on(world.ports, performer=person.id) == []
    [over] = holds_on(world.ports, performer=person.id, standing=False)
    assert (over.lifted_by, over.ground) == ("operator-2", "A claim is open.")
    assert erase_performer(world.ports, livemode=True, performer=person.id).erased_at


def test_licensees_read_it_in_the_feed(world: "World") -> None:
    from consent.registry.models import FeedEntry
    from consent.registry.operations.erase_performer import erase_performer

    licensee, acquainted, person = world.organization(), world.organization(), world.person()
    grant = str(world.grant(licensee, person).grant)
    world.reference(acquainted, person)
    erase_performer(world.ports, livemode=True, performer=person.id)
    told = FeedEntry.objects.filter(organization_id=licensee).order_by("n").values_list("event", "grant")
    assert ("grant.ended", grant) in told
    assert list(told)[-1] == ("performer.erased", None)
    assert FeedEntry.objects.filter(organization_id=acquainted).last().event == "performer.erased"  # type: ignore[union-attr]
