"""An invitation can be read without using it up, and nothing chosen is lost on the way."""

from typing import TYPE_CHECKING

import pytest

from tests.registry.newcomer import Device, enrol

if TYPE_CHECKING:
    from tests.registry.world import World


def test_reading_an_invitation_uses_nothing_up_and_marks_nothing(world: "World") -> None:
    from consent.registry.models import Invitation, Offer
    from consent.registry.queries.invitations import read_invitation

    organization = world.organization()
    offer, code = world.invite(organization)
    for _ in range(3):
        seen = read_invitation(world.ports, code=code.lower())
        assert seen is not None
    assert (seen.offer, seen.organization.id, seen.livemode, seen.language, seen.state) == (
        offer,
        organization,
        True,
        "en",
        "offered",
    )
    assert seen.organization.legal_name == "Northlight Audio GmbH" and seen.terms["lines"]
    assert "en" in seen.languages and not seen.redeemed
    assert Invitation.objects.get(offer=offer).redeemed_at is None
    assert Offer.objects.get(id=offer).viewed_at is None


def test_a_spent_code_reads_like_an_unknown_one_but_for_who_redeemed_it(world: "World") -> None:
    from consent.registry.operations.close_offer import withdraw_offer
    from consent.registry.operations.invitations import revoke_invitation
    from consent.registry.queries.invitations import read_invitation

    organization = world.organization()
    _, used = world.invite(organization)
    mine = enrol(world, Device(), code=used).performer
    stranger = enrol(world, Device()).performer
    seen = read_invitation(world.ports, code=used, performer=mine)
    assert seen is not None and seen.redeemed
    offer, revoked = world.invite(organization)
    invitation = read_invitation(world.ports, code=revoked)
    assert invitation is not None
    revoke_invitation(world.ports, livemode=True, organization=organization, invitation=invitation.invitation)
    withdrawn_offer, withdrawn = world.invite(organization)
    withdraw_offer(world.ports, livemode=True, organization=organization, offer=withdrawn_offer)
    for code in (used, revoked, withdrawn, "0000-0000-0000-0000", "", "\x00", "é"):
        assert read_invitation(world.ports, code=code) is None
        assert read_invitation(world.ports, code=code, performer=stranger) is None
    _, late = world.invite(organization)
    world.clock.forward(days=14)
    assert read_invitation(world.ports, code=late) is None
    assert read_invitation(world.ports, code=used, performer=mine) is not None
    assert offer


def test_what_was_chosen_with_the_code_is_there_after_joining(world: "World") -> None:
    from consent.registry.operations.choices import read_choice, save_choice

    offer, code = world.invite(world.organization())
    assert read_choice(offer) is None
    save_choice(world.ports, code=code, lines=[], language="en", performer_name="Ada Quill")
    line = line_of(world, code)
    save_choice(world.ports, code=code, lines=[line, line], language="en", performer_name="Ada Quill")
    performer = enrol(world, Device(), code=code).performer
    kept = read_choice(offer)
    assert kept is not None
    assert (kept.lines, kept.performer_name, kept.language) == ({line}, "Ada Quill", "en")
    save_choice(world.ports, offer=offer, performer=performer, lines=[], language="en")
    save_choice(world.ports, code=code, performer=performer, lines=[line], language="en")
    kept = read_choice(offer)
    assert kept is not None and kept.lines == {line}


def line_of(world: "World", code: str) -> str:
    """The first line of an invitation's offer."""
    from consent.registry.queries.invitations import read_invitation

    seen = read_invitation(world.ports, code=code)
    assert seen is not None
    return str(seen.terms["lines"][0]["id"])


def test_nobody_else_chooses(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.choices import read_choice, save_choice

    offer, code = world.invite(world.organization())
    other, _ = world.invite(world.organization())
    performer = enrol(world, Device(), code=code).performer
    stranger = enrol(world, Device()).performer
    told = {"lines": [], "language": "en"}
    for whose in (
        {"code": code},
        {"code": code, "performer": stranger},
        {"offer": offer},
        {"offer": offer, "performer": stranger},
        {"offer": other, "performer": performer},
        {"offer": other, "code": code, "performer": performer},
        {},
    ):
        with pytest.raises(NotFound):
            save_choice(world.ports, **told, **whose)  # type: ignore[arg-type]
    assert read_choice(offer) is None


def test_only_lines_of_an_open_offer_can_be_chosen(world: "World") -> None:
    from consent.registry.errors import Invalid, StateConflict
    from consent.registry.operations.choices import save_choice
    from consent.registry.operations.close_offer import decline_offer

    offer, code = world.invite(world.organization())
    performer = enrol(world, Device(), code=code).performer
    for wrong in (
        {"lines": ["no-such-line"]},
        {"language": "not a language"},
        {"performer_name": "x" * 121},
        {"performer_name": "Ada\u202e"},
    ):
        with pytest.raises(Invalid):
            save_choice(
                world.ports,
                offer=offer,
                performer=performer,
                **{"lines": [], "language": "en", **wrong},  # type: ignore[arg-type]
            )
    decline_offer(world.ports, livemode=True, performer=performer, offer=offer)
    with pytest.raises(StateConflict):
        save_choice(world.ports, offer=offer, performer=performer, lines=[], language="en")
