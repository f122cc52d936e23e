"""The timed work as Celery tasks, for registries with a broker. The database remains the queue of record:
a task that is lost is due again at the next turn."""

import contextlib
import logging
import os
from datetime import timedelta

from amqp.exceptions import MessageNacked  # type: ignore[import-untyped]
from celery import Celery, shared_task
from kombu.exceptions import OperationalError as BrokerAway

from consent.log import outbox
from consent.registry.ports import RegistryPorts
from consent.server.mail.delivery import deliver, deliver_due
from consent.server.mail.mailbox import MailboxAwayError
from consent.server.mail.ports import MailPorts
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
    worker_prefetch_multiplier=1,  # what one worker is busy with is no reason to keep the next from another
    # The broker says that it has a message; one that only takes bytes counts as away (RabbitMQ).
    broker_transport_options={"confirm_publish": True},
)
HINTS_AT_ONCE = 200
PATIENCE = timedelta(seconds=60)  # what no worker took by then is done here, whatever became of its hint
_PUBLISH = {"retry": False, "confirm_timeout": 5.0}
_AWAY = (BrokerAway, MessageNacked)
_logger = logging.getLogger(__name__)
_TIMERS = {timer.name: timer for timer in TIMERS}


@shared_task(name="consent.timer")  # type: ignore[untyped-decorator]  # Celery has no types
def run_timer(name: str) -> None:
    """Do one timer's work now."""
    _TIMERS[name].work(wiring().registry)


@shared_task(name="consent.deliver")  # type: ignore[untyped-decorator]  # Celery has no types
def deliver_notice(outbox_id: str) -> None:
    """Send one notice, if its row still says so."""
    with contextlib.suppress(MailboxAwayError):  # the row is put off, and hinted again then
        deliver(wiring().mail, outbox_id)


def hand_over_mail(ports: MailPorts) -> int:
    """Tell workers which notices are due; how many were sent here, because the broker is away or nobody came."""
    for outbox_id in outbox.take_hints(limit=HINTS_AT_ONCE):
        try:
            deliver_notice.apply_async((outbox_id,), expires=outbox.HINT.total_seconds(), **_PUBLISH)
        except _AWAY:
            _logger.warning("the broker is away; notices are sent from here")
            return deliver_due(ports)
    return deliver_due(ports, overdue=PATIENCE)


def hand_over(timer: Timer, ports: RegistryPorts) -> int:
    """Let a worker do it; with the broker away, do it here. It expires when the next turn comes, so that a
    broker without workers piles nothing up."""
    try:
        run_timer.apply_async((timer.name,), expires=max(timer.every_s, 5.0), **_PUBLISH)
    except _AWAY:
        _logger.warning("the broker is away; timer %s runs here", timer.name)
        return timer.work(ports)
    return 0
