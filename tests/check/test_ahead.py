"""Warm soon after a start, and after all facts were dropped: what was asked for lately is read before anybody asks."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.node import Node

COUNT = 7


def _warm(node: "Node", path: Path) -> list[Any]:
    """A node that was asked about some performers, and kept their names."""
    from consent.check.ahead import KEEP_S, Ahead
    from consent.check.cells import SubjectName
    from consent.check.hot_names import HotNames

    world, organization = node.world, node.world.organization()
    node.feeder._ahead = Ahead(node.replica, HotNames(path))
    names = []
    for _ in range(COUNT):
        person = world.person()
        world.grant(organization, person)
        node.ask(organization, person)
        reference = node.reference(organization, person)
        names.append(SubjectName(True, organization, organization, "performer", reference))
    node.feeder._ahead.keep(node.boot.now)
    node.boot.now += KEEP_S - 1
    node.feeder.turn()
    node.replica.read(names, livemode=True)  # they are asked for
    node.boot.now += 1
    node.feeder._ahead.keep(node.boot.now)
    return names


def _restarted(node: "Node", path: Path) -> "Node":
    from consent.check.ahead import Ahead
    from consent.check.hot_names import HotNames
    from tests.check.node import make_node

    again = make_node(node.world.ports.log, world=node.world)
    again.feeder._ahead = Ahead(again.replica, HotNames(path))
    return again


def test_a_process_that_starts_reads_what_was_asked_for_lately_in_small_pages(
    node: "Node", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import ahead

    names = _warm(node, tmp_path / "hot")
    monkeypatch.setattr(ahead, "PAGE", 3)
    again = _restarted(node, tmp_path / "hot")
    missing = []
    for _ in range(4):
        again.feeder.turn()
        missing.append(len(again.replica.read(names, livemode=True).missing))
    assert missing == [4, 1, 0, 0] and not again.feeder._ahead
    first = names[0]
    assert again.checks is not None and again.ask(first.caller, performer=first.value).decision == "allow"
    assert again.primary.asked == 0


def test_a_question_never_waits_behind_what_is_read_ahead(
    node: "Node", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import ahead

    names = _warm(node, tmp_path / "hot")
    monkeypatch.setattr(ahead, "PAGE", 1)
    again = _restarted(node, tmp_path / "hot")
    last = names[-1]
    assert again.ask(last.caller, performer=last.value).decision == "allow"  # with the very first turn
    assert len(again.replica) == 1 and again.primary.asked == 0


def test_an_ending_while_it_is_read_ahead_is_seen(
    node: "Node", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts read ahead are facts like all others: of their turn's position, dropped by what comes after it."""
    from consent.check import ahead
    from consent.registry.models import PairwiseReference

    names = _warm(node, tmp_path / "hot")
    monkeypatch.setattr(ahead, "PAGE", 4)
    again = _restarted(node, tmp_path / "hot")
    again.feeder.turn()
    early, late = names[0], names[-1]
    from consent.registry.operations.references import set_external_id

    for number, name in enumerate((early, late)):
        assert PairwiseReference.objects.filter(reference=name.value).exists()
        given = {"livemode": True, "organization": name.caller, "external_id": f"ahead-{number}"}
        set_external_id(node.world.ports, performer=name.value, **given)
    again.feeder.turn()
    assert early in again.replica.read([early, late], livemode=True).missing
    fresh = again.replica.freshness(True)
    assert fresh is not None and fresh.until == again.boot.now + 0.3


def test_after_all_facts_were_dropped_they_are_read_again(node: "Node", tmp_path: Path) -> None:
    from dataclasses import replace

    names = _warm(node, tmp_path / "hot")
    fresh = node.replica.freshness(True)
    assert fresh is not None
    node.replica._fresh[True] = replace(fresh, position=replace(fresh.position, chain=bytes(32)))
    node.feeder.turn()
    assert len(node.replica) == 0
    node.feeder.turn()
    assert not node.replica.read(names, livemode=True).missing


def test_names_that_an_organization_chose_are_never_written(node: "Node", tmp_path: Path) -> None:
    from consent.check.cells import SubjectName
    from consent.check.hot_names import HotNames

    org = node.world.organization()
    kept = [
        SubjectName(True, org, org, "performer", "prf_" + "a" * 26),
        SubjectName(False, org, org, "grant", "grt_" + "b" * 26),
    ]
    hot = HotNames(tmp_path / "hot")
    hot.save([SubjectName(True, org, org, "performer", "external_id:Jane Doe"), *kept])
    assert hot.load() == kept
    assert "Jane" not in (tmp_path / "hot").read_text()
    assert (tmp_path / "hot").stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["hot"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b'[["true", 1]]',
        b'{"a": 1}',
        json.dumps([[True, "org_a", "org_a", "performer", "Jane Doe"]]).encode(),
        json.dumps([[True, "org_a", "org_a", "grant", "prf_aaa"]]).encode(),
        json.dumps([[True, "org_a", "\x00", "performer", "prf_aaa"]]).encode(),
    ],
)
def test_a_file_that_cannot_be_read_is_no_file(tmp_path: Path, content: bytes) -> None:
    from consent.check.hot_names import HotNames

    (tmp_path / "hot").write_bytes(content)
    assert HotNames(tmp_path / "hot").load() == []
    assert HotNames(tmp_path / "none").load() == []


def test_where_nothing_can_be_written_nothing_is_kept_and_checks_go_on(
    node: "Node", tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    names = _warm(node, tmp_path / "file" / "hot")
    assert node.ask(names[0].caller, performer=names[0].value).decision == "allow"
    assert [each.levelname for each in caplog.records if "lately cannot be kept" in each.message] == [
        "WARNING"
    ]
