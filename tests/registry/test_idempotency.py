"""Idempotency keys: once, the same answer again, and a dead worker's turn is taken over."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture
def told(world: "World") -> dict[str, Any]:
    """One request of a new organization."""
    return {"scope": f"{world.organization()}/live", "key": "k-1", "fingerprint": "f" * 64}


def test_the_second_request_gets_the_first_answer(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.idempotency import once
    from consent.registry.models import IdempotentRequest

    with once(world.ports, **told) as attempt:
        assert attempt.stored is None
        attempt.finish(201, b'{"code":"7Q4K-SECRET"}')
    with once(world.ports, **told) as attempt:
        assert attempt.stored is not None
        assert (attempt.stored.status, attempt.stored.body) == (201, b'{"code":"7Q4K-SECRET"}')
    row = IdempotentRequest.objects.get(scope=told["scope"])
    assert row.sealed is not None and b"7Q4K" not in bytes(row.sealed)


def test_while_it_runs_another_one_is_told_so(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.errors import IdempotencyMismatch, IdempotencyRunning
    from consent.registry.idempotency import once

    with once(world.ports, **told):
        with pytest.raises(IdempotencyRunning), once(world.ports, **told):
            pass
        with (
            pytest.raises(IdempotencyMismatch),
            once(world.ports, **{**told, "fingerprint": "0" * 64}),
        ):
            pass


def test_a_failed_attempt_gives_the_turn_back(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.idempotency import once

    with pytest.raises(RuntimeError), once(world.ports, **told):
        raise RuntimeError
    with once(world.ports, **told) as attempt:
        assert attempt.stored is None


def test_the_turn_of_a_worker_that_died_is_taken_over_once(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.errors import IdempotencyRunning
    from consent.registry.idempotency import once

    dead = once(world.ports, **told)
    abandoned = dead.__enter__()
    world.clock.forward(seconds=60)
    with once(world.ports, **told) as attempt:
        assert attempt.stored is None
        with pytest.raises(IdempotencyRunning), once(world.ports, **told):
            pass
        attempt.finish(200, b"by the second")
    abandoned.finish(200, b"by the dead one, late")
    with once(world.ports, **told) as attempt:
        assert attempt.stored is not None and attempt.stored.body == b"by the second"


def test_a_key_is_forgotten_after_24_hours(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.idempotency import once

    with once(world.ports, **told) as attempt:
        attempt.finish(200, b"old")
    world.clock.forward(hours=24)
    with once(world.ports, **{**told, "fingerprint": "0" * 64}) as attempt:
        assert attempt.stored is None
