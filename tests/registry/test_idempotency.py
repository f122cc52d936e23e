"""Idempotency keys: once, the same answer again, and a dead worker's turn is taken over."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from consent.registry.ports import RegistryPorts
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


@pytest.fixture
def apart(world: "World", tmp_path: "Path") -> "RegistryPorts":
    """Ports over a key store of this test's own: days that end here end for nobody else."""
    from consent.log.keystore_file import FileKeyStore
    from consent.log.sealing import Sealer
    from tests.log.history import SECRET

    log = world.ports.log
    sealer = Sealer(key_store=FileKeyStore(tmp_path), key_secret=SECRET, random=log.random)
    return replace(world.ports, log=replace(log, sealer=sealer))


def _kept(ports: "RegistryPorts", told: dict[str, Any], **other: Any) -> tuple[str, bytes]:
    """An answer with a secret in it; the record it is sealed under, and its bytes as a backup has them."""
    from consent.registry.idempotency import once
    from consent.registry.models import IdempotentRequest

    with once(ports, **{**told, **other}) as attempt:
        attempt.finish(201, b'{"code":"7Q4K-SECRET"}')
    row = IdempotentRequest.objects.get(scope=told["scope"], key={**told, **other}["key"])
    assert row.record is not None and row.sealed is not None
    return row.record, bytes(row.sealed)


def test_a_kept_answer_opens_for_nobody_once_its_day_is_over(
    world: "World", apart: "RegistryPorts", told: dict[str, Any]
) -> None:
    from consent.log.errors import RecordDestroyedError
    from consent.registry.idempotency import PURPOSE, forget_answers, once
    from consent.registry.models import IdempotentRequest
    from consent.registry.operations.sweep_grants import forget_expired

    world.clock.now = world.clock.now.replace(hour=23, minute=59)
    record, sealed = _kept(apart, told)
    world.clock.forward(hours=23, minutes=59)
    forget_expired(apart)
    with once(apart, **told) as attempt:  # within its 24 hours it is given still
        assert attempt.stored is not None and b"7Q4K" in attempt.stored.body
    world.clock.forward(minutes=2)
    forget_expired(apart)
    assert not IdempotentRequest.objects.filter(scope=told["scope"]).exists()
    with pytest.raises(RecordDestroyedError):
        apart.log.sealer.open(record, sealed, purpose=PURPOSE)
    assert forget_answers(apart) == 0
    assert _kept(apart, told)[0] > record  # the new day has its own


def test_a_day_of_which_no_row_is_left_loses_its_key_as_well(
    world: "World", apart: "RegistryPorts", told: dict[str, Any]
) -> None:
    from consent.registry.idempotency import forget_answers, record_of
    from consent.registry.models import IdempotentRequest

    record, _ = _kept(apart, told)
    IdempotentRequest.objects.filter(scope=told["scope"]).delete()
    world.clock.forward(days=40)  # and nobody ran meanwhile
    forget_answers(apart)
    assert apart.log.sealer.is_destroyed(record)
    today = world.clock()
    assert [apart.log.sealer.is_destroyed(record_of(today - timedelta(days=n))) for n in (0, 1, 2)] == [
        False,
        False,
        True,
    ]


def test_whoever_dies_at_it_leaves_no_day_behind(
    world: "World", apart: "RegistryPorts", told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.sealing import Sealer
    from consent.registry.idempotency import forget_answers
    from consent.registry.models import IdempotentRequest

    class Killed(BaseException):
        """As a process that dies: nothing catches it."""

    records = []
    for day in range(3):
        records.append(_kept(apart, told, key=f"k-{day}")[0])
        world.clock.forward(days=1)
    world.clock.forward(days=1)
    really, left = Sealer.destroy, [0]

    def dying(sealer: Sealer, record: str) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        really(sealer, record)

    forget_answers(
        replace(apart, clock=lambda: world.clock() - timedelta(days=3, seconds=1))
    )  # what is older
    for steps in range(len(records)):
        with monkeypatch.context() as patch:
            patch.setattr(Sealer, "destroy", dying)
            left[0] = 1 if steps else 0
            with pytest.raises(Killed):
                forget_answers(apart)
        assert [apart.log.sealer.is_destroyed(each) for each in records] == [n < steps for n in range(3)]
        assert IdempotentRequest.objects.filter(scope=told["scope"]).count() == 3
    forget_answers(apart)
    assert all(apart.log.sealer.is_destroyed(each) for each in records)
    assert not IdempotentRequest.objects.filter(scope=told["scope"]).exists()


def test_a_clock_that_went_back_still_keeps_answers_and_their_keys_go_too(
    world: "World", apart: "RegistryPorts", told: dict[str, Any]
) -> None:
    from consent.registry.idempotency import forget_answers, once, record_of

    ahead = replace(apart, clock=lambda: world.clock() + timedelta(days=30))
    forget_answers(ahead)
    records = [_kept(apart, told)[0], _kept(apart, told, key="k-2")[0]]
    assert all(each.startswith(record_of(world.clock())) for each in records) and len(set(records)) == 2
    with once(apart, **told) as attempt:
        assert attempt.stored is not None and b"7Q4K" in attempt.stored.body
    world.clock.forward(hours=24)
    with once(apart, **told) as attempt:  # the key is used again, and the former answer makes room
        assert attempt.stored is None
        attempt.finish(200, b"new")
    assert apart.log.sealer.is_destroyed(records[0]) and not apart.log.sealer.is_destroyed(records[1])
    forget_answers(apart)
    assert apart.log.sealer.is_destroyed(records[1])


def test_a_performers_own_answers_go_with_their_erasure_at_once(world: "World", told: dict[str, Any]) -> None:
    from consent.registry.models import IdempotentRequest
    from consent.registry.operations.erase_performer import erase_performer

    person, other = world.person(), world.person()
    scopes = [f"performer/{person.id}", f"statement/{person.key.thumbprint}", f"performer/{other.id}"]
    records = [_kept(world.ports, {**told, "scope": scope})[0] for scope in scopes]
    assert len(set(records)) == 3
    erase_performer(world.ports, livemode=True, performer=person.id)
    gone = [world.ports.log.sealer.is_destroyed(each) for each in records]
    assert gone == [True, True, False]
    assert IdempotentRequest.objects.filter(scope__in=scopes).count() == 1
