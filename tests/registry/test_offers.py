"""Offers and invitations: drafts stay private, what was sent stays, codes work once."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import INFER, TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import World


def draft(world: "World", organization: str, **members: Any) -> str:
    """A draft of the usual terms."""
    from consent.registry.operations.draft_offer import draft_offer

    return draft_offer(
        world.ports, livemode=True, organization=organization, terms=members.pop("terms", terms()), **members
    )


def test_terms_with_faults_are_refused_with_every_pointer_as_it_was_written(world: "World") -> None:
    from consent.registry.errors import OfferInvalid

    bad = terms(TRAIN, INFER)
    bad["lines"][0]["constraints"] = bad["lines"][0]["constraints"][1:]
    bad["lines"][1]["descriptions"] = {"en": "too short"}
    del bad["lines"][1]["description"]
    with pytest.raises(OfferInvalid) as caught:
        draft(world, world.organization(), terms=bad)
    pointers = [fault[0] for fault in caught.value.faults]
    assert "/lines/0/constraints" in pointers and "/lines/1/descriptions" in pointers


def test_texts_by_language_and_recipients_by_id_are_accepted_as_the_wire_types_write_them(
    world: "World",
) -> None:
    wired = terms(recipients=[{"id": world.organization("Hosting AG"), "role": "host"}])
    for each in wired["lines"]:
        each["descriptions"] = each.pop("description")
    del wired["template"]["language"]
    organization, person = world.organization(), world.person()
    assert world.grant(organization, person, wired).state == "active"


def test_an_unknown_recipient_is_a_fault(world: "World") -> None:
    from consent.registry.errors import OfferInvalid

    with pytest.raises(OfferInvalid) as caught:
        draft(
            world,
            world.organization(),
            terms=terms(recipients=[{"id": "org_" + "a" * 26, "role": "host"}]),
        )
    assert caught.value.faults[-1][0].startswith("/recipients/0")


def test_a_draft_changes_and_a_sent_offer_does_not(world: "World") -> None:
    from django.db import IntegrityError

    from consent.registry.errors import NotFound, StateConflict
    from consent.registry.models import Offer
    from consent.registry.operations.draft_offer import update_draft

    organization, person = world.organization(), world.person()
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    offer = draft(world, organization)
    update_draft(world.ports, offer=offer, terms=terms(TRAIN), metadata={"ref": "7"}, **told)
    with pytest.raises(NotFound):
        update_draft(world.ports, livemode=True, organization=world.organization(), offer=offer, metadata={})
    sent = world.offer(organization, person)
    with pytest.raises(StateConflict):
        update_draft(world.ports, offer=sent, terms=terms(TRAIN), **told)
    with pytest.raises(IntegrityError):
        Offer.objects.filter(id=sent).update(terms=b"{}")


def test_a_draft_is_invisible_to_the_performer_it_names(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.view_offer import view_offer
    from consent.registry.queries.performer import offers_to

    organization, person = world.organization(), world.person()
    offer = draft(world, organization, performer=world.reference(organization, person))
    with pytest.raises(NotFound):
        view_offer(world.ports, livemode=True, performer=person.id, offer=offer)
    assert not offers_to(person.id).exists()


def test_an_offer_goes_to_a_performer_or_by_invitation_and_never_both(world: "World") -> None:
    from consent.registry.errors import DescriptionLanguageMissing, Invalid, StateConflict
    from consent.registry.operations.send_offer import NewInvitation, send_offer

    organization, person = world.organization(), world.person()
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    named = draft(world, organization, performer=world.reference(organization, person))
    nobody = draft(world, organization)
    with pytest.raises(Invalid):
        send_offer(world.ports, offer=named, invitation=NewInvitation(language="en"), **told)
    with pytest.raises(Invalid):
        send_offer(world.ports, offer=nobody, **told)
    with pytest.raises(DescriptionLanguageMissing):
        send_offer(world.ports, offer=nobody, invitation=NewInvitation(language="fr"), **told)
    send_offer(world.ports, offer=named, **told)
    with pytest.raises(StateConflict):
        send_offer(world.ports, offer=named, **told)


def test_a_code_works_once_for_one_person_however_it_is_typed(world: "World") -> None:
    from consent.registry.errors import InvitationSpent
    from consent.registry.models import Invitation

    organization, person, other = world.organization(), world.person(), world.person()
    offer, code = world.invite(organization)
    assert len(code) == 19
    stored = Invitation.objects.get(offer_id=offer)
    assert code.encode() not in bytes(stored.code_digest)
    first = world.redeem(person, code.lower().replace("-", " "))
    assert world.redeem(person, code) == first
    with pytest.raises(InvitationSpent):
        world.redeem(other, code)


@pytest.mark.parametrize("code", ["", "AAAA-BBBB-CCCC-DDDD", "7Q4K", "äöü", "A" * 500, "\x00" * 16])
def test_a_wrong_code_says_nothing_more(world: "World", code: str) -> None:
    from consent.registry.errors import InvitationSpent

    with pytest.raises(InvitationSpent):
        world.redeem(world.person(), code)


def test_a_code_ends_with_14_days_with_its_revocation_and_with_the_offer(world: "World") -> None:
    from consent.registry.errors import InvitationSpent, StateConflict
    from consent.registry.models import Invitation
    from consent.registry.operations.close_offer import withdraw_offer
    from consent.registry.operations.invitations import revoke_invitation

    organization, person = world.organization(), world.person()
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    offer, code = world.invite(organization)
    invitation = Invitation.objects.get(offer_id=offer)
    assert invitation.expires_at - invitation.created_at == timedelta(days=14)
    revoke_invitation(world.ports, invitation=invitation.id, **told)
    with pytest.raises(StateConflict):
        revoke_invitation(world.ports, invitation=invitation.id, **told)
    withdrawn, second = world.invite(organization)
    withdraw_offer(world.ports, offer=withdrawn, **told)
    _, third = world.invite(organization)
    test_side = world.other_side()
    for refused in (code, second):
        with pytest.raises(InvitationSpent):
            world.redeem(person, refused)
    with pytest.raises(InvitationSpent):
        test_side.redeem(test_side.person(), third)
    world.clock.forward(days=14)
    with pytest.raises(InvitationSpent):
        world.redeem(person, third)


def test_an_offer_that_was_answered_or_withdrawn_is_closed(world: "World") -> None:
    from consent.registry.errors import NotFound, StateConflict
    from consent.registry.models import Offer
    from consent.registry.operations.close_offer import decline_offer, request_changes, withdraw_offer

    organization, person = world.organization(), world.person()
    mine: dict[str, Any] = {"livemode": True, "performer": person.id}
    theirs: dict[str, Any] = {"livemode": True, "organization": organization}
    declined, changed, withdrawn = (world.offer(organization, person) for _ in range(3))
    decline_offer(world.ports, offer=declined, **mine)
    request_changes(world.ports, offer=changed, note="Not for adverts.\nPlease.", **mine)
    withdraw_offer(world.ports, offer=withdrawn, **theirs)
    for offer in (declined, changed, withdrawn):
        with pytest.raises(StateConflict):
            withdraw_offer(world.ports, offer=offer, **theirs)
        with pytest.raises(StateConflict):
            decline_offer(world.ports, offer=offer, **mine)
        with pytest.raises(StateConflict):
            world.prepare(person, offer)
    with pytest.raises(NotFound):
        decline_offer(world.ports, livemode=True, performer=world.person().id, offer=declined)
    assert Offer.objects.get(id=changed).requested_changes.startswith("Not for adverts")
    draft(world, organization, replaces=changed)


def test_a_dry_run_is_for_the_two_parties(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.dry_run_offer import dry_run_offer

    organization, person = world.organization(), world.person()
    offer = world.offer(organization, person)
    told: dict[str, Any] = {"livemode": True, "offer": offer}
    run = dry_run_offer(world.ports, organization=organization, **told)
    assert run.could and run.could_not
    assert dry_run_offer(world.ports, performer=person.id, **told).could
    for stranger in ({"organization": world.organization()}, {"performer": world.person().id}, {}):
        with pytest.raises(NotFound):
            dry_run_offer(world.ports, **told, **stranger)


def test_exclusivity_blocks_the_conflicting_signature_and_names_nobody(world: "World") -> None:
    from consent.registry.errors import ExclusivityConflict

    first, second, person = world.organization("First Ltd"), world.organization(), world.person()
    exclusive = {"uses": ["train.voice"], "until": "2027-12-01T00:00:00Z"}
    grant = str(world.grant(first, person, terms(exclusive=exclusive)).grant)
    offer = world.offer(second, person, terms(TRAIN))
    with pytest.raises(ExclusivityConflict) as caught:
        world.sign(person, offer)
    assert "First" not in str(caught.value) and first not in str(caught.value)
    assert world.grant(second, person, terms(INFER)).state == "active"
    assert world.grant(first, person, terms(TRAIN)).state == "active"
    world.say("revocation", grant, person.key)
    assert world.sign(person, offer).state == "active"
