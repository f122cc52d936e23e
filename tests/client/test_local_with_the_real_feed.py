"""A local copy of the real registry's feed, over real PostgreSQL: it decides what the registry decides."""

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec import structs

from consent.client.api_key import ApiKey
from consent.client.errors import Unavailable
from consent.client.exchange import Exchange
from consent.client.local.file import LocalFile
from consent.client.local.follower import Follower
from consent.client.local.freshness import MaxStaleness
from consent.client.local.memory import Memory
from consent.client.local.registry import LocalRegistry
from consent.client.local.source import RegistrySource
from consent.client.registry import Registry
from consent.client.transport import HttpRequest, HttpResponse
from tests.check.conftest import check_log_ports
from tests.client.recorded_feed import Stepped, StillKeeper
from tests.client.recorded_registry import LIVE_KEY, TEST_KEY, URL, problem

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse

__all__ = ["check_log_ports"]
QUESTION: dict[str, Any] = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


@pytest.fixture
def feed_house(check_log_ports: Any) -> "FeedHouse":
    """One node that answers polls, over a world of its own, fed by hand."""
    from tests.check.changes.house import make_feed_house

    return make_feed_house(check_log_ports)


@dataclass
class FeedTransport:
    """The client's transport, straight into the feed of one node; what it raises is a problem as on the lane."""

    house: "FeedHouse"
    organization: str

    def send(self, request: HttpRequest) -> HttpResponse:
        from consent.check.changes.answering import ChangesQuery
        from consent.check.problems import to_api_error
        from consent.core.wire.encode import encode

        query: ChangesQuery = ChangesQuery(**dict(parse_qsl(urlsplit(request.url).query)))
        caller = self.house.caller(self.organization)
        try:
            answer = self.house.feed.answer(query, caller=caller, count=self.house.cost.append)
        except Exception as exc:  # noqa: BLE001  # as the lane
            error = to_api_error(exc)
            return problem(409 if "position" in error.code else 400, error.code)
        return HttpResponse(status=200, headers={"content-type": "application/json"}, body=encode(answer))


def local_of(house: "FeedHouse", organization: str, *, file: Path | None = None) -> Stepped:
    """A local registry of this organization, stepped by hand, on the same boot clock."""
    transport = FeedTransport(house, organization)
    key = ApiKey(LIVE_KEY if house.world.livemode else TEST_KEY)
    memory = Memory()

    def source() -> RegistrySource:
        exchange = Exchange(address=URL, authorize=None, transport=transport)
        return RegistrySource(exchange, trust=house.trust(), livemode=key.livemode, organization=None)

    follower = Follower(
        memory,
        source(),
        livemode=key.livemode,
        organization=None,
        limits=MaxStaleness(),
        clock=house.boot,
        random=random.Random(organization).randbytes,
    )
    held = None if file is None else LocalFile(file, address=URL, key=key)
    online = Registry(URL, key, transport=transport)
    local = LocalRegistry(
        StillKeeper(memory, follower, sources=source, file=held),
        online=lambda: online,
        clock=house.boot,
        online_fallback=False,
        first_answer_s=0.0,
    )
    return Stepped(local=local, follower=follower, memory=memory)


def turn(stepped: Stepped, house: "FeedHouse") -> None:
    """From now on this node answers."""
    exchange = stepped.follower._source._exchange  # type: ignore[attr-defined]
    exchange._transport.house = house


def test_a_grant_allows_and_its_end_denies_at_the_next_poll(feed_house: "FeedHouse") -> None:
    from tests.check.changes.house import end
    from tests.registry.terms import TRAIN, terms

    world = feed_house.world
    organization, person = world.organization("Northlight"), world.person()
    grant = str(world.grant(organization, person, terms(TRAIN)).grant)
    reference = world.reference(organization, person)
    stepped = local_of(feed_house, organization)
    feed_house.feeder.turn()
    stepped.follow()
    allowed = stepped.local.check(performer=reference, **QUESTION)
    assert (allowed.outcome, allowed.grants) == ("allow", (grant,))
    assert stepped.local.check(grant=grant, **QUESTION)
    end(world, grant, person)
    feed_house.feeder.turn()
    stepped.follow()
    assert stepped.local.check(performer=reference, **QUESTION).reasons == ("no_active_consent",)
    assert stepped.local.check(grant=grant, **QUESTION).reasons == ("no_active_consent",)
    assert stepped.local.check(grant="grt_" + "a" * 26, **QUESTION).reasons == ("not_a_recipient",)


@pytest.mark.parametrize("seed", range(2))
def test_over_a_long_random_history_it_decides_as_the_registry_at_the_same_position(
    feed_house: "FeedHouse", seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check.changes import primary
    from tests.check.changes.random_world import RandomWorld

    monkeypatch.setattr(primary, "PAGE_SUBJECTS", 2)
    monkeypatch.setattr(primary, "PAGE_EVENTS", 3)
    monkeypatch.setattr(primary, "MAX_BEHIND", 25)
    chosen = random.Random(seed)
    happening = RandomWorld(world=feed_house.world, chosen=chosen)
    nodes = [feed_house, feed_house.another_node()]
    copies: dict[str, Stepped] = {}
    compared = allowed = 0
    for number in range(40):
        happening.step()
        if number % 8 == 0:  # a restart from its file, or a first start
            organization = chosen.choice(happening.organizations)
            if organization in copies:
                copies[organization].local.close()
            copies[organization] = local_of(feed_house, organization, file=tmp_path / organization)
        for organization, stepped in copies.items():
            node = chosen.choice(nodes)
            node.feeder.turn()
            turn(stepped, node)
            if number % 5 == 4:
                stepped.follow()
                questions = happening.questions(organization)
                found = _alike(stepped, organization, questions, feed_house)
                compared, allowed = compared + len(questions), allowed + found
            elif chosen.random() < 0.7:
                _step(stepped)
    assert compared > 1000
    assert allowed


def _step(stepped: Stepped) -> None:
    if not stepped.memory.followed:
        stepped.local._keeper.start()
    stepped.follower.step()


def _alike(stepped: Stepped, organization: str, questions: list[Any], house: "FeedHouse") -> int:
    """Every question has the registry's own answer at this position, but for what it counts; how many allow."""
    from consent.core.policy import decide
    from consent.registry.facts import snapshot

    allowed = 0
    with snapshot(house.world.livemode, house.world.ports) as snap:
        assert stepped.memory.fresh is not None
        assert stepped.memory.fresh.position == snap.position
        capabilities = house.caller(organization).capabilities
        facts = snap.facts(questions, capabilities=capabilities)
    for asked, known in zip(questions, facts, strict=True):
        subjects = tuple(
            replace(each, grants=tuple(replace(grant, usage=None) for grant in each.grants))
            for each in known.subjects
        )
        expected = decide(asked, structs.replace(known, subjects=subjects), snap.at)
        sent = {name: value for name, value in asked.to_json().items() if name != "caller"}
        answer = stepped.local.check(**sent)
        assert answer.asked == asked.to_json()
        said = (answer.outcome, answer.reasons, answer.grants, answer.obligations, answer.missing)
        wanted = (
            expected.outcome.value,
            tuple(reason.value for reason in expected.reasons),
            expected.grants,
            expected.obligations,
            expected.missing,
        )
        assert said == wanted, asked
        allowed += answer.allowed
    return allowed


def test_a_position_of_another_registry_is_refused_and_everything_read_anew(feed_house: "FeedHouse") -> None:
    world = feed_house.world
    organization = world.organization("Northlight")
    stepped = local_of(feed_house, organization)
    feed_house.feeder.turn()
    stepped.follow()
    assert stepped.memory.cursor is not None
    stepped.memory.cursor = replace(stepped.memory.cursor, after="ct_" + "A" * 76)
    with pytest.raises(Unavailable):
        stepped.follower.step()
