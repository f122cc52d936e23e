"""Limits of API keys: what may be set, what a successor and a key's own key get, and that nothing multiplies them."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


def _make(world: "World", organization: str, **more: Any) -> Any:
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import create_api_key

    made = create_api_key(
        world.ports,
        livemode=True,
        organization=organization,
        name="pipeline",
        scopes=("check", "keys"),
        **more,
    )
    return ApiKey.objects.get(id=made.id)


def _wanted(quota: int | None = None, rate: int | None = None) -> Any:
    from consent.registry.key_limits import KeyLimitsWanted

    return KeyLimitsWanted(daily_quota=quota, rate_per_s=rate)


@pytest.mark.parametrize(
    ("quota", "rate", "pointer"),
    [
        (0, None, "/daily_quota"),
        (-1, None, "/daily_quota"),
        (10**12 + 1, None, "/daily_quota"),
        (None, 0, "/rate_per_s"),
        (None, -5, "/rate_per_s"),
        (None, 1_000_001, "/rate_per_s"),
    ],
)
def test_a_limit_lets_something_through_and_is_one(
    world: "World", quota: int | None, rate: int | None, pointer: str
) -> None:
    from consent.registry.errors import Invalid
    from consent.registry.operations.api_keys import set_key_limits

    organization = world.organization()
    with pytest.raises(Invalid) as caught:
        _make(world, organization, limits=_wanted(quota, rate))
    assert caught.value.pointer == pointer
    key = _make(world, organization)
    with pytest.raises(Invalid):
        set_key_limits(
            world.ports,
            livemode=True,
            organization=organization,
            key=key.id,
            change=lambda former: _wanted(quota, rate),
        )


def test_the_database_knows_the_rule_too(world: "World") -> None:
    from django.db import IntegrityError

    from consent.registry.models import ApiKey

    key = _make(world, world.organization())
    with pytest.raises(IntegrityError, match="api_key_limits_positive"):
        ApiKey.objects.filter(id=key.id).update(daily_quota=0)


def test_a_change_is_an_event_that_is_waited_for_and_the_same_again_is_none(world: "World") -> None:
    from consent.log.models import Event
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import set_key_limits

    organization = world.organization()
    key = _make(world, organization)
    told: dict[str, Any] = {"livemode": True, "organization": organization, "key": key.id}
    written = set_key_limits(world.ports, change=lambda former: _wanted(1000, 10), **told)
    assert written is not None and written.denies
    event = Event.objects.get(event_id=written.event_id)
    assert (event.kind, event.organization_id) == ("api_key.limits_set", organization)
    row = ApiKey.objects.get(id=key.id)
    assert (row.daily_quota, row.rate_per_s) == (1000, 10)
    assert set_key_limits(world.ports, change=lambda former: former, **told) is None


def test_who_may_only_tighten_cannot_loosen(world: "World") -> None:
    from consent.registry.errors import Invalid
    from consent.registry.operations.api_keys import set_key_limits

    organization = world.organization()
    key = _make(world, organization, limits=_wanted(1000, 10))
    told: dict[str, Any] = {
        "livemode": True,
        "organization": organization,
        "key": key.id,
        "tighten_only": True,
    }
    for wider in (_wanted(1001, 10), _wanted(1000, 11), _wanted(None, 10), _wanted(1000, None)):
        with pytest.raises(Invalid):
            set_key_limits(world.ports, change=lambda former, wider=wider: wider, **told)
    assert set_key_limits(world.ports, change=lambda former: _wanted(999, 10), **told) is not None


def test_a_key_that_is_off_gets_no_limits(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.operations.api_keys import revoke_api_key, set_key_limits

    organization = world.organization()
    key = _make(world, organization)
    told: dict[str, Any] = {"livemode": True, "organization": organization, "key": key.id}
    revoke_api_key(world.ports, **told)
    with pytest.raises(StateConflict):
        set_key_limits(world.ports, change=lambda former: _wanted(1), **told)


def test_a_successor_keeps_the_limits_and_the_account(world: "World") -> None:
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import rotate_api_key

    organization = world.organization()
    key = _make(world, organization, limits=_wanted(1000, 10))
    last = key.id
    for _ in range(2):
        last = rotate_api_key(
            world.ports, livemode=True, organization=organization, key=last, overlap_s=60
        ).id
        row = ApiKey.objects.get(id=last)
        assert (row.daily_quota, row.rate_per_s, row.account) == (1000, 10, key.id)


def test_a_key_made_by_a_key_with_limits_shares_its_account_and_has_no_wider_ones(world: "World") -> None:
    organization = world.organization()
    maker = _make(world, organization, limits=_wanted(1000))
    for wanted, got in (
        (_wanted(), (1000, None)),
        (_wanted(10**9, 5), (1000, 5)),
        (_wanted(7), (7, None)),
    ):
        made = _make(world, organization, limits=wanted, made_by=maker.id)
        assert (made.daily_quota, made.rate_per_s, made.account) == (*got, maker.id)
    grandchild = _make(world, organization, made_by=made.id)
    assert (grandchild.daily_quota, grandchild.account) == (7, maker.id)
    free = _make(world, organization)
    assert _make(world, organization, limits=_wanted(5), made_by=free.id).account is None
