"""The invented performers: what they answer, that seeding may be repeated, and what they do when they are asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.core.reasons import Reason

QUESTION = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


@pytest.fixture
def house(database: str, tmp_path: Path) -> Any:
    """Ports whose waits take no time, and a clock that the test moves."""
    from consent.log.start import initialise
    from tests.log.history import file_ports
    from tests.registry.world import Clock, registry_ports

    log = file_ports(tmp_path)
    initialise(log)
    boot = {"s": 1000.0}

    def sleep(seconds: float) -> None:
        boot["s"] += seconds

    clock = Clock(now=datetime.now(UTC))
    return registry_ports(replace(log, boot_clock=lambda: boot["s"], sleep=sleep), clock)


@pytest.fixture
def organization(house: Any) -> str:
    from consent.registry.operations.create_organization import create_organization
    from consent.server.test_actors.seed import seed_actors

    opened = create_organization(
        house, livemode=False, legal_name="Testing GmbH", country="DE", contact="a@testing.example"
    )
    seed_actors(house, opened.organization)
    return opened.organization


@pytest.fixture
def ask(house: Any, organization: str) -> Callable[[str], Any]:
    """One check of a performer, as the API makes it."""
    from consent.core.complete import StandingContext, complete
    from consent.core.policy import decide
    from consent.core.wire.check import CheckRequest
    from consent.registry.facts import snapshot

    def asked(performer: str) -> Any:
        question = complete(
            CheckRequest(performer=performer, **QUESTION), StandingContext(), caller=organization
        )
        with snapshot(False, house) as snap:
            facts = snap.facts([question], capabilities=frozenset())[0]
        return decide(question, facts, snap.at)

    return asked


def test_each_actor_answers_as_its_name_says(house: Any, ask: Callable[[str], Any]) -> None:
    assert ask("prf_test_allow").allowed
    assert ask("prf_test_deny").reasons == (Reason.NO_ACTIVE_CONSENT,)
    assert ask("prf_test_suspended").reasons == (Reason.NO_ACTIVE_CONSENT,)
    assert ask("prf_test_out_of_scope").reasons == (Reason.OUT_OF_SCOPE,)
    house.clock.forward(seconds=6)
    assert not ask("prf_test_expired").allowed


def test_seeding_again_changes_nothing(house: Any, organization: str) -> None:
    from consent.registry.models import Grant
    from consent.server.test_actors.seed import seed_actors

    before = list(Grant.objects.filter(organization_id=organization).values_list("id", flat=True))
    seed_actors(house, organization)
    assert list(Grant.objects.filter(organization_id=organization).values_list("id", flat=True)) == before


def test_two_organizations_know_the_same_actors_and_each_has_its_own_grants(
    house: Any, organization: str
) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.create_organization import create_organization
    from consent.server.test_actors.seed import seed_actors

    other = create_organization(
        house, livemode=False, legal_name="Other GmbH", country="DE", contact="b@testing.example"
    ).organization
    seed_actors(house, other)
    allow = Grant.objects.filter(reference="prf_test_allow")
    assert {organization, other} <= set(allow.values_list("organization_id", flat=True))


def test_no_live_side_has_actors(house: Any) -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.create_organization import create_organization
    from consent.server.test_actors.seed import seed_actors

    live = create_organization(
        house, livemode=True, legal_name="Live GmbH", country="DE", contact="c@testing.example"
    ).organization
    with pytest.raises(NotFound):
        seed_actors(house, live)


def test_revoke_10s_ends_ten_seconds_after_signing_and_signs_again_when_asked(
    house: Any, organization: str, ask: Callable[[str], Any]
) -> None:
    from consent.server.test_actors import terms
    from consent.server.test_actors.process import step

    house.clock.forward(seconds=9)
    step(house)
    assert ask("prf_test_revoke_10s").allowed
    house.clock.forward(seconds=2)
    step(house)
    assert ask("prf_test_revoke_10s").reasons == (Reason.NO_ACTIVE_CONSENT,)
    _offer(house, organization, "prf_test_revoke_10s", terms.voice(house.clock() - timedelta(seconds=1)))
    step(house)
    assert ask("prf_test_revoke_10s").allowed


def test_deny_declines_and_says_so(house: Any, organization: str, ask: Callable[[str], Any]) -> None:
    from consent.registry.models import Offer
    from consent.server.test_actors import terms
    from consent.server.test_actors.process import step

    offer = _offer(house, organization, "prf_test_deny", terms.voice(house.clock() - timedelta(seconds=1)))
    step(house)
    assert Offer.objects.get(id=offer).state == "declined"
    assert not ask("prf_test_deny").allowed


def _offer(house: Any, organization: str, performer: str, terms: dict[str, Any]) -> str:
    from consent.registry.operations.draft_offer import draft_offer
    from consent.registry.operations.send_offer import send_offer

    offer = draft_offer(house, livemode=False, organization=organization, terms=terms, performer=performer)
    send_offer(house, livemode=False, organization=organization, offer=offer)
    return offer
