"""One run: performers, pipelines and faults against a whole registry, and what its history shows."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.history.checker import stale_allows, violations
from tests.history.faults import Breaker
from tests.history.folding import Standing, answers_off_history
from tests.history.licensees import Pairs, ask_until
from tests.history.performers import live_until
from tests.history.place import Place
from tests.history.record import History, now

RECOVERY_S = 60.0  # of a database that was killed on a busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found."""

    history: History
    violations: list[str]

    def line(self) -> str:
        """In a line."""
        stops = sum(1 for stop in self.history.stops if stop.acked is not None)
        allows = sum(1 for row in self.history.asked if row.allowed)
        return (
            f"{len(self.history.asked):,} checks ({allows:,} allows, {self.history.unavailable:,} without an answer), "
            f"{stops:,} stops told of, {len(self.history.faults)} faults, {len(self.violations)} violations"
        )


def run(
    place: Place,
    *,
    seconds: float,
    seed: int,
    performers: int = 3,
    pipelines: int = 3,
    rows: int = 20,
    faults: tuple[str, ...] = (),
    until_caught: bool = False,
    checks: int | None = None,
) -> Outcome:
    """Let everybody go on for a while, then judge; with `until_caught` only until a stale allow was seen, and with
    `checks` only until so many were answered."""
    history, pairs, stop = History(), Pairs(), threading.Event()
    failed: list[BaseException] = []
    with own_world(place) as world:
        from tests.history.setting import organization_with_key

        organization, key = organization_with_key(world)
        given: dict[str, Any] = {"nodes": place.nodes, "pairs": pairs, "history": history}
        workers = [
            *(
                (live_until, {**given, "world": world, "organization": organization})
                for _ in range(performers)
            ),
            *((ask_until, {**given, "key": key, "rows": rows}) for _ in range(pipelines)),
        ]
        threads = [
            threading.Thread(
                target=_guarded, args=(work, stop, failed), kwargs={**options, "seed": seed * 1000 + number}
            )
            for number, (work, options) in enumerate(workers)
        ]
        for thread in threads:
            thread.start()
        end, breaker = now() + seconds, Breaker(place, history, seed=seed, kinds=faults)
        try:
            # Here, in the main thread: a database that is started again dies with the thread that started it.
            while now() < end and not stop.wait(0.5):
                if faults:
                    breaker.once(stop)
                if until_caught and any(stale_allows(history)):
                    break
                if checks is not None and len(history.asked) >= checks:
                    break
        finally:
            stop.set()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        lost = [*_lost(history), *_off_history(history, world)]
    return Outcome(history=history, violations=[*violations(history), *lost])


def _guarded(work: Any, stop: threading.Event, failed: list[BaseException], **options: Any) -> None:
    """A thread that fails ends the run, and is not forgotten."""
    from django.db import connections

    try:
        work(stop, **options)
    except BaseException as exc:  # noqa: BLE001  # it is raised again by `run`
        failed.append(exc)
        stop.set()
    finally:
        connections.close_all()


def _lost(history: History) -> Iterator[str]:
    """I1, I5: everything that was told stands in the registry, and the history folds without a gap."""
    from consent.log.verify import verify_history
    from consent.registry.models import Grant

    _connect_again()
    verify_history(False)
    told = {stop.pair for stop in history.stops if stop.kind == "ending" and stop.acked is not None}
    for pair in told:
        grant = Grant.objects.get(id=history.granted[pair][2])
        if grant.ended_at is None:
            yield f"the ending of {pair} was told of and is lost"
    for pair, (_, _, granted) in history.granted.items():
        if not Grant.objects.filter(id=granted).exists():
            yield f"the grant of {pair} was told of and is lost"


def _off_history(history: History, world: Any) -> Iterator[str]:
    """I5, I12: each answer held against the fold of the events up to its position."""
    from consent.log.models import Event
    from consent.registry.models import Grant

    granted = {grant: pair for pair, (_, _, grant) in history.granted.items()}
    performers = {
        str(performer): granted[grant]
        for grant, performer in Grant.objects.filter(id__in=granted).values_list("id", "performer_id")
    }
    standing = {pair: Standing() for pair in history.granted}
    events = Event.objects.filter(livemode=world.livemode, performer_id__in=performers).order_by("seq")
    for seq, kind, performer in events.values_list("seq", "kind", "performer_id"):
        standing[performers[performer]].add(seq, kind)
    tokens = world.ports.log.tokens
    seqs = {
        token: tokens.decode(token, expected_livemode=world.livemode).seq
        for token in {row.position for row in history.asked}
    }
    yield from answers_off_history(history, standing=standing, seqs=seqs)


def _connect_again() -> None:
    """The database that this thread was connected to may have been killed, and its successor may still recover."""
    from django.db import OperationalError, connection

    deadline = now() + RECOVERY_S
    while True:
        connection.close()
        try:
            connection.ensure_connection()
        except OperationalError:
            if now() > deadline:
                raise
            threading.Event().wait(0.2)
        else:
            return


@contextmanager
def own_world(place: Place) -> Iterator[Any]:
    """The driver's own way to the registry: one more writer, over a wire of its own."""
    from tests.log.history import connected_to

    assert place.own is not None
    before = {name: os.environ.get(name) for name in (*place.settings, "CONSENT_DATABASE_URL")}
    os.environ.update({**place.settings, "CONSENT_DATABASE_URL": place.database(place.own)})
    for name in ("CONSENT_SECRET_KEY", "CONSENT_KEY_SECRET"):
        before[name] = os.environ.pop(name, None)
    try:
        with connected_to(place.database(place.own)):
            from tests.history.setting import make_world

            _connect_again()
            yield make_world()
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
