"""Counted limits end to end on a check node: memory only guesses, the primary or a block has the last word."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.check.node import Node


def _counted(node: "Node", limit: int, **line: Any) -> tuple[str, Any]:
    """An organization and a performer whose grant allows so many outputs."""
    from tests.registry.terms import COUNTED, terms

    constraints = [
        {**each, "limit": limit} if each["kind"] == "max_outputs" else each for each in COUNTED["constraints"]
    ]
    organization, person = node.world.organization(), node.world.person()
    node.world.grant(organization, person, terms({**COUNTED, "constraints": constraints, **line}))
    node.feeder.turn()
    return organization, person


def _ask(node: "Node", organization: str, person: Any, **question: Any) -> Any:
    return node.ask(organization, person, use="infer.voice", end_user_age_assured=False, **question)


def _with_blocks(node: "Node") -> Any:
    from consent.check.limits.blocks import Blocks
    from consent.check.limits.counting import Counting
    from consent.registry.operations.consume_counters import give_back

    blocks = Blocks(give_back=give_back, wake=lambda: None, monotonic=node.boot)
    answering = node.checks._answering
    counting = Counting(node.world.ports, blocks=blocks)
    answering._counting = answering.batches._counting = counting
    return blocks


def test_every_allow_is_counted_and_the_one_beyond_the_limit_is_denied(node: "Node") -> None:
    organization, person = _counted(node, 5)
    _with_blocks(node)
    answers = [_ask(node, organization, person).decision for _ in range(8)]
    assert answers == ["allow"] * 5 + ["deny"] * 3
    assert _ask(node, organization, person).reasons == ["max_outputs"]


def test_what_another_node_used_up_is_denied_though_memory_knows_nothing_of_it(
    node: "Node", check_log_ports: Any
) -> None:
    from tests.check.node import make_node

    organization, person = _counted(node, 5)
    other = make_node(check_log_ports, world=node.world)
    other.feeder.turn()
    assert _ask(other, organization, person, quantity=5).decision == "allow"
    assert _ask(node, organization, person).decision == "deny"


def test_what_was_given_back_is_allowed_though_memory_says_it_is_used_up(node: "Node") -> None:
    from consent.registry.models import Counter

    organization, person = _counted(node, 5)
    assert _ask(node, organization, person, quantity=5).decision == "allow"
    node.feeder.replica.forget()
    node.feeder.turn()
    assert _ask(node, organization, person).decision == "deny"  # this cell was read when all was used
    (grant,) = _grants(organization)
    Counter.objects.filter(grant_id=grant).update(used=4)
    node.boot.now += 0.2
    node.feeder.turn()
    node.boot.now += 0.9
    node.feeder.turn()
    assert _ask(node, organization, person).decision == "allow"


def test_a_full_counter_is_asked_about_once_a_second_at_most(node: "Node") -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    organization, person = _counted(node, 2)
    for _ in range(3):
        _ask(node, organization, person)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            assert _ask(node, organization, person).decision == "deny"
    assert not [each for each in queries if "registry_counter" in each["sql"]]


def test_a_nonce_repeated_is_the_allow_that_it_was_also_when_it_filled_the_counter(node: "Node") -> None:
    from consent.registry.models import Counter

    organization, person = _counted(node, 2)
    _with_blocks(node)
    for _ in range(3):
        assert _ask(node, organization, person, nonce="first").decision == "allow"
    assert _ask(node, organization, person, nonce="second").decision == "allow"
    assert _ask(node, organization, person, nonce="third").decision == "deny"
    for nonce in ("first", "second"):
        assert _ask(node, organization, person, nonce=nonce).decision == "allow"
    (grant,) = _grants(organization)
    assert Counter.objects.get(grant_id=grant).used == 2


def test_a_second_grant_is_used_when_the_first_is_full(node: "Node") -> None:
    from tests.registry.terms import COUNTED, terms

    organization, person = _counted(node, 2)
    node.world.grant(organization, person, terms(COUNTED))
    node.feeder.turn()
    answers = [_ask(node, organization, person) for _ in range(13)]
    assert [each.decision for each in answers] == ["allow"] * 12 + ["deny"]
    assert len({tuple(each.grants) for each in answers[:12]}) == 2


def test_a_grant_that_ended_is_denied_whatever_block_is_held(node: "Node") -> None:
    organization, person = _counted(node, 1_000_000)
    blocks = _with_blocks(node)
    for _ in range(5):
        assert _ask(node, organization, person).decision == "allow"
    assert blocks._blocks
    (grant,) = _grants(organization)
    node.world.say("revocation", grant, person.key)
    node.boot.now += 0.1
    node.feeder.turn()
    answer = _ask(node, organization, person)
    assert (answer.decision, answer.reasons) == ("deny", ["no_active_consent"])


def test_a_huge_quantity_is_denied_and_counts_nothing(node: "Node") -> None:
    from consent.registry.models import Counter

    organization, person = _counted(node, 10)
    _with_blocks(node)
    for quantity in (11, 10**9):
        assert _ask(node, organization, person, quantity=quantity).decision == "deny"
    (grant,) = _grants(organization)
    assert not Counter.objects.filter(grant_id=grant).exists()


def test_rows_of_a_batch_are_counted_one_by_one_until_the_limit(node: "Node") -> None:
    organization, person = _counted(node, 5)
    _with_blocks(node)
    names = [f"r{number}" for number in range(9)]
    answers = _batch(node, organization, person, None, names)
    assert answers == ["allow"] * 5 + ["deny"] * 4


def test_a_repeated_batch_counts_once_and_no_two_rows_are_taken_for_one(node: "Node") -> None:
    from consent.registry.models import Counter

    organization, person = _counted(node, 50)
    long, name = "n" * 128, "r" * 128
    asked = [("a", "b/c"), ("a/b", "c"), ("a/b", "c"), (long, name), (long, name)]
    for nonce, row in asked:
        assert _batch(node, organization, person, nonce, [row]) == ["allow"]
    assert _ask(node, organization, person, nonce="a/b/c").decision == "allow"
    (grant,) = _grants(organization)
    assert Counter.objects.get(grant_id=grant, kind="max_outputs").used == 4


def _batch(node: "Node", organization: str, person: Any, nonce: str | None, names: list[str]) -> list[str]:
    from consent.core.wire.decode import decode_batch
    from consent.core.wire.encode import encode

    performer = node.reference(organization, person)
    row = {"performer": performer, "use": "infer.voice", "end_user_age_assured": False}
    body = {"checks": [{"id": name, **row} for name in names]} | ({} if nonce is None else {"nonce": nonce})
    caller = node.caller(organization)
    answer = node.checks.batch(decode_batch(encode(body)), caller=caller, to_problem=_nobody)
    return [str(each.decision) for each in answer.results]


def _nobody(exc: Exception) -> Any:
    raise exc


def _grants(organization: str) -> list[str]:
    from consent.registry.models import Grant

    return list(Grant.objects.filter(organization_id=organization).values_list("id", flat=True))
