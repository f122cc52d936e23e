"""Limits: standing prohibitions over everything, version after version."""

from typing import TYPE_CHECKING, Any

import pytest

from signing.statement import body_sha256
from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import Person, World

NO_VOICE: list[dict[str, Any]] = [{"uses": ["train.voice"]}]


def set_limits(world: "World", person: "Person", version: int, previous: str | None, never: Any) -> str:
    """Set limits; returns the body's digest."""
    body = world.limits(person.key, version=version, previous=previous, never=never)
    answer = world.submit(person.key.sign(body))
    assert (answer.kind, answer.state, answer.grant) == ("limits", "current", None)
    assert answer.enforced_at is not None
    return body_sha256(body)


def test_limits_deny_at_every_organization_and_lifting_them_allows_again(world: "World") -> None:
    person = world.person()
    organizations = [world.organization() for _ in range(2)]
    for organization in organizations:
        world.grant(organization, person)
    digest = set_limits(world, person, 1, None, NO_VOICE)
    for organization in organizations:
        reference = world.reference(organization, person)
        assert world.ask(organization, reference).reasons == ("performer_limits",)
        assert world.ask(organization, reference, "infer.voice").allowed
    set_limits(world, person, 2, digest, None)
    assert world.ask(organization, reference).allowed


@pytest.mark.parametrize(("version", "previous"), [(3, "f" * 64), (1, None), (2, "f" * 64)])
def test_limits_follow_the_last_version_and_name_its_digest(
    world: "World", version: int, previous: str | None
) -> None:
    from consent.registry.errors import LimitsVersionConflict

    person = world.person()
    set_limits(world, person, 1, None, NO_VOICE)
    with pytest.raises(LimitsVersionConflict):
        set_limits(world, person, version, previous, NO_VOICE)


def test_a_young_key_tightens_at_once_and_loosens_after_72_hours(world: "World") -> None:
    from consent.registry.errors import CredentialWaiting
    from tests.registry.test_credentials import add_key

    person = world.person()
    digest = set_limits(world, person, 1, None, NO_VOICE)
    person.key = add_key(world, person)
    tighter = [*NO_VOICE, {"purposes": ["political"]}]
    digest = set_limits(world, person, 2, digest, tighter)
    with pytest.raises(CredentialWaiting):
        set_limits(world, person, 3, digest, NO_VOICE)
    world.clock.forward(hours=72)
    set_limits(world, person, 3, digest, NO_VOICE)


def test_limits_that_are_missing_or_rolled_back_deny_everything(world: "World", database: str) -> None:
    import psycopg

    organization, person = world.organization(), world.person()
    world.grant(organization, person, terms(TRAIN))
    digest = set_limits(world, person, 1, None, [{"purposes": ["political"]}])
    set_limits(world, person, 2, digest, [{"purposes": ["religious"]}, {"purposes": ["political"]}])
    reference = world.reference(organization, person)
    assert world.ask(organization, reference).allowed
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE registry_limits DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM registry_limits WHERE performer_id = %s AND version = 2", [person.id])
        connection.execute("ALTER TABLE registry_limits ENABLE TRIGGER ALL")
    assert "performer_limits" in world.ask(organization, reference).reasons


def test_limits_altered_or_exchanged_in_their_rows_change_nothing_or_deny_everything(
    world: "World", database: str
) -> None:
    import psycopg

    organization, person, other = world.organization(), world.person(), world.person()
    world.grant(organization, person)
    set_limits(world, person, 1, None, NO_VOICE)
    set_limits(world, other, 1, None, [{"purposes": ["political"]}])
    reference = world.reference(organization, person)
    exchanged = f"(SELECT statement_id FROM registry_limits WHERE performer_id = '{other.id}')"
    for change, use in (("terms = '{}'", "train.voice"), (f"statement_id = {exchanged}", "infer.voice")):
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("ALTER TABLE registry_limits DISABLE TRIGGER ALL")
            connection.execute(
                f"UPDATE registry_limits SET {change} WHERE performer_id = '{person.id}'"  # type: ignore[arg-type]
            )
            connection.execute("ALTER TABLE registry_limits ENABLE TRIGGER ALL")
        assert not world.ask(organization, reference, use).allowed
