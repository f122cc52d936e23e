"""The first complete path: sign, ask, end, ask again."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.registry.world import World


def test_a_performer_signs_a_pipeline_is_allowed_the_performer_ends_it_and_the_pipeline_is_refused(
    world: "World", waits: list[float]
) -> None:
    organization, person = world.organization(), world.person()
    _, code = world.invite(organization)
    redeemed = world.redeem(person, code)
    assert world.ask(organization, redeemed.reference).reasons == ("no_active_consent",)
    from consent.registry.operations.view_offer import view_offer

    view_offer(world.ports, livemode=True, performer=person.id, offer=redeemed.offer)
    signed = world.sign(person, redeemed.offer)
    assert (signed.state, signed.enforced_at, signed.acknowledgement) == ("active", None, None)
    allowed = world.ask(organization, redeemed.reference)
    assert allowed.allowed and allowed.grants == (signed.grant,)
    assert waits == []
    ended = world.say("revocation", str(signed.grant), person.key)
    assert ended.state == "ended" and ended.enforced_at is not None and ended.acknowledgement
    assert sum(waits) >= 0.315
    denied = world.ask(organization, redeemed.reference)
    assert not denied.allowed and denied.reasons == ("no_active_consent",)
