"""The outbox: a row is worked on by one at a time, and whoever was overtaken changes nothing any more."""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World


def _row(world: "World", post: "Post") -> Any:
    """A notice that is due."""
    return post.rows(world.person(), "identity")[0]


def _again(row: Any) -> Any:
    from consent.log.models import Outbox

    return Outbox.objects.get(id=row.id)


def _later(row: Any, **columns: timedelta) -> None:
    """Move instants of a row, as if time had passed."""
    from django.db.models import F

    from consent.log.models import Outbox

    Outbox.objects.filter(id=row.id).update(**{name: F(name) - by for name, by in columns.items()})


def test_a_claim_keeps_others_off_until_it_runs_out(world: "World", post: "Post") -> None:
    from consent.log import outbox

    row = _row(world, post)
    first = outbox.claim(row.id)
    assert first is not None and first.attempts == 1
    assert outbox.claim(row.id) is None and row.id not in outbox.due(limit=10_000)
    _later(row, claimed_until=outbox.CLAIM)
    assert row.id in outbox.due(limit=10_000)
    second = outbox.claim(row.id)
    assert second is not None and second.attempts == 2


def test_who_was_overtaken_neither_puts_off_nor_gives_up(world: "World", post: "Post") -> None:
    from consent.log import outbox

    row = _row(world, post)
    slow = outbox.claim(row.id)
    _later(row, claimed_until=outbox.CLAIM)
    quick = outbox.claim(row.id)
    assert slow is not None and quick is not None
    assert not outbox.put_off(slow, error="TimeoutError", delay=timedelta(hours=1))
    assert not outbox.give_up(slow, error="TimeoutError")
    assert _again(row).claimed_until == quick.claimed_until and _again(row).last_error == ""
    # But that it left is true, whoever says so; then nothing else is.
    assert outbox.mark_sent(slow) and not outbox.mark_sent(quick)
    assert not outbox.put_off(quick, error="TimeoutError", delay=timedelta(hours=1))
    assert _again(row).given_up_at is None and outbox.claim(row.id) is None


def test_many_claim_at_once_and_one_gets_it(world: "World", post: "Post") -> None:
    from django.db import connection

    from consent.log import outbox

    row, gate, got = _row(world, post), threading.Barrier(8), []

    def work() -> None:
        gate.wait()
        try:
            got.append(outbox.claim(row.id))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claimed is not None for claimed in got) == 1 and _again(row).attempts == 1


def test_a_hint_is_given_once_in_a_while(world: "World", post: "Post") -> None:
    from consent.log import outbox

    row = _row(world, post)
    assert row.id in outbox.take_hints(limit=10_000)
    assert row.id not in outbox.take_hints(limit=10_000)
    _later(row, hinted_until=outbox.HINT)
    assert row.id in outbox.take_hints(limit=10_000)


def test_a_hint_that_nobody_followed_is_overdue(world: "World", post: "Post") -> None:
    from consent.log import outbox

    row, patience = _row(world, post), timedelta(seconds=60)
    assert row.id not in outbox.due(limit=10_000, overdue=patience)
    _later(row, next_attempt_at=patience)
    assert row.id in outbox.due(limit=10_000, overdue=patience)


def test_what_becomes_of_a_row_is_committed_by_itself(world: "World", post: "Post") -> None:
    from django.db import transaction

    from consent.log import outbox
    from consent.log.errors import NestedTransactionError

    row = _row(world, post)
    with transaction.atomic():
        for act in (lambda: outbox.claim(row.id), lambda: outbox.mark_sent(row)):
            with pytest.raises(NestedTransactionError):
                act()


def test_a_secret_outlives_no_worker(world: "World", post: "Post", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.log import outbox
    from consent.log.errors import KeyStoreUnavailableError, RecordDestroyedError
    from consent.server.mail import delivery

    offer, code = world.invite(world.organization())
    (row,) = post.rows(offer=offer)

    def away(*arguments: object) -> None:
        raise KeyStoreUnavailableError("planted")

    # As if the worker had died right after it said that the mail had left.
    with monkeypatch.context() as patched:
        patched.setattr(delivery.outbox, "destroy_secret", away)
        assert delivery.deliver(post.ports(), row.id)
    sealer = world.ports.log.sealer
    left = _again(row)
    assert left.sent_at is not None and outbox.open_secret(left, sealer) == code.encode()
    assert outbox.destroy_left_over(sealer, limit=10_000) >= 1
    assert _again(row).sealed is None
    with pytest.raises(RecordDestroyedError):
        outbox.open_secret(left, sealer)


def test_rows_that_are_done_with_are_forgotten_after_a_month(world: "World", post: "Post") -> None:
    from consent.log import outbox
    from consent.log.models import Outbox

    done, open_, fresh = (_row(world, post) for _ in range(3))
    for row in (done, fresh):
        post.send(row)
    for row in (done, open_):
        _later(row, created_at=outbox.KEEP + timedelta(days=1))
    outbox.forget_finished()
    left = Outbox.objects.filter(id__in=[done.id, open_.id, fresh.id]).values_list("id", flat=True)
    assert set(left) == {open_.id, fresh.id}


def test_the_database_keeps_one_notice_an_event_and_one_outcome_a_row(world: "World", post: "Post") -> None:
    from django.db import IntegrityError, transaction
    from django.db.models.functions import Now

    from consent.log.models import Outbox
    from consent.registry.notices import notify

    row = _row(world, post)
    with pytest.raises(IntegrityError), transaction.atomic():
        notify("identity", livemode=True, event=row.event_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outbox.objects.filter(id=row.id).update(sent_at=Now(), given_up_at=Now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Outbox.objects.filter(id=row.id).update(sealed=b"without a record")


def test_figures_say_how_many_wait_and_for_how_long(world: "World", post: "Post") -> None:
    from consent.log import outbox

    row = _row(world, post)
    count, _ = outbox.figures()
    _later(row, created_at=timedelta(days=400))
    assert outbox.figures()[1] >= 400 * 86_400
    post.send(row)
    assert outbox.figures()[0] == count - 1


def test_outcomes_are_counted(world: "World", post: "Post") -> None:
    from consent.server.mail.delivery import deliver
    from tests.mail.post import newcomer

    nobody = newcomer(world, "a@performers.invalid")
    ports = post.ports()
    assert deliver(ports, _row(world, post).id)
    assert not deliver(ports, post.rows(performer_id=str(nobody))[0].id)
    said = ports.metrics.exposition().decode()
    assert 'consent_outbox_notices_total{outcome="sent"} 1' in said
    assert 'consent_outbox_notices_total{outcome="unreachable"} 1' in said


def test_due_rows_are_found_by_an_index(world: "World") -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM log_outbox WHERE sent_at IS NULL AND given_up_at IS NULL "
            "AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT 50"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'log_outbox'")
        names = {row[0] for row in cursor.fetchall()}
    assert "log_outbox_waiting" in plan and not any(name.endswith("_like") for name in names)


def test_one_notice_that_cannot_be_composed_stops_no_other(
    world: "World", post: "Post", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from consent.server.mail import delivery

    row = _row(world, post)

    def broken(*arguments: object) -> Any:
        raise KeyError("planted words of an exception")

    monkeypatch.setattr(delivery, "compose", broken)
    assert not delivery.deliver(post.ports(), row.id)
    after = _again(row)
    assert after.last_error == "KeyError" and after.claimed_until is None
    assert f"notice {row.id} (identity) cannot be composed" in caplog.text
