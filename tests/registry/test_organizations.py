"""Organizations, members and API keys."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def test_sides_are_opened_apart_and_a_test_organization_never_goes_live(world: "World") -> None:
    from consent.registry.errors import Conflict, Invalid, NotFound
    from consent.registry.operations.api_keys import create_api_key
    from consent.registry.operations.create_organization import create_organization, open_side

    organization = world.organization()
    told: dict[str, Any] = {"organization": organization, "name": "k", "scopes": ["check"]}
    with pytest.raises(NotFound):
        create_api_key(world.ports, livemode=False, **told)
    open_side(world.ports, livemode=False, organization=organization)
    with pytest.raises(Conflict):
        open_side(world.ports, livemode=False, organization=organization)
    create_api_key(world.ports, livemode=False, **told)
    details: dict[str, Any] = {"legal_name": "Demo", "country": "DE", "contact": "x"}
    readable = "org_test_" + organization[4:20]
    create_organization(world.ports, livemode=False, organization=readable, **details)
    for call in (
        lambda: open_side(world.ports, livemode=True, organization=readable),
        lambda: create_organization(world.ports, livemode=True, organization=readable, **details),
    ):
        with pytest.raises(Invalid):
            call()
    with pytest.raises(Conflict):
        create_organization(world.ports, livemode=False, organization=readable, **details)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("legal_name", ""),
        ("legal_name", "a\x00b"),
        ("legal_name", "a\u202eb"),
        ("country", "UK"),
        ("contact", " x"),
    ],
)
def test_details_must_be_fit_for_a_signed_body(world: "World", member: str, value: str) -> None:
    from consent.registry.errors import Invalid
    from consent.registry.operations.create_organization import create_organization
    from consent.registry.operations.update_organization import update_organization

    details: dict[str, Any] = {"legal_name": "Demo", "country": "DE", "contact": "x", member: value}
    with pytest.raises(Invalid) as caught:
        create_organization(world.ports, livemode=True, **details)
    assert caught.value.pointer == f"/{member}"
    with pytest.raises(Invalid):
        update_organization(world.ports, livemode=True, organization=world.organization(), **{member: value})


def test_new_bodies_carry_the_new_name(world: "World") -> None:
    from consent.registry.operations.update_organization import update_organization

    organization, person = world.organization(), world.person()
    offer = world.offer(organization, person)
    update_organization(world.ports, livemode=True, organization=organization, legal_name="Südlicht AG")
    assert world.prepare(person, offer).body["licensee"]["legal_name"] == "Südlicht AG"


def test_the_last_owner_stays(world: "World") -> None:
    from consent.registry.errors import LastOwner, NotFound
    from consent.registry.models import Member
    from consent.registry.operations.members import add_member, remove_member

    organization = world.organization()
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    owner, other = (
        add_member(
            world.ports,
            email=f"{name}@mail.example",
            role=role,
            display_name=name,
            **told,
        )
        for name, role in (("Olga", "owner"), ("Dev", "developer"))
    )
    with pytest.raises(LastOwner):
        remove_member(world.ports, member=owner, **told)
    remove_member(world.ports, member=other, **told)
    with pytest.raises(NotFound):
        remove_member(world.ports, member=other, **told)
    sealed = Member.objects.get(id=owner)
    assert b"mail.example" not in bytes(sealed.sealed)
    opened = world.ports.log.sealer.open(sealed.record, bytes(sealed.sealed), purpose="member-email")
    assert opened == b"Olga@mail.example"


def test_a_secret_is_told_once_and_kept_as_a_digest(world: "World") -> None:
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import create_api_key, secret_digest

    organization = world.organization()
    made = create_api_key(
        world.ports,
        livemode=True,
        organization=organization,
        name="pipeline",
        scopes=["check", "receipts"],
        context={"territory": "DE", "language": "de"},
        capabilities=["mark.c2pa"],
        expires_at=world.clock.now + timedelta(days=30),
    )
    assert made.secret.startswith("crk_live_") and made.secret not in repr(made)
    row = ApiKey.objects.get(digest=secret_digest(made.secret))
    assert (row.id, row.context, row.capabilities) == (
        made.id,
        {"territory": "DE", "language": "de"},
        ["mark.c2pa"],
    )
    assert made.secret.startswith(row.hint) and len(row.hint) < 20


@pytest.mark.parametrize(
    "members",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"capabilities": ["mark.nothing"]},
        {"context": {"territory": "EU"}},
        {"context": {"colour": "red"}},
        {"name": ""},
    ],
)
def test_a_key_is_refused_what_nobody_knows(world: "World", members: dict[str, Any]) -> None:
    from consent.registry.errors import Invalid
    from consent.registry.operations.api_keys import create_api_key

    told: dict[str, Any] = {"name": "k", "scopes": ["check"], **members}
    with pytest.raises(Invalid):
        create_api_key(world.ports, livemode=True, organization=world.organization(), **told)


def test_rotation_keeps_the_powers_and_the_old_key_stops(world: "World", waits: list[float]) -> None:
    from consent.registry.answers import enforced
    from consent.registry.errors import StateConflict
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import create_api_key, revoke_api_key, rotate_api_key

    told: dict[str, Any] = {"livemode": True, "organization": world.organization()}
    first = create_api_key(world.ports, name="k", scopes=["check"], context={"language": "de"}, **told)
    second = rotate_api_key(world.ports, key=first.id, overlap_s=3600, **told)
    assert ApiKey.objects.get(id=first.id).expires_at == world.clock.now + timedelta(hours=1)
    third = rotate_api_key(world.ports, key=second.id, **told)
    assert enforced(third.written, world.ports) is not None and sum(waits) >= 0.315
    assert ApiKey.objects.get(id=second.id).revoked_at is not None
    assert ApiKey.objects.get(id=third.id).context == {"language": "de"}
    with pytest.raises(StateConflict):
        rotate_api_key(world.ports, key=second.id, **told)
    revoke_api_key(world.ports, key=third.id, **told)
    with pytest.raises(StateConflict):
        revoke_api_key(world.ports, key=third.id, **told)
