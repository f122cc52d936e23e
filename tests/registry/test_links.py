"""Links let one person in once, before they expire, and say nothing else."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.newcomer import Device, enrol

if TYPE_CHECKING:
    from tests.registry.world import World


def operator(world: "World") -> str:
    """A new operator."""
    from consent.registry.operations.accounts import create_operator

    return create_operator(world.ports, display_name="Olga Operator")


def member(world: "World", organization: str, role: str = "owner") -> str:
    """A new member."""
    from consent.registry.operations.members import add_member

    return add_member(
        world.ports,
        livemode=True,
        organization=organization,
        email="m@mail.example",
        role=role,
        display_name="Max Member",
    )


def test_a_link_says_whom_it_is_for_and_works_once(world: "World") -> None:
    from consent.registry.errors import LinkSpent
    from consent.registry.operations.links import link_opens, make_link, use_link

    who = operator(world)
    token = make_link(world.ports, kind="operator", operator=who)
    assert link_opens(world.ports, kind="operator", token=token)
    assert link_opens(world.ports, kind="operator", token=token), "looking uses nothing up"
    assert use_link(world.ports, kind="operator", token=token).operator == who
    assert not link_opens(world.ports, kind="operator", token=token)
    with pytest.raises(LinkSpent):
        use_link(world.ports, kind="operator", token=token)


@pytest.mark.parametrize(
    ("kind", "minutes"), [("operator", 60), ("member", 7 * 24 * 60), ("recovery", 30), ("stop", 15)]
)
def test_a_link_lives_as_long_as_its_kind(world: "World", kind: str, minutes: int) -> None:
    from consent.registry.errors import LinkSpent
    from consent.registry.operations.links import make_link, use_link

    persons: dict[str, Any] = {
        "operator": lambda: {"operator": operator(world)},
        "member": lambda: {"member": member(world, world.organization())},
    }
    person = persons.get(kind, lambda: {"performer": enrol(world, Device()).performer})()
    late, early = (make_link(world.ports, kind=kind, **person) for _ in range(2))
    world.clock.forward(minutes=minutes, seconds=-1)
    use_link(world.ports, kind=kind, token=early)
    world.clock.forward(seconds=1)
    with pytest.raises(LinkSpent):
        use_link(world.ports, kind=kind, token=late)


def test_a_link_of_another_kind_or_no_link_at_all_answers_alike(world: "World") -> None:
    from consent.registry.errors import LinkSpent
    from consent.registry.operations.links import make_link, use_link

    token = make_link(world.ports, kind="stop", performer=enrol(world, Device()).performer)
    for kind, tried in (
        ("recovery", token),
        ("stop", token[:-1]),
        ("stop", token + "A"),
        ("stop", ""),
        ("stop", "é" * 43),
        ("stop", "A" * 100_000),
        ("stop", "\x00"),
    ):
        with pytest.raises(LinkSpent):
            use_link(world.ports, kind=kind, token=tried)
    assert use_link(world.ports, kind="stop", token=token).livemode is True


def test_a_link_for_somebody_who_was_removed_opens_nothing(world: "World") -> None:
    from consent.registry.errors import LinkSpent, NotFound
    from consent.registry.operations.accounts import remove_operator
    from consent.registry.operations.links import make_link, use_link
    from consent.registry.operations.members import remove_member

    organization, gone = world.organization(), operator(world)
    member(world, organization)
    left = member(world, organization, "desk")
    tokens = {
        "operator": make_link(world.ports, kind="operator", operator=gone),
        "member": make_link(world.ports, kind="member", member=left),
    }
    remove_operator(world.ports, operator=gone)
    remove_member(world.ports, livemode=True, organization=organization, member=left)
    for kind, token in tokens.items():
        with pytest.raises(LinkSpent):
            use_link(world.ports, kind=kind, token=token)
    with pytest.raises(NotFound):
        make_link(world.ports, kind="operator", operator=gone)
    with pytest.raises(NotFound):
        make_link(world.ports, kind="member", member=left)


def test_a_link_is_for_exactly_one_person_that_fits_its_kind(world: "World") -> None:
    from consent.registry.errors import Invalid
    from consent.registry.operations.links import make_link

    performer, who = enrol(world, Device()).performer, operator(world)
    wrong: tuple[dict[str, Any], ...] = (
        {"kind": "stop"},
        {"kind": "stop", "operator": who},
        {"kind": "operator", "operator": who, "performer": performer},
        {"kind": "signing", "performer": performer},
    )
    for options in wrong:
        with pytest.raises(Invalid):
            make_link(world.ports, **options)


def test_links_that_ran_out_and_choices_of_closed_offers_are_forgotten(world: "World") -> None:
    from consent.registry.models import OfferChoice, OneUseLink
    from consent.registry.operations.choices import save_choice
    from consent.registry.operations.close_offer import decline_offer
    from consent.registry.operations.links import make_link, use_link
    from consent.registry.operations.sweep_grants import forget_expired

    person, organization, who = world.person(), world.organization(), operator(world)
    told = {"performer": person.id, "lines": [], "language": "en"}
    open_offer, closed = world.offer(organization, person), world.offer(organization, person)
    for offer in (open_offer, closed):
        save_choice(world.ports, offer=offer, **told)  # type: ignore[arg-type]
    decline_offer(world.ports, livemode=True, performer=person.id, offer=closed)
    old = make_link(world.ports, kind="operator", operator=who)
    world.clock.forward(days=2)
    new = make_link(world.ports, kind="operator", operator=who)
    forget_expired(world.ports)
    assert OneUseLink.objects.filter(operator=who).count() == 1 and old != new
    assert use_link(world.ports, kind="operator", token=new).operator == who
    kept = OfferChoice.objects.filter(offer__in=(open_offer, closed))
    assert list(kept.values_list("offer_id", flat=True)) == [open_offer]
