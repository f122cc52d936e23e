"""Seeded consents are read by the product's own readers, seals and all."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("processes", [1, 2])
def test_seeded_consents_open_under_their_seals(node: "Node", database: str, processes: int) -> None:
    from consent.registry.models import Performer
    from consent.registry.pair_facts import seal_failures
    from tests.bench.seeding import seed
    from tests.registry.terms import terms

    organization, person = node.world.organization(), node.world.person()
    signer = node.world.ports.signers[True].registry
    seeded = seed(
        database,
        key=signer.private,  # type: ignore[attr-defined]  # the tests' signers keep theirs in memory
        organization=organization,
        livemode=True,
        record=Performer.objects.get(id=person.id).record,
        count=5,
        at=node.world.clock.now - timedelta(hours=1),
        body=terms(),
        name=organization,
        windows=3,
        processes=processes,
    )
    refused = seal_failures.count
    for number in range(seeded.count):
        answer = node.ask(organization, performer=seeded.reference(number))
        assert (answer.decision, answer.grants) == ("allow", [seeded.grant(number)])
        assert node.world.ask(organization, seeded.reference(number)).allowed
    assert node.ask(organization, performer=seeded.reference(5)).reasons == ["performer_unknown"]
    assert seal_failures.count == refused and node.primary.asked == 0
