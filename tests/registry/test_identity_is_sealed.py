"""Legal name, birth date and e-mail stand nowhere in plain: no column, no event, no log line, no error."""

import logging
from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.registry.world import World

PLANTED = ("Zephyrine Quillfeather", "1987-06-05", "zephyrine@hidden.example")


def test_a_dump_of_the_database_holds_no_planted_word(
    world: "World", database: str, caplog: pytest.LogCaptureFixture
) -> None:
    from consent.registry.operations.enrol_performer import enrol_performer
    from consent.registry.operations.import_prior_record import import_prior_record
    from consent.registry.operations.members import add_member
    from consent.registry.operations.send_offer import NewInvitation, send_offer
    from signing.keys import PrivateKey
    from tests.registry.test_offers import draft
    from tests.registry.world import Key, Person

    caplog.set_level(logging.DEBUG)
    organization, key = world.organization(), Key(software=PrivateKey.generate())
    enrolled = enrol_performer(
        world.ports,
        livemode=True,
        public_key=key.public,
        kind="ed25519",
        legal_name=PLANTED[0],
        birth_date=date.fromisoformat(PLANTED[1]),
        email=PLANTED[2],
        stage_names=["Z"],
        label="phone",
    )
    world.verify(enrolled.performer)
    person = Person(id=enrolled.performer, key=key, livemode=True, stage_name="Z")
    world.say("revocation", str(world.grant(organization, person).grant), key)
    add_member(
        world.ports,
        livemode=True,
        organization=organization,
        email=PLANTED[2],
        role="desk",
        display_name="Z",
    )
    send_offer(
        world.ports,
        livemode=True,
        organization=organization,
        offer=draft(world, organization),
        invitation=NewInvitation(language="en", email=PLANTED[2]),
    )
    import_prior_record(
        world.ports,
        livemode=True,
        organization=organization,
        who=PLANTED[0],
        signed_on=date(2019, 1, 1),
        uses=["train.voice"],
        scan_sha256="12" * 32,
        vouched_by=PLANTED[0],
    )
    dump = everything(database)
    for word in PLANTED:
        assert word not in dump and word.encode().hex() not in dump
        assert word not in caplog.text


def everything(database: str) -> str:
    """Every row of every table as text; bytea shows as hex."""
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return "\n".join(
            str(row[0])
            for (table,) in tables
            for row in connection.execute(f"SELECT t::text FROM {table} t")  # type: ignore[arg-type]
        )


def test_an_examiner_can_open_the_record_and_errors_repeat_nothing(world: "World") -> None:
    from consent.registry.errors import Invalid
    from consent.registry.models import IdentityRecord
    from consent.registry.operations.enrol_performer import IDENTITY_PURPOSE, enrol_performer
    from consent.registry.stored_json import from_bytes
    from signing.keys import PrivateKey

    person = world.person()
    row = IdentityRecord.objects.get(performer_id=person.id)
    opened = world.ports.log.sealer.open(row.record, bytes(row.sealed), purpose=IDENTITY_PURPOSE)
    assert from_bytes(opened)["legal_name"] == "Adelheid Querfurth"
    with pytest.raises(Invalid) as caught:
        enrol_performer(
            world.ports,
            livemode=True,
            public_key=PrivateKey.generate().public,
            kind="ed25519",
            legal_name=f"{PLANTED[0]}\u202e",
            birth_date=date(1990, 1, 1),
            email=PLANTED[2],
            stage_names=["Z"],
            label="phone",
        )
    shown = repr(caught.value) + str(vars(caught.value))
    assert not any(word in shown for word in PLANTED)
