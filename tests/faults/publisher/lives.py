"""Publishers that live and die in processes of their own, and a judge that reads the log after each."""

import os
import random
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django import db

from consent.log.errors import LogError, ObjectMissingError, PublicationHaltedError
from consent.log.objects import ObjectStore
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.note import parse_note, verify_note
from signing.tiles import TILE_WIDTH
from tests.contract.probing import FILES, Powers
from tests.faults.publisher.faulty_store import FaultyStore, OfThisProcess, Steps, die, fail, sleep_here
from tests.log.publishing.house import ORIGIN, House
from tests.log.publishing.reading import read_log

FOLDER = "log/test/"
MOST_STEPS = 2000
SPARED = 4  # so many lives in a row must end untouched before all steps are known to be tried: lives differ by some
_alive: set[int] = set()
_HALTED = 9  # exit status of a life that halted; nothing here may make one halt


@dataclass(slots=True)
class Judge:
    """Reads the published log as a stranger does, and remembers every checkpoint that it ever saw.

    Where the store's `powers` do not include replacing by tag, an older checkpoint may stand for a while, until a
    publisher looks; it is counted. Where it shows objects half written, or overwrites in spite of a condition, nobody
    reads while two publishers write.
    """

    house: House
    objects: ObjectStore
    powers: Powers = FILES
    roots: dict[int, bytes] = field(default_factory=dict)
    largest: int = 0
    reads: int = 0
    went_back: int = 0

    def read(self) -> Checkpoint | None:
        """Whatever stands now is signed, servable to the last tile, and of the one history; no size goes back."""
        try:
            checkpoint, entries = read_log(self.objects, folder=FOLDER, key=self.house.vkey)
        except ObjectMissingError as exc:
            assert self.largest == 0 and f"{FOLDER}checkpoint" in str(exc), "something published is gone"
            return None
        assert entries == committed()[: checkpoint.size]
        assert self.roots.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root
        if checkpoint.size < self.largest:
            assert not self.powers.replaces_by_tag, "the checkpoint went back"
            self.went_back += 1
        self.largest = max(self.largest, checkpoint.size)
        self.reads += 1
        for size, root in signed():
            assert self.roots.setdefault(size, root) == root, f"two roots for size {size}"
        return checkpoint

    def everything(self) -> None:
        """All that is committed is published."""
        checkpoint = self.read()
        assert checkpoint is not None and checkpoint.size == len(committed())

    def mended(self) -> None:
        """All is published, once a publisher has looked where the store alone does not keep an older one out.

        An older checkpoint that came to stand is of the one history. Its partial tiles may be gone: here nobody
        waits an hour before they are tidied away.
        """
        if not self.powers.replaces_by_tag:
            note = parse_note(self.objects.get(f"{FOLDER}checkpoint"))
            verify_note(note, [self.house.vkey])
            standing = parse_checkpoint(note.text)
            assert self.roots.get(standing.size, dict(signed()).get(standing.size)) == standing.root
            self.went_back += standing.size < self.largest
            assert ended(live(self.house, self.objects, Steps(0, die))) == 0
        self.everything()


def committed() -> list[bytes]:
    """Every committed entry of the test side."""
    with db.connection.cursor() as cursor:
        cursor.execute("SELECT entry FROM log_event WHERE livemode = false ORDER BY seq")
        return [bytes(entry) for (entry,) in cursor.fetchall()]


def signed() -> list[tuple[int, bytes]]:
    """Every root that was signed."""
    with db.connection.cursor() as cursor:
        cursor.execute("SELECT size, root FROM log_signed_root WHERE origin = %s", [ORIGIN])
        return [(size, bytes(root)) for size, root in cursor.fetchall()]


def live(
    house: House,
    objects: ObjectStore,
    steps: Steps,
    *,
    turns: int = 1,
    tidies: bool = True,
    watched: bool = False,
) -> int:
    """Fork a publisher; its process id. It publishes, tidies without any grace, and leaves with status 0.

    If `watched`, a write to a server is a step of its own: between the look at an object and its replacement.
    """
    db.connections.close_all()
    child = os.fork()
    if child:
        _alive.add(child)
        return child
    status = 1
    try:
        if watched and isinstance(objects, OfThisProcess):
            objects.watch(steps.step)
        publisher = house.publisher(objects=FaultyStore(objects, steps), step=steps.step)
        for _ in range(turns):
            publisher.turn()
        if tidies:  # not where somebody reads meanwhile by an older checkpoint: the grace is for them
            publisher.tidy(timedelta(0))
        status = 0
    except PublicationHaltedError as exc:
        print(f"halted: {exc}", flush=True)
        status = _HALTED
    except LogError:
        status = 3
    except Exception:  # noqa: BLE001  # whatever it was, this process ends here
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """Wait for a life to end: its exit status, or minus the signal that ended it."""
    status = os.waitpid(child, 0)[1]
    _alive.discard(child)
    return os.waitstatus_to_exitcode(status)


def end_all() -> None:
    """End whoever still lives: a row that failed has left somebody behind."""
    for child in list(_alive):
        os.kill(child, signal.SIGKILL)
        ended(child)


def kill_at_every_step(judge: Judge, *, chance: random.Random, most: int, stride: int = 1) -> int:
    """Kill one life after another, each a step later, until they live on; returns how many were killed."""
    killed = spared = 0
    house, objects = judge.house, judge.objects
    for at in range(1, MOST_STEPS, stride):
        house.append(_some(chance, most))
        status = ended(live(house, objects, Steps(at, die)))
        judge.read()  # also right after the death, before anybody mends anything
        if status == 0:
            judge.everything()
            spared += 1
            if spared == SPARED:
                return killed
            continue
        assert status == -signal.SIGKILL, status
        killed, spared = killed + 1, 0
        assert ended(live(house, objects, Steps(0, die))) == 0
        judge.everything()
    raise AssertionError(f"still killed at step {MOST_STEPS}")


def fail_at_every_step(judge: Judge, *, only: str, chance: random.Random, most: int, stride: int = 1) -> int:
    """Let the store fail once, at each of its operations in turn, before or after it persisted (`only`)."""
    failed = spared = 0
    house, objects = judge.house, judge.objects
    for at in range(1, MOST_STEPS, stride):
        house.append(_some(chance, most))
        steps = Steps(at, fail, only=only)
        publisher = house.publisher(objects=FaultyStore(objects, steps), step=steps.step)
        for _ in range(2):  # the same process goes on
            _trying(publisher.turn)
            judge.read()
            _trying(lambda: publisher.tidy(timedelta(0)))  # noqa: B023  # called at once
        publisher.close()
        judge.everything()
        if steps.where:
            failed, spared = failed + 1, 0
        else:
            spared += 1
        if spared == SPARED:
            return failed
    raise AssertionError(f"still failing at step {MOST_STEPS}")


def pause_at_every_step(judge: Judge, *, chance: random.Random, most: int, stride: int = 1) -> int:
    """Stop a publisher at each step in turn, let another go on, and wake it: it does no harm."""
    paused = spared = 0
    house, objects = judge.house, judge.objects
    for at in range(1, MOST_STEPS, stride):
        house.append(_some(chance, most))
        sleeper = live(house, objects, Steps(at, sleep_here), watched=True)
        _, status = os.waitpid(sleeper, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            _alive.discard(sleeper)
            assert os.waitstatus_to_exitcode(status) == 0
            judge.everything()
            spared += 1
            if spared == SPARED:
                return paused
            continue
        paused, spared = paused + 1, 0
        house.append(_some(chance, most))
        assert ended(live(house, objects, Steps(0, die))) == 0
        judge.everything()
        os.kill(sleeper, signal.SIGCONT)
        assert ended(sleeper) in (0, 3)
        judge.mended()
    raise AssertionError(f"still stopped at step {MOST_STEPS}")


def twins(judge: Judge, *, rounds: int, chance: random.Random, most: int) -> int:
    """Two publishers work at once, as if neither knew who leads, while entries are committed."""
    house, objects = judge.house, judge.objects
    for _ in range(rounds):
        house.append(_some(chance, most))
        pair = [live(house, objects, Steps(0, die), turns=4, tidies=False) for _ in range(2)]
        for _ in range(4):
            house.append(_some(chance, most))
            if judge.powers.shows_whole and judge.powers.creates_once:
                judge.read()
        ends = [ended(each) for each in pair]
        assert set(ends) <= {0, 3}, ends
        assert ended(live(house, objects, Steps(0, die))) == 0
        judge.everything()
    return rounds


def _some(chance: random.Random, most: int) -> int:
    """Enough to fill a tile in every life, so that each has about as many steps."""
    return chance.randint(max(TILE_WIDTH, most * 3 // 4), most)


def _trying(work: Callable[[], object]) -> None:
    """As the process does: what fails comes round again. A halt is no such failure."""
    try:
        work()
    except PublicationHaltedError:
        raise
    except LogError:
        return
