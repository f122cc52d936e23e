"""A process of its own that submits one statement and is killed with SIGKILL at its n-th step.

A step is each statement to the database, each COMMIT (once before and once after it), and each sleep of
the enforcement wait. Counting them makes "at any moment" a list that a test can go through.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.log.history import connected_to, database_url, file_ports, new_database

if TYPE_CHECKING:
    from tests.registry.world import World

FINISHED = 0  # exit status of a child that was not killed


@contextmanager
def world_of_its_own(postgres_server: str, root: Path) -> "Iterator[World]":
    """A world on a database of its own, so that its waits can be changed."""
    from django.core.management import call_command
    from django.db import connection

    from consent.log.start import initialise

    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        from tests.registry.world import Clock, World, registry_ports

        call_command("migrate", verbosity=0)
        log = file_ports(root)
        initialise(log)
        with connection.cursor() as cursor:
            # Short waits: what is tested is that they are finished, not how long they take.
            cursor.execute("UPDATE log_head SET l_node_ms = 20, l_wait_ms = 20")
        yield World(ports=registry_ports(log, Clock()), clock=Clock())


def submit_and_die(world: "World", root: Path, envelope: bytes, *, step: int) -> bool:
    """Submit in a forked process that dies before its `step`-th step; whether it died."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            _submit(world, root, envelope, step)
        finally:
            os._exit(FINISHED)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    return False


def _submit(world: "World", root: Path, envelope: bytes, last_step: int) -> None:
    from django.db import connection

    from consent.registry.operations.submit_statement import submit_statement

    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        step()
        return run(sql, params, many, context)

    commit = connection._commit

    def committing() -> None:
        step()
        commit()
        step()

    log = file_ports(root)
    sleep = log.sleep

    def sleeping(seconds: float) -> None:
        step()
        sleep(seconds)

    connection._commit = committing  # type: ignore[method-assign]
    ports = replace(world.ports, log=replace(log, sleep=sleeping))
    with connection.execute_wrapper(execute):
        submit_statement(ports, envelope=envelope)
