"""A check process in a test: its feeder turns when the test says so, on a boot clock that the test moves.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from consent.check.answered import Answered
from consent.check.answering import Answering
from consent.check.caller import OrganizationCaller
from consent.check.feeder import Feeder
from consent.check.ledger.segment_ledger import SegmentLedger
from consent.check.primary import PrimaryChecks
from consent.check.process_keys import ProcessKeys
from consent.check.question import Question
from consent.check.replica import Replica
from consent.check.replica_checks import ReplicaChecks
from consent.core.complete import StandingContext
from consent.core.wire.check import CheckRequest, CheckResponse
from consent.core.wire.decode import decode_check
from consent.core.wire.encode import encode
from consent.registry.ports import RegistryPorts
from tests.check.ledger.house import file_ledger
from tests.registry.world import Clock, Person, World, registry_ports

MAX_BYTES = 16 << 20


@dataclass
class BootClock:
    """Moves by itself only while somebody waits."""

    now: float = 1000.0
    sleeping: Callable[[float], None] | None = None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and whatever happens meanwhile."""
        self.now += seconds
        if self.sleeping is not None:
            self.sleeping(seconds)


@dataclass
class CountingPrimary:
    """The real primary, with the number of questions it was asked."""

    inner: PrimaryChecks
    asked: int = 0

    def check(self, request: CheckRequest, **given: Any) -> CheckResponse:
        """Count and pass on."""
        self.asked += 1
        return self.inner.check(request, **given)

    def answer(self, question: Question, **given: Any) -> Answered:
        """Count and pass on."""
        self.asked += 1
        return self.inner.answer(question, **given)

    def batch(self, batch: Any, **given: Any) -> Any:
        """Count and pass on."""
        self.asked += 1
        return self.inner.batch(batch, **given)

    def answer_batch(self, batch: Any, **given: Any) -> Any:
        """Count and pass on."""
        self.asked += 1
        return self.inner.answer_batch(batch, **given)

    def receipt(self, decision: str, **given: Any) -> Any:
        """Pass on."""
        return self.inner.receipt(decision, **given)


class HandTurned(Feeder):
    """The real feeder, but that its thread is the test's."""

    def start(self) -> None:
        """The test turns it."""

    def fetch(self, names: Any, *, livemode: bool, timeout_s: float) -> bool:
        """What waits is read by a turn at once."""
        with self._turned:
            self._wanted[livemode].add(names)
        self.turn()
        return True


@dataclass
class Node:
    """One process: replica, feeder, and the checks over them."""

    world: World
    boot: BootClock
    feeder: Feeder
    primary: CountingPrimary
    checks: ReplicaChecks
    ledger: SegmentLedger
    organizations: list[str] = field(default_factory=list)

    @property
    def replica(self) -> Replica:
        """What it remembers."""
        return self.feeder.replica

    def caller(self, organization: str, **changes: Any) -> OrganizationCaller:
        """An organization that asks."""
        return OrganizationCaller(
            key="key_test",
            organization=organization,
            livemode=self.world.livemode,
            scopes=frozenset({"check"}),
            context=changes.pop(
                "context", StandingContext(territory="DE", language="de", purpose="audiobook")
            ),
            capabilities=frozenset({"label.audible", "mark.c2pa"}),
        )

    def ask(self, organization: str, person: Person | None = None, **question: Any) -> CheckResponse:
        """One question about a person, or about whatever `question` names."""
        if person is not None:
            question.setdefault("performer", self.reference(organization, person))
        question.setdefault("use", "train.voice")
        return self.checks.check(decode_check(encode(question)), caller=self.caller(organization))

    def reference(self, organization: str, person: Person) -> str:
        """What the organization calls a person."""
        from consent.registry.models import PairwiseReference

        return PairwiseReference.objects.get(performer_id=person.id, organization_id=organization).reference


def make_node(log: Any, *, world: World | None = None, max_bytes: int = MAX_BYTES) -> Node:
    """A process that has read nothing yet."""
    boot = BootClock()
    clock = Clock()
    ports: RegistryPorts
    if world is None:
        ports = registry_ports(replace(log, boot_clock=boot, sleep=boot.sleep), clock)
        world = World(ports=ports, clock=clock)
    else:
        ports = replace(world.ports, log=replace(log, boot_clock=boot, sleep=boot.sleep))
    keys = ProcessKeys(ports.signers)
    ledger = file_ledger(ports, keys)
    answering = Answering(ports, ledger=ledger, keys=keys)
    primary = CountingPrimary(PrimaryChecks(ports, answering=answering))
    feeder = HandTurned(Replica(max_bytes=max_bytes), ports)
    checks = ReplicaChecks(ports, feeder=feeder, answering=answering, primary=primary)
    return Node(world=world, boot=boot, feeder=feeder, primary=primary, checks=checks, ledger=ledger)
