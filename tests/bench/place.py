"""A registry for the bench: PostgreSQL on one core, the web process on the other, and consents to ask about."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consent.core.ids import new_id
from consent.core.offers import in_language
from consent.registry.ports import RegistryPorts
from consent.server.demo.licensees import AUDIOBOOKS
from consent.server.demo.stage import Stage
from consent.server.test_actors import terms
from deploy.load.questions import Question, check_question
from tests.bench.machine import pin
from tests.bench.seeding import Seed, seed
from tests.bench.servers import Server, pin_process

NAME = "bench"
MB_A_THOUSAND = (
    1.3  # memory for a thousand consents, as the manual has it: a kilobyte each, and room for names of nobody
)
MIN_MB = 256  # the default
NEGATIVES = 1000  # references that the organization was never given
QUESTION = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """The open registry. `server` is its web process, alone on `server_core`; all else is on `load_core`."""

    stage: Stage
    server: Server
    server_core: set[int]
    load_core: set[int]
    organization: str
    secret: str
    seed: Seed
    body: dict[str, object]
    negatives: list[str] = field(default_factory=list)

    @property
    def ports(self) -> RegistryPorts:
        """The operator's way in."""
        return self.stage.ports

    @property
    def width(self) -> int:
        """Characters of a performer's name."""
        return len(self.negatives[0])

    def names(self) -> list[str]:
        """Everybody who was seeded, the most popular first."""
        return [self.seed.reference(number) for number in range(self.seed.count)]

    def question(self, server: Server, **members: object) -> Question:
        """The single check of one performer."""
        host = f"localhost:{server.port}"
        return check_question({**QUESTION, **members}, width=self.width, host=host, key=self.secret)

    def read_ahead(self, *, limit_s: float = 1200) -> float:
        """Wait until no process reads ahead any more; the seconds it took.

        Raises:
            RuntimeError: it goes on for longer than `limit_s`.
        """
        began = time.monotonic()
        while self.figure("consent_check_reading_ahead"):
            if time.monotonic() - began > limit_s:
                raise RuntimeError(f"expected all consents read ahead within {limit_s:.0f} s")
            time.sleep(1)
        return time.monotonic() - began

    def figure(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels, over the processes of this registry."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        with urllib.request.urlopen(f"{self.stage.url}/metrics", timeout=30) as answer:
            for line in answer.read().decode().splitlines():
                sample, _, value = line.rpartition(" ")
                if sample.partition("{")[0] == name and all(each in sample for each in wanted):
                    total += float(value)
        return total


class _Roomy(Stage):
    """The demo's registry, whose web process may keep so many megabytes of facts."""

    def __init__(self, folder: Path, *, memory_mb: int) -> None:
        super().__init__(folder)
        self._memory_mb = memory_mb

    def _settings(self) -> dict[str, str]:
        return {**super()._settings(), "CONSENT_CHECK_MEMORY_MB": str(self._memory_mb)}


@contextmanager
def open_place(folder: Path, *, grants: int, server_core: set[int], load_core: set[int]) -> Iterator[Place]:
    """Start everything and seed `grants` consents of as many performers with one organization."""
    with _Roomy(folder, memory_mb=max(MIN_MB, round(grants / 1000 * MB_A_THOUSAND))) as stage:
        pin(load_core)  # inherited by PostgreSQL
        stage.open()
        pin_process(stage.web.pid, server_core)
        from consent.server.demo.operating import admit  # models exist once `open` has set Django up

        admitted = admit(stage.ports, AUDIOBOOKS)
        at = stage.ports.clock() - timedelta(hours=1)
        pin(server_core | load_core)  # seeding may take the whole machine
        seeded = seed_consents(
            stage, organization=admitted.organization, count=grants, at=at, body=terms.voice(at), name=NAME
        )
        pin(load_core)
        yield Place(
            stage=stage,
            server=Server(name="registry", port=int(stage.url.rpartition(":")[2]), pid=stage.web.pid),
            server_core=server_core,
            load_core=load_core,
            organization=admitted.organization,
            secret=admitted.secret,
            seed=seeded,
            body=in_language(terms.voice(at), language="en"),
            negatives=[new_id("prf") for _ in range(NEGATIVES)],
        )


def seed_consents(
    stage: Stage, *, organization: str, count: int, at: datetime, body: dict[str, Any], name: str
) -> Seed:
    """Consents of `count` invented performers with an organization of the test side."""
    from consent.registry.models import Performer  # needs Django's models
    from consent.server.wiring import wiring
    from tests.bench.transactions import new_performer

    anybody = new_performer(stage.ports, organization)
    return seed(
        superuser_url(stage),
        key=wiring().ring.signer("registry", livemode=False).private,
        organization=organization,
        livemode=False,
        record=Performer.objects.get(id=anybody.id).record,
        count=count,
        at=at,
        body=body,
        name=name,
        processes=2,
    )


def superuser_url(stage: Stage, *, database: bool = True) -> str:
    """Who may switch foreign keys off while copying, in the registry's own database; or who may make databases."""
    admin = stage._postgres.admin_url
    own = urlsplit(stage._postgres.url).path
    return urlsplit(admin)._replace(path=own).geturl() if database else admin
