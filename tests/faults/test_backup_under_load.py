"""A backup that is taken while everything runs is one moment: what comes back from it holds together."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.backup_place import Place, ask, checks_of, empty_place, terms_of_now, verify
from tests.integration.running import free_port

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150.0  # for a machine that does much else
BACKUPS = 3
REASON = "A drill: everything was running when the last backup was made."


class Load:
    """Threads that go on until the block ends; a fault of any is the test's. `done` counts what each did."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.done: dict[str, int] = {}
        self.faults: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def go_on(self, name: str, work: Callable[[], object]) -> None:
        """Do `work` again and again, on a thread of its own."""
        self.done[name] = 0

        def run() -> None:
            from django.db import connections

            try:
                while not self.stop.is_set():
                    work()
                    self.done[name] += 1
            except BaseException as exc:  # noqa: BLE001  # whatever it is, the test tells it
                self.faults.append(exc)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run, name=name)
        thread.start()
        self._threads.append(thread)

    def more_of_each(self, at_least: int = 1) -> None:
        """Wait until every thread has done `at_least` more."""
        wanted = {name: count + at_least for name, count in self.done.items()}
        until = time.monotonic() + PATIENCE_S
        while any(self.done[name] < count for name, count in wanted.items()) and not self.faults:
            assert time.monotonic() < until, (self.done, wanted)
            time.sleep(0.05)
        assert self.faults == []

    def end(self) -> None:
        """Stop, and wait for all."""
        self.stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert self.faults == []


@contextmanager
def _process(place: Place, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """`consent-server run …` of that registry."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    place.root.mkdir(parents=True, exist_ok=True)
    with (place.root.parent / f"{words[0]}.log").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "consent.server", "run", *words],
            cwd=ROOT,
            env={**others, **place.environment()},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
        assert process.poll() is None, (place.root.parent / f"{words[0]}.log").read_text()[-3000:]
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _asked(url: str, key: str, performer: str) -> str:
    """A decision of the node, or that its facts were too old: the machine does much else."""
    body = {"performer": performer, "use": "train.voice"}
    request = urllib.request.Request(
        f"{url}/v1/check",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return str(json.loads(answer.read())["decision"])
    except urllib.error.HTTPError as refused:
        with refused:
            assert refused.code == 503, refused.read()
        return "stale"


def _until_answered(url: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE_S):
                return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.2)


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def _published(place: Place) -> bool:
    from consent.server.stores import open_objects

    return any(key.endswith("checkpoint") for key in open_objects(place.settings()).keys(""))


@pytest.mark.timeout(900)
def test_what_was_backed_up_while_everything_ran_comes_back_consistent(
    database: str, postgres_server: str, tmp_path: Path
) -> None:
    from consent.log.publishing.inspecting import inspect_log
    from consent.registry.models import Grant
    from consent.registry.operations.api_keys import create_api_key
    from consent.server.backup.making import make_backup
    from consent.server.backup.restoring import restore
    from consent.server.commands.restore import _declare
    from consent.server.preparing import prepare
    from consent.server.publishing import log_keys, origin_here
    from consent.server.wiring import make_wiring
    from tests.registry.world import Clock, World

    with empty_place(postgres_server, tmp_path / "first", objects=tmp_path / "objects") as place:
        wiring = prepare(place.settings())
        world = World(ports=wiring.registry, clock=Clock())
        organization, person = world.organization(), world.person()
        grant = world.grant(organization, person, terms_of_now()).grant
        reference = world.reference(organization, person)
        key = create_api_key(
            wiring.registry, livemode=True, organization=organization, name="load", scopes=["check"]
        ).secret
        port = free_port()
        url, load = f"http://localhost:{port}", Load()
        ended: list[str] = []

        def live_and_end() -> None:
            other = world.person()
            made = world.grant(organization, other, terms_of_now()).grant
            world.say("revocation", made, other.key)
            ended.append(made)

        with ExitStack() as running:
            for words in (("publisher",), ("relay",), ("check", "--port", str(port))):
                running.enter_context(_process(place, *words))
            _until_answered(url)
            running.callback(load.end)
            load.go_on("grants and endings", live_and_end)
            load.go_on("checks of a node", lambda: _asked(url, key, reference))
            checks = checks_of(wiring)
            load.go_on("checks with receipts", lambda: ask(checks, organization, reference))
            load.more_of_each()
            _until(lambda: _published(place))
            for _ in range(BACKUPS):
                sure = [*ended]  # acknowledged before the backup began
                backup = make_backup(wiring, tmp_path / "backups").header
                load.more_of_each()
        assert all(count > BACKUPS for count in load.done.values()), load.done
    with empty_place(
        postgres_server, tmp_path / "second", objects=tmp_path / "objects", secrets_of=place
    ) as again:
        done = restore(again.settings(), tmp_path / "backups", now=datetime.now(UTC))
        assert done.header == backup and done.missing_objects == ()
        live = next(each for each in done.missing if each.livemode)
        assert live.lost is not None and live.lost > live.kept == backup.heads["live"]
        _history_holds_together(prepare(again.settings()), head=live.kept)
        standing = dict(Grant.objects.filter(id__in=[*sure, grant]).values_list("id", "ended_at"))
        assert set(standing) == {*sure, grant}
        assert [name for name, at in standing.items() if at is None] == [grant]
        _declare(again.settings(), reason=REASON)
        wiring = make_wiring(again.settings())
        _packages_verify(wiring)
        answer = ask(checks_of(wiring), organization, reference)
        assert answer.decision == "allow" and verify(answer.receipt, wiring.trust())
        origin = origin_here(wiring, livemode=True)
        keys, objects = log_keys(wiring, origin, livemode=True), wiring.registry.log.objects
        with _process(again, "publisher"):
            _until(lambda: not [*inspect_log(origin, objects=objects, keys=keys)])


def _history_holds_together(wiring: Any, *, head: int) -> None:
    """Both histories fold to their heads, and every event has its key."""
    from consent.log.database_safety import check_database
    from consent.log.events import open_event
    from consent.log.heads import read_head
    from consent.log.models import Event
    from consent.log.verify import verify_history

    check_database()
    for side in (True, False):
        assert verify_history(side).seq == read_head(side).seq
        for row in Event.objects.filter(livemode=side):
            open_event(row, ports=wiring.registry.log)
    assert read_head(True).seq == head


def _packages_verify(wiring: Any) -> None:
    """Every grant's statement, signature and place in the history fit each other."""
    from consent.registry.models import Grant
    from consent.registry.operations.read_package import read_package
    from signing.package import verify_package
    from signing.trust import parse_trust

    trust = parse_trust(wiring.trust())
    for row in Grant.objects.filter(livemode=True):
        package = read_package(wiring.registry, livemode=True, grant=row.id, performer=row.performer_id)
        verify_package(package, trust=trust, at=datetime.now(UTC) + timedelta(minutes=1))
