"""Counted limits: all or nothing, once a nonce, by the UTC day where it is a rate."""

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from consent.core.counting import CounterClaim
from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import World


def claim(grant: str, quantity: int, **members: Any) -> CounterClaim:
    """A claim against a limit of ten."""
    told: dict[str, Any] = {"line": "l1", "kind": "max_outputs", "limit": 10, "day": None, **members}
    return CounterClaim(grant=grant, quantity=quantity, **told)


def test_several_claims_are_counted_together_or_not_at_all(world: "World") -> None:
    from consent.registry.errors import CounterExhausted
    from consent.registry.models import Counter
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    grants = [str(world.grant(organization, person, terms(TRAIN)).grant) for _ in range(2)]
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    consume_counters(world.ports, nonce="a", claims=[claim(grants[1], 9)], **told)
    both = [claim(grants[0], 2), claim(grants[1], 2)]
    with pytest.raises(CounterExhausted) as caught:
        consume_counters(world.ports, nonce="b", claims=both, **told)
    assert (caught.value.grant, caught.value.kind) == (grants[1], "max_outputs")
    assert not Counter.objects.filter(grant_id=grants[0]).exists()
    consume_counters(world.ports, nonce="b", claims=[claim(grants[0], 10), claim(grants[1], 1)], **told)
    with pytest.raises(CounterExhausted):
        consume_counters(world.ports, nonce="c", claims=[claim(grants[0], 11)], **told)


def test_a_nonce_of_other_claims_is_spent_and_of_another_organization_is_free(world: "World") -> None:
    from consent.registry.errors import NonceSpent
    from consent.registry.models import Counter
    from consent.registry.operations.consume_counters import consume_counters

    organization, other, person = world.organization(), world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    told: dict[str, Any] = {"livemode": True, "nonce": "n"}
    consume_counters(world.ports, claims=[claim(grant, 1)], organization=organization, **told)
    consume_counters(world.ports, claims=[claim(grant, 1)], organization=organization, **told)
    with pytest.raises(NonceSpent):
        consume_counters(world.ports, claims=[claim(grant, 2)], organization=organization, **told)
    consume_counters(world.ports, claims=[claim(grant, 1)], organization=other, **told)
    assert Counter.objects.get(grant_id=grant).used == 2


def test_a_rate_begins_anew_every_utc_day(world: "World") -> None:
    from consent.registry.errors import CounterExhausted
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    told: dict[str, Any] = {"livemode": True, "organization": organization}

    def count(nonce: str, day: date) -> None:
        consume_counters(world.ports, nonce=nonce, claims=[claim(grant, 10, kind="rate", day=day)], **told)

    count("a", date(2026, 12, 1))
    with pytest.raises(CounterExhausted):
        count("b", date(2026, 12, 1))
    count("b", date(2026, 12, 2))
