"""A log of its own over a folder: entries that are committed, and a publisher of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from consent.log.objects import ObjectStore
from consent.log.storage_file import FileObjectStore
from signing.note import NoteSigner, VerifierKey
from signing.private_key import PrivateKey
from signing.signer import LocalSigner
from tests.log.history import connected_to, database_url, event, file_ports, migrate, new_database

ORIGIN = "registry.example/log/test"
SEED = bytes(range(32))
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def log_signer(seed: bytes = SEED) -> LocalSigner:
    """The log's key; of a fixed seed, so that several processes have the same one."""
    return LocalSigner(
        private=PrivateKey.from_seed(seed),
        role="log",
        not_before=_BEGAN,
        not_after=_BEGAN + timedelta(days=3650),
    )


def publishing_ports(objects: ObjectStore, *, step: Callable[[str], None] | None = None) -> Any:
    """Ports of a publisher whose signatures are by `log_signer`."""
    from consent.log.publishing.ports import PublishingPorts

    def signers(origin: str, livemode: bool) -> list[NoteSigner]:
        return [NoteSigner.for_log(log_signer(), origin=origin)]

    more = {} if step is None else {"step": step}
    return PublishingPorts(objects=objects, signers=signers, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The test side of a database of its own, and the folder that it is published to."""

    root: Path
    ports: Any
    objects: ObjectStore

    def append(self, count: int) -> None:
        """Commit `count` entries in one transaction."""
        from consent.log.transaction import history_transaction

        with history_transaction(False, self.ports) as tx:
            for _ in range(count):
                tx.append(event())

    def publisher(
        self, *, objects: ObjectStore | None = None, step: Any = None, witnesses: Any = None
    ) -> Any:
        """A publisher of this log, over its own store unless another is given."""
        from consent.log.publishing.publisher import Publisher

        ports = publishing_ports(objects or self.objects, step=step)
        return Publisher(ports, origin=ORIGIN, livemode=False, witnesses=witnesses)

    def publish(self) -> int:
        """One turn of a publisher that starts for it."""
        publisher = self.publisher()
        try:
            count: int = publisher.turn()
        finally:
            publisher.close()
        return count

    def state(self) -> Any:
        """How far the database says the log is."""
        from consent.log.publishing.state import read_state

        return read_state(ORIGIN)

    @property
    def vkey(self) -> VerifierKey:
        """The key that verifies this log's checkpoints."""
        return NoteSigner.for_log(log_signer(), origin=ORIGIN).verifier


def open_house(root: Path) -> House:
    """The log of the database that Django is connected to, with its objects below `root`."""
    from consent.log.start import initialise

    made = House(root=root, ports=file_ports(root), objects=FileObjectStore(root / "objects"))
    initialise(made.ports)
    return made


@contextmanager
def house_of_its_own(server: str, root: Path) -> Iterator[House]:
    """The log of a new database, to which Django is connected for the block."""
    with new_database(server) as name, connected_to(database_url(server, name)):
        migrate()
        yield open_house(root)
