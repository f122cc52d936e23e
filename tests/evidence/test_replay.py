"""The history alone gives the answers that were given: replayed decisions are the recorded ones."""

from typing import TYPE_CHECKING, Any

import pytest

from consent.evidence.happened import Happened
from consent.evidence.replay import Replay, ReplayError

if TYPE_CHECKING:
    from tests.evidence.histories import RandomHistory
    from tests.registry.world import World

STEPS = 180


def replayed_otherwise(history: "RandomHistory", *, deaf_to: str = "") -> list[str]:
    """The recorded answers that the history gives otherwise, in one pass over it."""
    from consent.core.obligations import OBLIGATIONS
    from consent.core.policy import decide
    from consent.evidence.story import happened_to

    world = history.world
    replay = Replay()
    events = happened_to(
        world.ports,
        livemode=world.livemode,
        performers=[each.id for each in history.people],
        up_to=max(each.seq for each in history.answers),
    )
    waiting = next(events, None)
    found = []
    for recorded in history.answers:
        while waiting is not None and waiting.seq <= recorded.seq:
            if waiting.kind != deaf_to:
                replay.follow(waiting)
            waiting = next(events, None)
        facts = replay.facts(recorded.asked, livemode=world.livemode, capabilities=OBLIGATIONS)
        decision = decide(recorded.asked, facts, recorded.at)
        if decision != recorded.decision:
            found.append(f"{recorded.seq}: {recorded.asked} was {recorded.decision}, is {decision}")
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_random_history_replays_to_every_decision_that_was_given(world: "World", seed: int) -> None:
    from tests.evidence.histories import RandomHistory

    history = RandomHistory.begin(world, seed)
    history.go_on(STEPS)
    assert not replayed_otherwise(history)
    # It was no history of denials, and nearly everything that can happen did.
    outcomes = [each.decision.outcome.value for each in history.answers]
    assert outcomes.count("allow") >= 20 and outcomes.count("deny") >= 100
    assert len({reason for each in history.answers for reason in each.decision.reasons}) >= 5
    assert len(history.happened) >= 14, history.happened
    # Whoever overhears one kind of event answers otherwise, or this test would prove nothing.
    for kind in ("grant.active", "grant.ended", "grant.paused", "grant.resumed", "limits.changed"):
        assert replayed_otherwise(history, deaf_to=kind), kind


def test_the_facts_are_those_of_the_position_and_not_of_today(world: "World") -> None:
    from consent.evidence.story import position_at, replayed
    from consent.registry.facts import snapshot
    from tests.registry.world import question_of

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    with snapshot(True, world.ports) as snap:
        then = snap.seq
    world.say("revocation", grant, person.key)
    asked = question_of(organization, world.reference(organization, person))

    def grants(up_to: int) -> tuple[str, ...]:
        replay = replayed(world.ports, livemode=True, performers=[person.id], up_to=up_to)
        facts = replay.facts(asked, livemode=True, capabilities=frozenset())
        return tuple(each.grant for each in facts.subjects[0].grants)

    from consent.registry.clock import database_clock

    assert grants(then) == (grant,)
    assert grants(position_at(database_clock(), livemode=True)) == ()
    assert position_at(database_clock().replace(year=2000), livemode=True) == -1


def test_of_whoever_was_erased_nothing_is_told(world: "World") -> None:
    from consent.evidence.story import happened_to, position_at
    from consent.registry.clock import database_clock
    from consent.registry.operations.erase_performer import erase_performer

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    erase_performer(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    now = position_at(database_clock(), livemode=True)
    told = list(happened_to(world.ports, livemode=True, performers=[person.id], up_to=now))
    assert [each.kind for each in told] == ["performer.erased"]


def test_a_statement_with_other_bytes_than_its_event_says_is_refused(world: "World") -> None:
    from consent.evidence.story import replayed
    from consent.log.errors import HistoryBrokenError
    from consent.registry.models import Statement
    from consent.registry.statements import STATEMENT_PURPOSE
    from consent.registry.stored_json import from_bytes, to_bytes

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    row = Statement.objects.get(id=grant)
    sealer, purpose = world.ports.log.sealer, STATEMENT_PURPOSE + grant
    document = from_bytes(sealer.open(row.record, bytes(row.sealed), purpose=purpose))
    document["envelope"]["body"]["performer_name"] = "Somebody Else"
    forged = sealer.seal(row.record, to_bytes(document), purpose=purpose)
    from unittest.mock import patch

    with (
        patch.object(type(sealer), "open", _instead(type(sealer).open, purpose, forged)),
        pytest.raises(HistoryBrokenError, match="other bytes"),
    ):
        replayed(world.ports, livemode=True, performers=[person.id], up_to=1 << 40)


def _instead(opened: Any, purpose: str, forged: bytes) -> Any:
    def open_(self: Any, record: str, sealed: bytes, **told: Any) -> bytes:
        return bytes(opened(self, record, forged if told["purpose"] == purpose else sealed, **told))

    return open_


def _event(seq: int, kind: str, **changes: Any) -> Happened:
    told: dict[str, Any] = {"performer": "p", "organization": "org_x", "body": {"grant": "grt_x"}}
    return Happened(seq=seq, kind=kind, **{**told, **changes})


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([_event(4, "offer.sent"), _event(4, "offer.viewed")], "came after 4"),
        ([_event(1, "grant.ended")], "never signed"),
        ([_event(1, "grant.signed")], "not at hand"),
        ([_event(1, "performer.introduced", performer=None, body={"performer": "prf_x"})], "of nobody"),
        ([_event(1, "external_id.set", organization=None)], "no organization"),
    ],
)
def test_what_cannot_be_followed_is_named(events: list[Happened], why: str) -> None:
    replay = Replay()
    with pytest.raises(ReplayError, match=why):
        for each in events:
            replay.follow(each)
