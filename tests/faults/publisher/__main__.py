"""`make prove`: every fault of the publisher at length on every store, and a table of those survived.

Each row is a log of its own on a real PostgreSQL. After every fault the published log is read as a stranger reads it:
signature, every tile, every entry, one root for each size, no size that goes back. What a server cannot do is asked of
it first and printed with what was seen. The exit status is 1 if one fault was not survived or could not be tried.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from consent.log.objects import ObjectStore
from consent.server.embedded.postgres import embedded_postgres
from tests.contract import servers
from tests.contract.probing import FILES, Powers, probe

SEED = 20261121
KINDS = ("file", *servers.KINDS)
# Entries between lives: across the end of two or three tiles in files, mostly of one over a server, which is slower.
MOST = {"file": 700}
MOST_OVER_A_SERVER = 300
ROW_S = 900  # no row may take longer
_MEANING = {
    "creates_once": "a tile is the same whoever writes it; nobody reads while two publishers write",
    "replaces_by_tag": "an older checkpoint may stand until a publisher looks",
    "shows_whole": "nobody reads while two publishers write",
}
Fault = Callable[[str, Path, ObjectStore | None, Powers], str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all of them; the exit status is 1 if one was not survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.publisher", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="stores to try instead of all")
    kinds = parser.parse_args(arguments).kinds or KINDS
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")
    os.environ.setdefault("CONSENT_SECRET_KEY", "tests-only-" + "0" * 40)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # servers and folders go with it
    with ExitStack() as stack:
        server = os.environ.get("CONSENT_TEST_DATABASE_URL") or stack.enter_context(_server())
        os.environ["CONSENT_DATABASE_URL"] = server
        import django

        django.setup()
        survived = [good for kind in kinds for good in _store_rows(kind, server)]
    print(f"{sum(survived)} of {len(survived)} rows survived, {time.monotonic() - began:.0f} s")
    return 0 if all(survived) else 1


def _store_rows(kind: str, server: str) -> Iterator[bool]:
    """The rows of one store; over a server it is one server for all of them, which is asked first what it can do."""
    if kind == "file":
        for name, fault in _faults(kind, FILES):
            yield _row(name, lambda root, fault=fault: fault(server, root, None, FILES))
        return
    if servers.program(kind) is None:
        print(f"{kind}: NOT tried, it is not installed", flush=True)
        yield False
        return
    from tests.faults.publisher.faulty_store import OfThisProcess

    with _folder() as folder, getattr(servers, kind)(folder) as url:
        powers = probe(servers.s3_client_of(url), servers.BUCKET)
        for lacking, meaning in _MEANING.items():
            if not getattr(powers, lacking):
                print(
                    f"{kind}: not supported by this server: {powers.evidence[lacking]}; {meaning}", flush=True
                )
        for number, (name, fault) in enumerate(_faults(kind, powers)):
            store = OfThisProcess(lambda n=number: servers.s3_store(url, prefix=f"row{n}/"))  # type: ignore[misc]
            yield _row(name, lambda root, fault=fault, store=store: fault(server, root, store, powers))


def _faults(kind: str, powers: Powers) -> Iterator[tuple[str, Fault]]:
    from tests.faults.publisher import lives, rollback

    most = MOST.get(kind, MOST_OVER_A_SERVER)
    yield f"killed at a durable step ({kind})", _on(lives.kill_at_every_step, most=most)
    for only in ("before", "after"):
        yield f"store fails {only} it persisted ({kind})", _on(lives.fail_at_every_step, only=only, most=most)
    yield f"paused at a step, woken later ({kind})", _on(lives.pause_at_every_step, most=most)
    yield f"two publishers at once ({kind})", _on(lives.twins, rounds=10, most=most)
    yield f"bit flipped, or object lost ({kind})", _flips
    ages = 8 if kind == "file" else 3

    def restored(server: str, root: Path, store: ObjectStore | None, powers: Powers) -> str:
        return f"{rollback.restore_at_every_age(server, root, ages=ages, objects=store):5d} survived"

    yield f"database restored from a backup ({kind})", restored


def _on(fault: Callable[..., int], **more: object) -> Fault:
    def run(server: str, root: Path, store: ObjectStore | None, powers: Powers) -> str:
        from tests.faults.publisher.lives import Judge
        from tests.log.publishing.house import house_of_its_own

        with house_of_its_own(server, root) as house:
            judge = Judge(house, store or house.objects, powers=powers)
            count = fault(judge, chance=random.Random(SEED), **more)
        back = f"; an older checkpoint stood {judge.went_back} times" if judge.went_back else ""
        return f"{count:5d} survived{back}"

    return run


def _flips(server: str, root: Path, store: ObjectStore | None, powers: Powers) -> str:
    from tests.faults.publisher.rollback import flip_in_every_object
    from tests.log.publishing.house import house_of_its_own

    with house_of_its_own(server, root) as house:
        return f"{flip_in_every_object(house, store or house.objects):5d} survived"


def _row(name: str, what: Callable[[Path], str]) -> bool:
    from tests.faults.publisher.lives import end_all

    began = time.monotonic()
    signal.signal(signal.SIGALRM, _too_late)
    with _folder() as folder:
        signal.alarm(ROW_S)
        try:
            verdict, good = what(folder), True
        except Exception:  # noqa: BLE001  # whatever it is, the other rows are tried too
            traceback.print_exc()
            verdict, good = "    NOT survived", False
        finally:
            signal.alarm(0)
            end_all()
    print(f"{name:46} {time.monotonic() - began:6.1f} s {verdict}", flush=True)
    return good


def _too_late(number: int, frame: object) -> None:
    raise TimeoutError(f"a row took longer than {ROW_S} s")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="consent-prove-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "made"


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="consent-prove-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as a user of its own, who must get in
        with embedded_postgres(Path(folder), superuser=True) as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
