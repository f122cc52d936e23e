"""`make prove`: every fault of the publisher at length, and a table of those survived.

Each row is a log of its own on a real PostgreSQL. After every fault the published log is read as a stranger reads it:
signature, every tile, every entry, one root for each size, no size that goes back.
"""

import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from consent.log.objects import ObjectStore
from consent.server.embedded.postgres import embedded_postgres

SEED = 20261121
MOST = 700  # entries between lives: across the ends of two or three tiles


def main() -> int:
    """Try all of them; the exit status is 1 if one was not survived."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")
    os.environ.setdefault("CONSENT_SECRET_KEY", "tests-only-" + "0" * 40)
    with ExitStack() as stack:
        server = os.environ.get("CONSENT_TEST_DATABASE_URL") or stack.enter_context(_server())
        os.environ["CONSENT_DATABASE_URL"] = server
        import django

        django.setup()
        survived = [_row(name, what, server) for name, what in _faults()]
    return 0 if all(survived) else 1


def _faults() -> Iterator[tuple[str, Callable[[str, Path], int]]]:
    from tests.contract import servers
    from tests.faults.publisher import lives, rollback

    for kind in ("file", "rclone", "localbucket"):
        if kind != "file" and servers.program(kind) is None:
            continue
        yield f"killed at a durable step ({kind})", _over(kind, lives.kill_at_every_step, most=MOST)
        for only in ("before", "after"):
            yield (
                f"store fails {only} it persisted ({kind})",
                _over(kind, lives.fail_at_every_step, only=only, most=MOST),
            )
        yield f"paused at a step, woken later ({kind})", _over(kind, lives.pause_at_every_step, most=MOST)
        if (
            kind == "file"
        ):  # the two S3 servers show objects half written to whoever reads meanwhile; S3 does not
            yield f"two publishers at once ({kind})", _over(kind, lives.twins, rounds=10, most=MOST)
    yield (
        "database restored from a backup",
        lambda server, root: rollback.restore_at_every_age(server, root, ages=8),
    )
    yield "bit flipped, or object lost", _flips


def _over(kind: str, fault: Callable[..., int], **more: object) -> Callable[[str, Path], int]:
    def run(server: str, root: Path) -> int:
        from tests.log.publishing.house import house_of_its_own

        with house_of_its_own(server, root / "house") as house, _store(kind, root, house.objects) as store:
            return fault(house, store, chance=random.Random(SEED), **more)

    return run


def _flips(server: str, root: Path) -> int:
    from tests.faults.publisher.rollback import flip_in_every_object
    from tests.log.publishing.house import house_of_its_own

    with house_of_its_own(server, root) as house:
        return flip_in_every_object(house)


def _row(name: str, what: Callable[[str, Path], int], server: str) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="consent-prove-") as folder:
        try:
            verdict = f"{what(server, Path(folder)):5d} survived"
            good = True
        except Exception:  # noqa: BLE001  # whatever it is, the other rows are tried too
            traceback.print_exc()
            verdict, good = "    NOT survived", False
    print(f"{name:46} {verdict}   {time.monotonic() - began:6.1f} s", flush=True)
    return good


@contextmanager
def _store(kind: str, root: Path, files: ObjectStore) -> Iterator[ObjectStore]:
    if kind == "file":
        yield files
        return
    from consent.log.storage_s3 import S3ObjectStore, s3_client
    from tests.contract import servers
    from tests.faults.publisher.faulty_store import OfThisProcess

    with getattr(servers, kind)(root / "bucket") as url:

        def make() -> ObjectStore:
            client = s3_client(
                endpoint_url=url,
                region="us-east-1",
                access_key=servers.ACCESS_KEY,
                secret_key=servers.SECRET_KEY,
            )
            return S3ObjectStore(client=client, bucket=servers.BUCKET)

        yield OfThisProcess(make)


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="consent-prove-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as a user of its own, who must get in
        with embedded_postgres(Path(folder), superuser=True) as url:
            yield url


if __name__ == "__main__":
    sys.exit(main())
