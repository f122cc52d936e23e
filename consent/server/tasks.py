"""The timed work as Celery tasks, for registries with a broker. The database remains the queue of record:
a task that is lost is due again at the next turn."""

import logging
import os

from celery import Celery, shared_task
from kombu.exceptions import OperationalError as BrokerAway

from consent.registry.ports import RegistryPorts
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
    broker_connection_timeout=2,
)
_logger = logging.getLogger(__name__)
_TIMERS = {timer.name: timer for timer in TIMERS}


@shared_task(name="consent.timer")  # type: ignore[untyped-decorator]  # Celery has no types
def run_timer(name: str) -> None:
    """Do one timer's work now."""
    _TIMERS[name].work(wiring().registry)


def hand_over(timer: Timer, ports: RegistryPorts) -> int:
    """Let a worker do it; with the broker away, do it here. It expires when the next turn comes, so that a
    broker without workers piles nothing up."""
    try:
        run_timer.apply_async((timer.name,), expires=max(timer.every_s, 5.0), retry=False)
    except BrokerAway:
        _logger.warning("the broker is away; timer %s runs here", timer.name)
        return timer.work(ports)
    return 0
