"""Erasing with a registry's own wiring: the pages forget too, and a start believes no forged note."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.backup_place import empty_place


def test_an_erasure_by_the_api_ends_what_a_browser_began_and_no_start_believes_a_forged_note(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.errors import ErasureNoteError
    from consent.log.ports import erasure_notes
    from consent.registry.models import Performer
    from consent.registry.operations.erase_by_key import erase_by_key
    from consent.server.preparing import prepare
    from consent.web.models import Session
    from consent.web.who import performer_subject
    from tests.registry.world import Clock, World

    with empty_place(postgres_server, tmp_path / "data", objects=tmp_path / "objects") as place:
        wiring = prepare(place.settings())
        world = World(ports=wiring.registry, clock=Clock())
        person, victim = world.person(), world.person()
        for each in (person, victim):
            Session.objects.create(
                session_key=f"session of {each.stage_name} {each.id}"[:64],
                origin="main",
                subject=performer_subject(each.id),
                expire_date=datetime.now(UTC) + timedelta(hours=1),
            )
        erase_by_key(
            wiring.api.registry,
            livemode=True,
            performer=person.id,
            thumbprint=person.key.thumbprint,
            elsewhere=wiring.api.forget_elsewhere,
        )
        assert not Session.objects.filter(subject=performer_subject(person.id)).exists()

        objects = wiring.registry.log.objects
        ours = set(objects.keys("erased/"))
        erasure_notes(objects, derivation=bytes(32)).note(
            at=datetime.now(UTC), performer=victim.id, records=[]
        )
        [forged] = set(objects.keys("erased/")) - ours
        with pytest.raises(ErasureNoteError, match=f"{forged}.*was not made by this registry"):
            prepare(place.settings())
        assert Performer.objects.get(id=victim.id).erasing_at is None
        assert Session.objects.filter(subject=performer_subject(victim.id)).exists()
        objects.delete(forged)
        prepare(place.settings())
