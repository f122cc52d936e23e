"""What may be answered from memory, until when, and what makes it forget (DESIGN §8)."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import TRAIN, terms

if TYPE_CHECKING:
    from tests.check.node import Node

L_NODE_S = 0.3


def _granted(node: "Node", **terms: Any) -> tuple[str, Any, str]:
    organization = node.world.organization()
    person = node.world.person()
    grant = node.world.grant(organization, person, **terms).grant
    assert grant is not None
    return organization, person, grant


def test_a_second_question_is_answered_from_memory(node: "Node") -> None:
    organization, person, grant = _granted(node)
    first = node.ask(organization, person)
    assert (first.decision, first.grants) == ("allow", [grant])
    assert node.primary.asked == 0
    second = node.ask(organization, person)
    assert (second.decision, second.position) == ("allow", first.position)
    assert node.primary.asked == 0


def test_memory_is_used_until_l_node_after_the_read_began_and_not_a_moment_longer(node: "Node") -> None:
    organization, person, _ = _granted(node)
    node.ask(organization, person)
    node.boot.now += L_NODE_S - 0.001
    assert node.ask(organization, person).decision == "allow"
    assert node.primary.asked == 0
    node.boot.now += 0.001
    assert node.ask(organization, person).decision == "allow"
    assert node.primary.asked == 1


def test_freshness_counts_from_before_the_read(node: "Node", monkeypatch: pytest.MonkeyPatch) -> None:
    """The variant that notes its clock after the read would answer from memory for too long."""
    from consent.check import feeder

    organization, person, _ = _granted(node)
    node.ask(organization, person)
    real = feeder.follow

    def slow(*given: Any, **how: Any) -> Any:
        node.boot.now += 0.1
        return real(*given, **how)

    monkeypatch.setattr(feeder, "follow", slow)
    began = node.boot.now
    node.feeder.turn()
    fresh = node.replica.freshness(True)
    assert fresh is not None and fresh.until == began + L_NODE_S


def test_an_ending_is_seen_by_every_turn_after_it(node: "Node") -> None:
    organization, person, grant = _granted(node)
    node.ask(organization, person)
    node.world.say("revocation", grant, person.key)
    node.feeder.turn()
    answer = node.ask(organization, person)
    assert (answer.decision, answer.reasons) == ("deny", ["no_active_consent"])
    assert node.primary.asked == 0


def test_once_an_ending_is_enforced_no_node_allows(node: "Node", check_log_ports: Any) -> None:
    """The node's feeder is stopped: it may answer from memory only while the ending is not enforced yet."""
    organization, person, grant = _granted(node)
    node.ask(organization, person)
    seen = []
    node.boot.sleeping = lambda _: seen.append(node.ask(organization, person).decision)
    node.world.say("revocation", grant, person.key)
    node.boot.sleeping = None
    answer = node.ask(organization, person)
    assert seen and answer.decision == "deny"


@pytest.mark.parametrize(
    "change", ["suspension", "limits", "external_id", "introduction", "other_organization", "api_key"]
)
def test_every_change_of_an_answer_reaches_the_memory(node: "Node", change: str) -> None:
    from consent.registry.operations.references import remove_external_id, set_external_id

    organization, person, grant = _granted(node)
    world = node.world
    reference = node.reference(organization, person)
    match change:
        case "suspension":
            assert node.ask(organization, person).decision == "allow"
            world.say("suspension", grant, person.key)
            expected = ["no_active_consent"]
        case "limits":
            assert node.ask(organization, person).decision == "allow"
            body = world.limits(person.key, version=1, previous=None, never=[{"uses": ["train.voice"]}])
            world.submit(person.key.sign(body))
            expected = ["performer_limits"]
        case "external_id":
            given = {"livemode": True, "organization": organization, "external_id": "p1"}
            set_external_id(world.ports, performer=reference, **given)
            assert node.ask(organization, performer="external_id:p1").decision == "allow"
            remove_external_id(world.ports, **given)
            expected = ["performer_unknown"]
        case "introduction":
            other = world.organization("Harbour Games Ltd")
            unknown = node.ask(other, performer="prf_" + "a" * 26)
            assert unknown.reasons == ["performer_unknown"]
            world.grant(other, person)
            expected = []
        case "other_organization":
            other = world.organization("Harbour Games Ltd")
            world.grant(other, person)
            assert node.ask(other, person).decision == "allow"
            world.say("revocation", grant, person.key)
            node.feeder.turn()
            assert node.ask(other, person).decision == "allow"
            expected = ["no_active_consent"]
        case _:
            from consent.registry.operations.api_keys import create_api_key, revoke_api_key, secret_digest

            key = create_api_key(
                world.ports, livemode=True, organization=organization, name="k", scopes=["check"]
            )
            digest = secret_digest(key.secret)
            node.feeder.fetch([digest], livemode=True, timeout_s=1)
            (cell,) = node.replica.read([digest], livemode=True).cells
            assert cell.caller.organization == organization
            revoke_api_key(world.ports, livemode=True, organization=organization, key=key.id)
            node.feeder.turn()
            assert node.replica.read([digest], livemode=True).missing
            node.feeder.turn()
            (cell,) = node.replica.read([digest], livemode=True).cells
            assert cell.caller is None
            return
    node.feeder.turn()
    asked = {"external_id": {"performer": "external_id:p1"}}.get(change, {})
    who = None if asked else person
    of = other if change == "introduction" else organization
    assert node.ask(of, who, **asked).reasons == expected
    assert node.primary.asked == 0


def test_a_name_that_was_asked_before_it_meant_anybody_means_them_after_the_next_turn(node: "Node") -> None:
    from consent.registry.operations.references import set_external_id

    organization, person, _ = _granted(node)
    assert node.ask(organization, performer="external_id:early").reasons == ["performer_unknown"]
    reference = node.reference(organization, person)
    set_external_id(
        node.world.ports, livemode=True, organization=organization, performer=reference, external_id="early"
    )
    node.feeder.turn()
    assert node.ask(organization, performer="external_id:early").decision == "allow"
    assert node.primary.asked == 0


def test_a_cut_page_makes_nothing_fresh_and_the_next_turn_goes_on(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import feeder

    organization, person, grant = _granted(node)
    node.ask(organization, person)
    until = node.replica.freshness(True)
    assert until is not None
    node.world.say("revocation", grant, person.key)  # it stands in a page that is cut after it
    for _ in range(3):
        node.world.organization()
    monkeypatch.setattr(feeder, "PAGE", 1)
    node.boot.now += 0.1
    turns = 0
    while not node.feeder.turn():
        cut = node.replica.freshness(True)
        assert cut is not None and cut.until == until.until
        turns += 1
    assert turns >= 2
    assert node.ask(organization, person).decision == "deny"


def test_a_history_that_is_not_the_one_that_was_followed_drops_everything(node: "Node") -> None:
    from dataclasses import replace

    organization, person, _ = _granted(node)
    node.ask(organization, person)
    fresh = node.replica.freshness(True)
    assert fresh is not None and len(node.replica)
    node.replica._fresh[True] = replace(fresh, position=replace(fresh.position, chain=bytes(32)))
    node.feeder.turn()
    assert len(node.replica) == 0


def test_a_failed_turn_changes_nothing_and_the_primary_answers(
    node: "Node", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from consent.check import feeder

    organization, person, _ = _granted(node)
    node.ask(organization, person)

    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(feeder, "follow", fail)
    with pytest.raises(OperationalError):
        node.feeder.turn()
    node.boot.now += L_NODE_S
    assert node.ask(organization, person).decision == "allow"
    assert node.primary.asked == 1


def test_memory_is_bounded_and_what_fell_out_is_read_again(check_log_ports: Any) -> None:
    from tests.check.node import make_node

    node = make_node(check_log_ports, max_bytes=40_000)
    organization, person, _ = _granted(node)
    for number in range(50):
        node.ask(organization, performer=f"external_id:nobody-{number}")
    assert node.replica.evicted >= 40 and len(node.replica) + node.replica.evicted == 50
    people = [node.world.person() for _ in range(3)]
    for each in people:
        for number in range(8):
            node.world.grant(organization, each, terms(TRAIN | {"id": f"l{number}"}))
        assert node.ask(organization, each).decision == "allow"
    assert node.replica.bytes <= 40_000
    assert node.ask(organization, person).decision == "allow"
    assert len(node.replica._about) <= len(node.replica)


def test_the_two_sides_never_meet(node: "Node") -> None:
    from consent.registry.operations.create_organization import open_side

    organization, person, _ = _granted(node)
    assert node.ask(organization, person).decision == "allow"
    reference = node.reference(organization, person)
    open_side(node.world.ports, livemode=False, organization=organization)
    node.world.livemode = False
    assert node.ask(organization, performer=reference).reasons == ["performer_unknown"]


def test_two_questions_never_share_a_cell_because_their_names_look_alike() -> None:
    from consent.check.cells import SubjectName

    names = {
        SubjectName(True, "org_a", "org_a", "performer", "x"),
        SubjectName(True, "org_a", "org_a", "grant", "x"),
        SubjectName(True, "org_a", "org_ax", "performer", ""),
        SubjectName(False, "org_a", "org_a", "performer", "x"),
        SubjectName(True, "org_ao", "rg_a", "performer", "x"),
    }
    assert len(names) == 5


def test_every_kind_of_event_is_known_as_harmless_or_drops_what_it_touches() -> None:
    """A new kind of event is not harmless until somebody says so."""
    from consent.check.feeder import HARMLESS

    changing = (
        "grant.",
        "limits.",
        "api_key.",
        "external_id.",
        "performer.",
        "prior_record.",
        "credential.blocked",
    )
    assert not [kind for kind in HARMLESS if kind.startswith(changing)]
