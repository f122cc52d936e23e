"""SIGKILL of everything at once, then the ordinary start: nothing acknowledged is lost, nothing half-written shows."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from consent.client.errors import ConsentError
from consent.server.demo.licensees import AUDIOBOOKS
from consent.server.demo.person import Ending, Person
from signing.package import verify_package
from tests.integration.performers import approved_person, desk_of, sign_one, trust_of
from tests.integration.running import Running

LOAD_S = 3.0
QUESTION = AUDIOBOOKS.question


def test_everything_acknowledged_under_load_survives_a_kill(own_registry: Running) -> None:
    own_registry.start()
    people = [approved_person(own_registry, f"killed-{place}") for place in range(3)]
    signed: list[tuple[Person, str]] = []
    ended: list[tuple[Person, str]] = []

    def work(person: Person) -> None:
        desk = desk_of(own_registry)
        while True:
            try:
                grant = sign_one(person, desk)
                signed.append((person, grant))
                if len(signed) % 2:
                    person.end(grant)
                    ended.append((person, grant))
            except ConsentError:
                return  # the kill: no answer, so nothing was acknowledged

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    time.sleep(LOAD_S)
    own_registry.kill()
    for thread in threads:
        thread.join(60)
    assert signed, "nothing was acknowledged before the kill"
    assert ended, "no ending was acknowledged before the kill"

    own_registry.start()
    desk = desk_of(own_registry)
    trust = trust_of(own_registry)
    gone = {grant for _, grant in ended}
    for person, grant in signed:
        if grant not in gone:
            assert person.account.grant(grant).state in ("active", "revoked")
        answer = desk.registry.check(grant=grant, **QUESTION)
        assert grant not in gone or not answer, f"{grant} was ended before the kill and is allowed after it"
    for person in people:
        for grant in person.account.grants():
            verify_package(
                person.account.package(grant.id), trust=trust, at=datetime.now(UTC), allow_test=True
            )


def test_a_kill_during_the_enforcement_wait_is_finished_after_the_restart(own_registry: Running) -> None:
    own_registry.start()
    person = approved_person(own_registry, "waiting")
    desk = desk_of(own_registry)
    grant = sign_one(person, desk)
    answers: list[Ending] = []

    def end() -> None:
        try:
            answers.append(person.end(grant))
        except ConsentError:
            return

    with psycopg.connect(own_registry.database_url(), autocommit=True) as rows:
        thread = threading.Thread(target=end)
        thread.start()
        _until(lambda: _unenforced(rows) == 1, "the revocation to be committed")
    own_registry.kill()
    thread.join(60)
    assert not answers, "the kill came too late: the ending was answered already"

    own_registry.start()
    assert not desk_of(own_registry).registry.check(grant=grant, **QUESTION)
    with psycopg.connect(own_registry.database_url(), autocommit=True) as rows:
        _until(lambda: _unenforced(rows) == 0, "the sweeper to finish the wait")
    assert person.account.grant(grant).state == "revoked"


def _unenforced(rows: psycopg.Connection) -> int:
    found = rows.execute("SELECT count(*) FROM log_enforcement WHERE enforced_at IS NULL").fetchone()
    assert found is not None
    return int(found[0])


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)
