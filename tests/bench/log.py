"""The log's publisher: entries a second from a backlog, and how soon a commit stands in a published checkpoint."""

import bisect
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django import db

from consent.log.objects import ObjectStore
from tests.bench.report import Row
from tests.contract import servers
from tests.log.publishing.house import House, house_of_its_own

BACKLOG = 50_000
COMMITS = 200
EVERY_S = 1.0  # as `consent-server run publisher`
_FILL = """
INSERT INTO log_event (event_id, livemode, seq, kind, record, sealed, entry, chain, recorded_at)
SELECT 'evt_' || seq + n, livemode, seq + n, kind, record, sealed, '\\x01' || sha256((seq + n)::text::bytea), chain,
       clock_timestamp()
FROM (SELECT * FROM log_event WHERE NOT livemode ORDER BY seq DESC LIMIT 1) AS last, generate_series(1, %s) AS n
"""


def measure(server: str) -> list[Row]:
    """Each figure on a database of its own."""
    s3 = _backlog(server, "localbucket") if servers.program("localbucket") else None
    beside = "S3 server not installed" if s3 is None else f"{s3:,.0f} over a local S3 server"
    rate = _backlog(server, "file")
    ages = sorted(_single(server))
    p99 = ages[min(len(ages) - 1, len(ages) * 99 // 100)]
    return [
        Row(what="log, from a backlog", value=rate, unit="entries/s", at_least=2000, beside=beside),
        Row(
            what="log, commit to published checkpoint, p99",
            value=p99,
            unit="s",
            at_most=2,
            samples=len(ages),
            beside=f"median {ages[len(ages) // 2]:.2f} s",
        ),
    ]


def _backlog(server: str, kind: str) -> float:
    with TemporaryDirectory(prefix="consent-bench-") as folder:
        root = Path(folder)
        with house_of_its_own(server, root / "house") as house, _store(kind, root, house) as store:
            with db.connection.cursor() as cursor:
                cursor.execute(_FILL, [BACKLOG])
            publisher = house.publisher(objects=store)
            began = time.perf_counter()
            done = publisher.turn()
            took = time.perf_counter() - began
            publisher.close()
            return float(done / took)


def _single(server: str) -> list[float]:
    """Seconds from each commit's return until a checkpoint that covers it stands."""
    with (
        TemporaryDirectory(prefix="consent-bench-") as folder,
        house_of_its_own(server, Path(folder)) as house,
    ):
        published: list[tuple[int, float]] = []
        stop = threading.Event()

        def publish() -> None:
            publisher = house.publisher()
            while not stop.wait(EVERY_S):
                publisher.turn()
                published.append((house.state().published_size, time.perf_counter()))
            publisher.turn()
            published.append((house.state().published_size, time.perf_counter()))
            publisher.close()
            db.connections.close_all()

        thread = threading.Thread(target=publish)
        thread.start()
        committed = []
        for _ in range(COMMITS):
            house.append(1)
            committed.append(time.perf_counter())
            time.sleep(0.03)
        stop.set()
        thread.join()
        sizes = [size for size, _ in published]
        # The genesis event is entry 0: the n-th commit is covered by size n + 2.
        return [published[bisect.bisect_left(sizes, n + 2)][1] - at for n, at in enumerate(committed)]


@contextmanager
def _store(kind: str, root: Path, house: House) -> Iterator[ObjectStore]:
    if kind == "file":
        yield house.objects
        return
    from consent.log.storage_s3 import S3ObjectStore, s3_client

    with servers.localbucket(root / "bucket") as url:
        client = s3_client(
            endpoint_url=url, region="us-east-1", access_key=servers.ACCESS_KEY, secret_key=servers.SECRET_KEY
        )
        yield S3ObjectStore(client=client, bucket=servers.BUCKET)
