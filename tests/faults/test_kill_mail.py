"""Workers, the relay and the broker are killed in the middle of mail: nothing is lost, and nothing is repeated
but in the one window that SMTP has, and then under the same Message-ID."""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mail_house import PATIENCE_S, MailHouse
from tests.mail.post_office import Taken
from tests.server.rabbitmq import PROGRAM, Rabbit, until


@pytest.fixture(scope="module")
def rabbit() -> Iterator[Rabbit]:
    """A broker of this file's own."""
    if not Path(PROGRAM).exists():
        pytest.skip("needs rabbitmq-server")
    made = Rabbit()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def registry(postgres_server: str) -> Iterator[MailHouse]:
    """A registry of this file's own."""
    made = MailHouse(postgres_server)
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def house(registry: MailHouse) -> Iterator[MailHouse]:
    """The registry with a post office of the test's own, and no process yet."""
    with registry.visit():
        yield registry


def _each_once(house: MailHouse, ids: list[str]) -> None:
    assert Counter(house.office.ids()) == Counter(ids)
    assert "planted" not in house.log().lower() and "Traceback" not in house.log()


def test_a_worker_killed_before_the_server_took_the_mail_loses_and_repeats_nothing(
    house: MailHouse, rabbit: Rabbit
) -> None:
    ids = house.plant(3)
    house.start("relay", broker=rabbit.url)
    worker = house.start("worker", broker=rabbit.url)
    killed = threading.Event()

    def die(address: str) -> None:
        if not killed.is_set():
            house.kill(worker)
            killed.set()

    house.office.on_rcpt = die
    assert killed.wait(PATIENCE_S), house.log()
    assert house.office.taken == []
    house.start("worker", broker=rabbit.url)
    # The row that was being worked on is left alone until the dead worker's claim runs out.
    assert until(lambda: len(house.office.ids()) == 2, within_s=PATIENCE_S), house.log()
    assert house.ask("SELECT attempts FROM log_outbox WHERE sent_at IS NULL") == (1,)
    house.minute_passes()
    house.all_sent()
    _each_once(house, ids)


def test_a_worker_killed_after_the_server_took_the_mail_repeats_it_under_the_same_message_id(
    house: MailHouse, rabbit: Rabbit
) -> None:
    ids = house.plant(3)
    house.start("relay", broker=rabbit.url)
    worker = house.start("worker", broker=rabbit.url)
    died: list[Taken] = []

    def die(taken: Taken) -> None:
        if not died:
            died.append(taken)
            house.kill(worker)  # the mail is in the server's care, and nobody hears the 250

    house.office.on_data = die
    assert until(lambda: bool(died), within_s=PATIENCE_S), house.log()
    house.start("worker", broker=rabbit.url)
    assert until(lambda: len(house.office.ids()) == 3, within_s=PATIENCE_S), house.log()
    house.minute_passes()
    house.all_sent()
    assert Counter(house.office.ids()) == Counter([*ids, died[0].message_id])
    once, again = (taken for taken in house.office.taken if taken.message_id == died[0].message_id)
    assert once.mail.as_bytes() == again.mail.as_bytes()


def test_two_workers_and_two_relays_send_each_mail_once(house: MailHouse, rabbit: Rabbit) -> None:
    ids = house.plant(30)
    for process in ("relay", "worker", "worker", "relay"):
        house.start(process, broker=rabbit.url)
    house.start("relay", broker=None)
    house.all_sent()
    _each_once(house, ids)
    assert house.ask("SELECT max(attempts) FROM log_outbox") == (1,)


def test_a_broker_killed_in_the_middle_loses_and_repeats_nothing(house: MailHouse, rabbit: Rabbit) -> None:
    ids = house.plant(6)
    killed = threading.Event()

    def cut(taken: Taken) -> None:
        if not killed.is_set():
            rabbit.kill()  # the worker goes on, but nobody hears that its task is done
            killed.set()

    house.office.on_data = cut
    house.start("relay", broker=rabbit.url)
    house.start("worker", broker=rabbit.url)
    try:
        assert killed.wait(PATIENCE_S), house.log()
        ids += house.plant(2)  # with the broker away the relay sends them itself
        house.all_sent()
    finally:
        rabbit.start()  # what was queued comes again, and finds its rows done with
    ids += house.plant(1)
    house.all_sent()
    assert Counter(house.office.ids()) == Counter(ids)


def test_a_broker_that_hangs_is_as_one_that_is_away(house: MailHouse, rabbit: Rabbit) -> None:
    rabbit.signal(signal.SIGSTOP)
    try:
        ids = house.plant(2)
        house.start("relay", broker=rabbit.url)
        house.all_sent()
    finally:
        rabbit.signal(signal.SIGCONT)
    _each_once(house, ids)


def test_a_relay_killed_with_hints_on_their_way_loses_and_repeats_nothing(
    house: MailHouse, rabbit: Rabbit
) -> None:
    ids = house.plant(4)
    relay = house.start("relay", broker=rabbit.url)
    hinted = "SELECT count(*) FROM log_outbox WHERE hinted_until IS NOT NULL"
    assert until(lambda: house.ask(hinted) == (4,), within_s=PATIENCE_S), house.log()
    house.kill(relay)
    assert house.office.taken == []
    house.start("relay", broker=None)  # started again, and this time without the broker
    house.all_sent()
    house.start("worker", broker=rabbit.url)  # takes the hints of before
    ids += house.plant(1)
    house.all_sent()
    _each_once(house, ids)
