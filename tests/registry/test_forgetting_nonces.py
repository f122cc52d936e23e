"""Nonces of counted questions are kept for a day and then forgotten, some at a time."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.registry.test_counters import claim

if TYPE_CHECKING:
    from tests.registry.world import World

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)  # older than whatever else is in this database


def _used(world: "World", nonces: list[str]) -> Any:
    """These nonces, used one after another and dated long ago."""
    from consent.registry.models import CounterUse
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)

    def count(nonce: str) -> None:
        consume_counters(
            world.ports, livemode=True, organization=organization, nonce=nonce, claims=[claim(grant, 1)]
        )

    for nonce in nonces:
        count(nonce)
    mine = CounterUse.objects.filter(organization_id=organization)
    mine.update(used_at=LONG_AGO)
    return grant, count, mine


def test_a_nonce_counts_nothing_for_a_day_and_is_a_new_question_after(world: "World") -> None:
    from consent.registry.models import Counter
    from consent.registry.operations.forget_nonces import forget_nonces

    grant, count, mine = _used(world, ["a"])
    forget_nonces(LONG_AGO + timedelta(hours=24, minutes=59), most=10**6)
    count("a")
    assert (mine.count(), Counter.objects.get(grant_id=grant).used) == (1, 1)
    assert forget_nonces(LONG_AGO + timedelta(hours=25, seconds=1), most=10**6) >= 1
    assert mine.count() == 0
    count("a")
    assert Counter.objects.get(grant_id=grant).used == 2


def test_a_turn_looks_at_so_many_of_the_oldest_and_no_more(world: "World") -> None:
    from consent.registry.models import CounterUse
    from consent.registry.operations.forget_nonces import forget_nonces

    _, _, mine = _used(world, ["a", "b", "c"])
    before = CounterUse.objects.filter(id__lt=mine.order_by("id")[0].id).count()
    assert forget_nonces(LONG_AGO + timedelta(days=2), most=before + 2) >= 2  # others may be as old
    assert [each.nonce for each in mine] == ["c"]


def test_forgetting_needs_no_scan(world: "World") -> None:
    from django.db import connection

    from consent.registry.operations import forget_nonces

    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + forget_nonces._FORGET, {"before": LONG_AGO, "most": 10})
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "registry_counteruse_pkey" in plan and "Seq Scan" not in plan and "Sort" not in plan


def test_the_age_of_the_oldest_is_told(world: "World") -> None:
    from consent.registry.models import CounterUse
    from consent.registry.operations.forget_nonces import oldest_nonce_s

    _used(world, ["a"])
    oldest = CounterUse.objects.order_by("id")[0]
    assert oldest_nonce_s() >= (datetime.now(UTC) - oldest.used_at).total_seconds() - 5
