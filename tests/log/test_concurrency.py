"""Sequence order is commit order, without gaps, whatever happens at the same time."""

import random
import threading
from typing import Any

import psycopg

from tests.log.history import event, file_ports

_OBSERVE = """
SELECT count(*), coalesce(max(e.seq), -1), h.seq, h.chain = (array_agg(e.chain ORDER BY e.seq DESC))[1]
FROM log_head h LEFT JOIN log_event e ON e.livemode = h.livemode
WHERE h.livemode GROUP BY h.seq, h.chain
"""


class _FailedError(Exception):
    """A body that fails on purpose."""


def test_every_snapshot_holds_a_gapless_prefix_that_ends_at_the_head(
    own_database: str, tmp_path: Any
) -> None:
    """If some seq could commit before a lower one, some snapshot would have a gap or a head beyond its events."""
    from django import db

    from consent.log.models import Event
    from consent.log.start import initialise
    from consent.log.transaction import history_transaction
    from consent.log.verify import verify_history

    ports = file_ports(tmp_path)
    initialise(ports)
    writing = threading.Event()
    writing.set()
    committed: list[int] = []
    faults: list[object] = []
    snapshots: list[int] = []

    def write(seed: int) -> None:
        choose = random.Random(seed)
        try:
            for n in range(30):
                count, fails = choose.choice([1, 1, 1, 2, 7]), choose.random() < 0.2
                try:
                    with history_transaction(True, ports) as tx:
                        for _ in range(count):
                            tx.append(event(body={"seed": seed, "n": n}))
                        if fails:
                            raise _FailedError
                except _FailedError:
                    continue
                committed.extend(position.seq for position in tx.positions.values())
        except Exception as exc:
            faults.append(exc)
            raise
        finally:
            db.connection.close()

    def observe() -> None:
        with psycopg.connect(own_database, autocommit=True) as connection:
            while writing.is_set():
                count, last, head, same_chain = connection.execute(_OBSERVE).fetchone() or ()
                snapshots.append(head)
                if not (count == last + 1 == head + 1 and same_chain):
                    faults.append((count, last, head, same_chain))

    observer = threading.Thread(target=observe)
    observer.start()
    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(6)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    observer.join()
    assert faults == []
    assert sorted(committed) == list(range(1, len(committed) + 1))
    assert verify_history(True).seq == len(committed) == Event.objects.filter(livemode=True).count() - 1
    assert len(set(snapshots)) > 10


def test_a_transaction_that_waits_for_the_head_folds_what_was_committed_meanwhile(
    own_database: str, tmp_path: Any
) -> None:
    """Both forms: the waiting statement began before the other committed, and must not use its old snapshot."""
    from django import db

    from consent.log.start import initialise
    from consent.log.transaction import history_transaction
    from consent.log.verify import verify_history

    ports = file_ports(tmp_path)
    initialise(ports)
    done: list[int] = []

    def append(count: int) -> None:
        with history_transaction(False, ports) as tx:
            for _ in range(count):
                tx.append(event())
        done.append(tx.position.seq)
        db.connection.close()

    with psycopg.connect(own_database) as holder, psycopg.connect(own_database, autocommit=True) as watcher:
        holder.execute("SELECT 1 FROM log_head WHERE NOT livemode FOR UPDATE")
        threads = [threading.Thread(target=append, args=(count,)) for count in (1, 4, 1, 4)]
        for thread in threads:
            thread.start()
        waiting = 0
        while waiting < len(threads):
            row = watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone()
            waiting = row[0] if row else 0
        holder.rollback()
        for thread in threads:
            thread.join()
    assert len(done) == len(threads)
    assert verify_history(False).seq == max(done) == 10


def test_the_two_sides_do_not_wait_for_each_other(own_database: str, tmp_path: Any) -> None:
    from consent.log.start import initialise
    from consent.log.transaction import history_transaction

    ports = file_ports(tmp_path)
    initialise(ports)
    with psycopg.connect(own_database) as holder:
        holder.execute("SELECT 1 FROM log_head WHERE livemode FOR UPDATE")
        with history_transaction(False, ports) as tx:
            tx.append(event())
    assert tx.position.seq == 1
