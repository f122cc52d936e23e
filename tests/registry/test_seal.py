"""Whoever can write every row, but does not hold the registry's key, makes no grant count."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import INFER, TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import World


def denied(world: "World", organization: str, reference: str, **asked: Any) -> bool:
    """Whether a check that the row would allow is denied."""
    from consent.registry.pair_facts import seal_failures

    before = seal_failures.count
    decision = world.ask(organization, reference, **asked)
    return not decision.allowed and seal_failures.count > before


def a_grant(world: "World", *lines: dict[str, Any]) -> tuple[str, str, str]:
    """Organization, reference and grant of a consent that a check allows."""
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(*lines) if lines else None).grant)
    reference = world.reference(organization, person)
    assert world.ask(organization, reference).allowed
    return organization, reference, grant


def test_terms_altered_in_the_row_deny(world: "World", intruder: Any) -> None:
    organization, reference, grant = a_grant(world, TRAIN)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET terms = convert_to(replace(convert_from(terms, 'UTF8'), "
            "'train.voice', 'infer.voice'), 'UTF8') WHERE id = %s",
            [grant],
        )
    assert denied(world, organization, reference, use="infer.voice")
    assert denied(world, organization, reference)


def test_terms_altered_together_with_their_digest_deny(world: "World", intruder: Any) -> None:
    organization, reference, grant = a_grant(world, TRAIN)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET terms = convert_to(replace(convert_from(terms, 'UTF8'), "
            "'train.voice', 'infer.voice'), 'UTF8') WHERE id = %s",
            [grant],
        )
        connection.execute(
            "UPDATE registry_grant SET terms_sha256 = encode(sha256(terms), 'hex') WHERE id = %s", [grant]
        )
    assert denied(world, organization, reference, use="infer.voice")


@pytest.mark.parametrize("seal", ["", "a.b.c", "not a token"])
def test_a_row_without_a_real_seal_denies(world: "World", intruder: Any, seal: str) -> None:
    organization, reference, grant = a_grant(world)
    with intruder() as connection:
        connection.execute("UPDATE registry_grant SET seal = %s WHERE id = %s", [seal, grant])
    assert denied(world, organization, reference)


def test_the_seal_of_another_grant_denies(world: "World", intruder: Any) -> None:
    organization, person = world.organization(), world.person()
    first = str(world.grant(organization, person, terms(INFER)).grant)
    world.grant(organization, person, terms(TRAIN))
    reference = world.reference(organization, person)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant g SET terms = o.terms, terms_sha256 = o.terms_sha256, seal = o.seal "
            "FROM registry_grant o WHERE g.id = %s AND o.performer_id = g.performer_id AND o.id <> g.id",
            [first],
        )
        connection.execute(
            "UPDATE registry_grant SET seal = 'gone' WHERE id <> %s AND performer_id = "
            "(SELECT performer_id FROM registry_grant WHERE id = %s)",
            [first, first],
        )
    assert denied(world, organization, reference)


def test_a_fabricated_row_denies(world: "World", intruder: Any) -> None:
    """A copy of a real grant, given to another organization that the performer never signed for."""
    _, _, grant = a_grant(world)
    from consent.registry.models import Grant

    victim = Grant.objects.get(id=grant).performer_id
    thief = world.organization("Thief Ltd")
    with intruder() as connection:
        connection.execute(
            "INSERT INTO registry_pairwisereference (reference, performer_id, organization_id, livemode, "
            "created_at) VALUES ('prf_stolen', %s, %s, true, now())",
            [victim, thief],
        )
        columns = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'registry_grant'"
            )
        ]
        replaced = {
            "id": "'grt_" + "b" * 26 + "'",
            "organization_id": f"'{thief}'",
            "reference": "'prf_stolen'",
            "offer_id": "'off_stolen'",
            "status_index": "(status_index + 1) %% 1048576",
        }
        chosen = ", ".join(replaced.get(name, name) for name in columns)
        connection.execute(
            f"INSERT INTO registry_grant ({', '.join(columns)}) SELECT {chosen} FROM registry_grant "  # type: ignore[arg-type]
            "WHERE id = %s",
            [grant],
        )
    assert denied(world, thief, "prf_stolen")


def test_grants_moved_to_another_pair_deny(world: "World", intruder: Any) -> None:
    organization, person, other = world.organization(), world.person(), world.person()
    grant = str(world.grant(organization, person).grant)
    theirs = world.reference(organization, other)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET performer_id = %s, reference = %s WHERE id = %s",
            [other.id, theirs, grant],
        )
    assert denied(world, organization, theirs)


def test_two_pairs_that_swapped_their_references_deny(world: "World", intruder: Any) -> None:
    organization, person, other = world.organization(), world.person(), world.person()
    world.grant(organization, person, terms(TRAIN))
    world.grant(organization, other, terms(INFER))
    mine, theirs = world.reference(organization, person), world.reference(organization, other)
    with intruder() as connection:
        for performer, reference in ((person.id, "prf_swap"), (other.id, mine), (person.id, theirs)):
            connection.execute(
                "UPDATE registry_pairwisereference SET reference = %s WHERE performer_id = %s "
                "AND organization_id = %s",
                [reference, performer, organization],
            )
    assert denied(world, organization, theirs)
    assert denied(world, organization, mine, use="infer.voice")


def test_an_ended_grant_that_somebody_set_back_to_active_denies(world: "World", intruder: Any) -> None:
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    world.say("revocation", grant, person.key)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET state = 'active', ended_at = NULL WHERE id = %s", [grant]
        )
    assert denied(world, organization, world.reference(organization, person))


def test_a_grant_that_somebody_set_back_holds_up_nobody_elses_expiry(world: "World", intruder: Any) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.sweep_grants import expire_due

    organization, person, other = world.organization(), world.person(), world.person()
    grant = str(world.grant(organization, person).grant)
    sound = str(world.grant(organization, other).grant)
    world.say("revocation", grant, person.key)
    with intruder() as connection:
        connection.execute(
            "UPDATE registry_grant SET state = 'active', ended_at = NULL WHERE id = %s", [grant]
        )
    world.clock.forward(days=366 * 2)
    expire_due(world.ports, livemode=True, limit=100_000)
    assert Grant.objects.get(id=sound).ended_at is not None
    assert Grant.objects.get(id=grant).state == "active"  # as it was found; it denies


def test_a_seal_of_the_other_side_or_of_a_key_that_is_not_the_registrys_denies(
    world: "World", intruder: Any
) -> None:
    from consent.registry.grant_seal import SealedParts, make_seal
    from consent.registry.models import Grant
    from tests.registry.world import signers

    organization, reference, grant = a_grant(world)
    row = Grant.objects.get(id=grant)
    parts = SealedParts(
        grant=grant,
        grant_sha256=row.grant_sha256,
        terms_sha256=row.terms_sha256,
        performer=row.reference,
        licensee=organization,
        livemode=True,
        status_list=row.status_list,
        status_index=row.status_index,
        signed_at=row.signed_at,
    )
    for foreign in (world.ports.signers[False], signers(True)):
        seal = make_seal(parts, signers=foreign)
        with intruder() as connection:
            connection.execute("UPDATE registry_grant SET seal = %s WHERE id = %s", [seal, grant])
        assert denied(world, organization, reference)
    with intruder() as connection:
        good = make_seal(parts, signers=world.ports.signers[True])
        connection.execute("UPDATE registry_grant SET seal = %s WHERE id = %s", [good, grant])
    assert world.ask(organization, reference).allowed, json.dumps(parts.payload(), default=str)


def test_an_altered_instant_of_signing_or_status_place_denies(world: "World", intruder: Any) -> None:
    organization, reference, grant = a_grant(world)
    for change in (
        "signed_at = signed_at + interval '1 second'",
        "status_index = (status_index + 1) %% 1048576",
    ):
        with intruder() as connection:
            connection.execute(f"UPDATE registry_grant SET {change} WHERE id = %s", [grant])  # type: ignore[arg-type]
        assert denied(world, organization, reference)
