"""Whatever happens on the way, an allow was true at the registry at most `max_staleness` before (engines.md I10).

A random world of grants and endings, followed over a line that cuts, delays, repeats and alters, on a machine that
sleeps, dies and finds its file damaged. Each allow is held against the registry's own history.
"""

import random
from bisect import bisect_right
from pathlib import Path

import pytest

from consent.client.errors import ConsentError
from consent.client.transport import HttpRequest, HttpResponse, TransportError
from tests.client.recorded_feed import QUESTION, RecordedFeed, Stepped, grant, subject
from tests.client.recorded_registry import json_response, problem

PEOPLE = 4
STEPS = 1500
LIMIT_S = 20.0


class World:
    """A registry whose truth at every instant is remembered, and a bad line to it."""

    def __init__(self, seed: int, file: Path) -> None:
        self.chosen = random.Random(seed)
        self.feed = RecordedFeed(page_size=3)
        self.file = file
        self.truth: dict[str, list[tuple[float, bool]]] = {}
        self.kept: list[HttpResponse] = []
        self.send = self.feed.send
        self.feed.send = self.over_a_bad_line  # type: ignore[method-assign]
        for number in range(PEOPLE):
            self.happen(f"prf_test_p{number}")
        self.stepped = self.start()
        self.faulty = True

    def start(self) -> Stepped:
        """A new process."""
        return self.feed.local(file=self.file, max_staleness=LIMIT_S)

    def happen(self, performer: str) -> None:
        """A consent is given, ended or paused."""
        state = self.chosen.choice(["active", "active", "paused", "ended"])
        name = "grt_" + performer[4:]
        told = (
            subject(performer, ended=[name], ever_signed=True)
            if state == "ended"
            else subject(performer, grant(name, state=state))
        )
        self.feed.change(told)
        self.truth.setdefault(performer, []).append((self.feed.boot.now, state == "active"))

    def allowed_within(self, performer: str, since: float) -> bool:
        """Whether the registry would have allowed at any instant from `since` until now."""
        story = self.truth[performer]
        first = max(bisect_right([at for at, _ in story], since) - 1, 0)
        return any(active for _, active in story[first:])

    def over_a_bad_line(self, request: HttpRequest) -> HttpResponse:
        if not self.faulty:
            return self.send(request)
        fault = self.chosen.random()
        if fault < 0.08:
            raise TransportError("cut off")
        if fault < 0.12 and self.kept:
            return self.chosen.choice(self.kept)  # replayed
        if fault < 0.14:
            return problem(self.chosen.choice([409, 503, 429, 400]), "something")
        self.feed.boot.now += self.chosen.choice([0.0, 0.01, 0.2, 3.0])  # on its way there
        answer = self.send(request)
        self.feed.boot.now += self.chosen.choice([0.0, 0.01, 0.2, 3.0, 25.0 if fault > 0.98 else 0.0])
        self.kept = [*self.kept[-20:], answer]
        if 0.14 <= fault < 0.18:
            body = bytearray(answer.body)
            body[self.chosen.randrange(len(body))] ^= 1 << self.chosen.randrange(7)
            return HttpResponse(status=answer.status, headers=answer.headers, body=bytes(body))
        if 0.18 <= fault < 0.2:
            return json_response({"changes": answer.body.decode()[: self.chosen.randrange(200)]})
        return answer

    def step(self) -> None:
        """Time passes, and something happens or goes wrong."""
        chosen = self.chosen
        self.feed.boot.now += chosen.choice([0.0, 0.05, 0.25, 1.0])
        kind = chosen.random()
        if kind < 0.15:
            self.happen(f"prf_test_p{chosen.randrange(PEOPLE)}")
        elif kind < 0.16:
            self.feed.boot.now += chosen.choice([30.0, 3600.0])  # the machine slept
        elif kind < 0.18:
            self.restart()
        elif kind < 0.2:
            self.feed.oldest = len(self.feed.events)  # nodes forgot what was long ago
        elif kind < 0.8:
            try:
                if not self.stepped.memory.followed:
                    self.stepped.local._keeper.start()
                self.stepped.follower.step()
            except ConsentError:
                pass

    def restart(self) -> None:
        """In order, or killed; and the file may be damaged meanwhile."""
        if self.chosen.random() < 0.5:
            self.stepped.local.close()
        elif self.stepped.local._keeper._file is not None:
            self.stepped.local._keeper._file.release()
        if self.file.exists() and self.chosen.random() < 0.3:
            data = self.file.read_bytes()
            place = self.chosen.randrange(len(data))
            damaged = self.chosen.choice([data[:place], data[:place] + b"x" + data[place + 1 :]])
            self.file.write_bytes(damaged)
        self.stepped = self.start()


@pytest.mark.parametrize("seed", range(8))
def test_an_allow_was_true_at_most_max_staleness_before(seed: int, tmp_path: Path) -> None:
    world = World(seed, tmp_path / "copy")
    allows = denies = refusals = 0
    for _ in range(STEPS):
        world.step()
        performer = f"prf_test_p{world.chosen.randrange(PEOPLE)}"
        try:
            decision = world.stepped.local.check(performer=performer, **QUESTION)
        except ConsentError:
            refusals += 1
            continue
        if decision:
            assert world.allowed_within(performer, world.feed.boot.now - LIMIT_S)
            allows += 1
        else:
            denies += 1
    assert min(allows, denies, refusals) > 50
    world.faulty = False
    world.stepped.follow()
    for number in range(PEOPLE):
        performer = f"prf_test_p{number}"
        assert (
            bool(world.stepped.local.check(performer=performer, **QUESTION)) is world.truth[performer][-1][1]
        )
