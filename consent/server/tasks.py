"""The timed work as Celery tasks, for registries with a broker. The database remains the queue of record:
a task that is lost is due again at the next turn."""

import os

from celery import Celery, shared_task

from consent.server.relay import Timer
from consent.server.settings.broker import read_broker
from consent.server.settings.environment import Environment
from consent.server.timers import TIMERS
from consent.server.wiring import wiring

app = Celery("consent")
app.conf.update(
    broker_url=read_broker(Environment(os.environ)) or None,
    task_ignore_result=True,
    task_acks_late=True,
    task_default_queue="consent",
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
_TIMERS = {timer.name: timer for timer in TIMERS}


@shared_task(name="consent.timer")  # type: ignore[untyped-decorator]  # Celery has no types
def run_timer(name: str) -> None:
    """Do one timer's work now."""
    _TIMERS[name].work(wiring().registry)


def hand_over(timer: Timer) -> int:
    """Let a worker do it; it expires when the next turn comes, so that a dead broker piles nothing up."""
    run_timer.apply_async((timer.name,), expires=max(timer.every_s, 5.0))
    return 0
