"""What comes late to an erasure: the last letter, links mailed meanwhile, and notes of somebody else's."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def _letter(erasure: str) -> Any:
    """The row of the last letter, by what is known of it: the event that it tells of."""
    from consent.log.models import Outbox
    from consent.registry.models import Erasure

    return Outbox.objects.get(kind="erased", event_id=Erasure.objects.get(id=erasure).event)


def test_it_is_complete_seven_days_after_the_last_letters_key_is_gone_and_the_page_says_so(
    world: "World",
) -> None:
    from consent.log import outbox
    from consent.log.models import Outbox
    from consent.registry.models import Erasure
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer, letter_record

    sealer = world.ports.log.sealer
    erased = erase_performer(world.ports, livemode=True, performer=world.person().id)
    letter = _letter(erased.erasure)
    assert letter.record == letter_record(erased.erasure) and not sealer.is_destroyed(letter.record)
    world.clock.forward(hours=20)  # the mailbox is away
    complete_due(world.ports)
    assert Erasure.objects.get(id=erased.erasure).complete_from == world.clock() + timedelta(days=7)
    assert outbox.mark_sent(letter)
    outbox.destroy_secret(letter, sealer)
    gone_at = world.clock() + timedelta(minutes=5)  # as the database's clock would say
    Outbox.objects.filter(id=letter.id).update(next_attempt_at=gone_at)
    world.clock.forward(days=7, minutes=4)
    complete_due(world.ports)
    waiting = Erasure.objects.get(id=erased.erasure)
    assert (waiting.completed_at, waiting.complete_from) == (None, gone_at + timedelta(days=7))
    world.clock.forward(minutes=1)
    complete_due(world.ports)
    assert Erasure.objects.get(id=erased.erasure).completed_at


def test_a_last_letter_that_cannot_leave_ends_after_a_day(world: "World") -> None:
    from consent.log.outbox import secret_gone_at
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer, letter_record

    erased = erase_performer(world.ports, livemode=True, performer=world.person().id)
    world.clock.forward(hours=23)
    complete_due(world.ports)
    assert secret_gone_at(_letter(erased.erasure)) is None
    world.clock.forward(hours=1)
    complete_due(world.ports)
    letter = _letter(erased.erasure)
    assert letter.given_up_at and letter.sealed is None and secret_gone_at(letter) is not None
    assert world.ports.log.sealer.is_destroyed(letter_record(erased.erasure))


def test_a_restore_brings_no_last_letter_back(world: "World") -> None:
    from consent.registry.operations.erase_performer import erase_performer, letter_record

    person = world.person()
    erased = erase_performer(world.ports, livemode=True, performer=person.id)
    noted = [each for each in world.ports.log.erasures.all() if each.performer == person.id]
    assert any(letter_record(erased.erasure) in each.records for each in noted)


def test_what_is_sealed_while_the_keys_are_destroyed_goes_with_the_rest(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a version that does not ask whether the person is being erased, at the worst moment."""
    from django.db import transaction

    from consent.log import outbox
    from consent.log.models import Outbox
    from consent.log.sealing import Sealer
    from consent.registry.operations.erase_performer import erase_performer

    person, late = world.person(), list[str]()
    really = Sealer.destroy

    def meanwhile(sealer: Sealer, record: str) -> None:
        if not late:
            with transaction.atomic():
                late.append(
                    outbox.put(
                        "link", livemode=True, performer_id=str(person.id), secret=(sealer, "", b"a link")
                    )
                )
        really(sealer, record)

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "destroy", meanwhile)
        erase_performer(world.ports, livemode=True, performer=person.id)
    assert world.ports.log.sealer.is_destroyed(late[0])
    assert not Outbox.objects.filter(id=late[0]).exists()
    noted = [each for each in world.ports.log.erasures.all() if each.performer == person.id]
    assert any(late[0] in each.records for each in noted)


def test_what_came_after_the_rows_were_gone_is_destroyed_and_waited_for(world: "World") -> None:
    from django.db import transaction

    from consent.log import outbox
    from consent.registry.models import Erasure
    from consent.registry.operations.complete_erasure import complete_due
    from consent.registry.operations.erase_performer import erase_performer

    person, sealer = world.person(), world.ports.log.sealer
    erased = erase_performer(world.ports, livemode=True, performer=person.id)
    with transaction.atomic():
        late = outbox.put("link", livemode=True, performer_id=str(person.id), secret=(sealer, "", b"a link"))
    world.clock.forward(days=7)
    complete_due(world.ports)
    waiting = Erasure.objects.get(id=erased.erasure)
    assert sealer.is_destroyed(late)
    assert (waiting.completed_at, waiting.complete_from) == (None, world.clock() + timedelta(days=7))
    world.clock.forward(days=7)
    complete_due(world.ports)
    assert Erasure.objects.get(id=erased.erasure).completed_at


def test_nobody_who_is_being_erased_is_mailed_a_link(world: "World") -> None:
    from consent.log.models import Outbox
    from consent.registry.errors import NotFound
    from consent.registry.models import OneUseLink
    from consent.registry.notices import send_link_mail
    from consent.registry.operations import erase_performer as operation
    from consent.registry.operations.links import make_link

    person = world.person()
    operation._begin(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    with pytest.raises(NotFound):
        make_link(world.ports, kind="stop", performer=person.id)
    with pytest.raises(NotFound):
        send_link_mail(
            world.ports,
            livemode=True,
            performer=person.id,
            expires_at=world.clock(),
            stop=f"{world.ports.origin}/stop/x",
        )
    assert not OneUseLink.objects.filter(performer=person.id).exists()
    assert not Outbox.objects.filter(performer_id=str(person.id)).exists()
    operation.finish_begun(world.ports)


def test_a_forged_note_has_nobody_erased_and_keeps_no_other_note_from_being_followed(world: "World") -> None:
    from consent.log.errors import ErasureNoteError
    from consent.log.families import ERASURE_NOTES_REFUSED
    from consent.log.ports import erasure_notes
    from consent.registry.models import Performer
    from consent.server.backup.erasing_again import erase_noted

    log, victim, restored = world.ports.log, world.person(), world.person()
    erasure_notes(log.objects, derivation=b"not the secret of this registry ..").note(
        at=world.clock(), performer=victim.id, records=[]
    )
    log.erasures.note(at=world.clock(), performer=restored.id, records=[])
    forged = [str(each).split()[1] for each in log.erasures.each() if isinstance(each, ErasureNoteError)]
    try:
        with pytest.raises(ErasureNoteError, match="not made by this registry"):
            erase_noted(world.ports)
    finally:
        for name in forged:
            log.objects.delete(name)
    assert Performer.objects.get(id=victim.id).erasing_at is None
    assert Performer.objects.get(id=restored.id).erasing_at is not None
    assert log.figures.counted().counters[(ERASURE_NOTES_REFUSED.name, ())] >= 1
