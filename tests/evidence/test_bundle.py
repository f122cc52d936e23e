"""Bundles out of a real history: what they say then and now, what they hold, and what nobody finds in them."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent.client.evidence_bundles import verify_whole
from signing.errors import UntrustedError
from signing.evidence_bundle import VerifiedBundle, event_file, text_file
from signing.evidence_zip import read_zip
from signing.trust import parse_trust

if TYPE_CHECKING:
    from tests.registry.world import World


@pytest.fixture
def own(database: str, postgres_server: str, tmp_path: Path) -> "Iterator[World]":
    """A registry on its database's own clock, so that instants and positions are of one time. For one test, since all
    else that runs meanwhile is connected to it."""
    from tests.evidence.published import own_world

    with own_world(postgres_server, tmp_path / "log") as world:
        yield world


def proven(world: "World", data: bytes, **options: Any) -> VerifiedBundle:
    from tests.evidence.bundles import trust_of

    return verify_whole(
        data,
        trust=parse_trust(trust_of(world.ports)),
        at=world.ports.clock(),
        expected_organization=None,
        **options,
    )


def outcomes(found: VerifiedBundle) -> list[tuple[str, str]]:
    return [(each.then.outcome, each.now.outcome) for each in found.answer.questions]


def grant_now(world: "World", organization: str, person: Any) -> str:
    """A consent whose term has begun, by the database's own clock."""
    from signing.instants import format_instant
    from tests.registry.terms import terms

    begun = format_instant(world.clock.now - timedelta(days=1))
    until = format_instant(world.clock.now + timedelta(days=300))
    return str(world.grant(organization, person, terms(valid_from=begun, valid_until=until)).grant)


def tick(world: "World") -> Any:
    """The clock at the database's time, and an instant after all that has happened."""
    from consent.registry.clock import database_clock

    world.clock.now = database_clock() + timedelta(seconds=2)
    return world.clock.now


def test_before_the_signature_at_it_and_after_the_end(own: "World") -> None:
    from tests.evidence.bundles import bundle

    organization, person = own.organization(), own.person()
    own.reference(organization, person)
    grant = grant_now(own, organization, person)
    given = tick(own)
    assert outcomes(proven(own, bundle(own, organization, person, at=given))) == [("allow", "allow")]
    long_ago = given - timedelta(days=2000)
    before = proven(own, bundle(own, organization, person, at=long_ago))
    assert (before.answer.seq, before.packages, before.answer.known) == (-1, {}, False)
    assert before.answer.questions[0].then.reasons == ("performer_unknown",)
    own.say("revocation", grant, person.key)
    from consent.evidence.story import position_at

    ended = tick(own)
    after = proven(own, bundle(own, organization, person, at=ended))
    assert after.answer.seq == position_at(ended, livemode=True)
    assert outcomes(after) == [("deny", "deny")]
    assert [each.what for each in after.answer.history] == ["signed", "active", "ended"]


def test_what_was_voided_since_was_a_yes_then_and_none_now(world: "World") -> None:
    from consent.evidence.bundle import make_bundle
    from consent.log.models import Event
    from consent.registry.operations.void_grant import void_grant
    from tests.evidence.bundles import trust_of, wanted

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    world.clock.forward(hours=1)
    asked = wanted(world, organization, person, "train.voice", "publish.stream")
    void_grant(world.ports, livemode=True, grant=grant, actor="operator.eins", reason="signed by a stranger")
    voided = Event.objects.get(grant_id=grant, kind="grant.ended")

    def up_to_the_void(_at: Any, *, livemode: bool) -> int:
        return int(voided.seq) - 1

    from unittest.mock import patch

    with patch("consent.evidence.bundle.position_at", up_to_the_void):
        data = make_bundle(world.ports, asked, trust=trust_of(world.ports))
    found = proven(world, data)
    assert outcomes(found) == [("allow", "deny"), ("deny", "deny")]
    assert found.answer.questions[0].now.reasons == ("no_active_consent",)
    assert [each.what for each in found.answer.history] == ["signed", "active", "voided"]
    assert b"stranger" not in data and b"operator" not in data


def test_pauses_are_told_without_their_holder(world: "World") -> None:
    from consent.registry.operations.suspend_grant import suspend_by_holder
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    world.say("suspension", grant, person.key)
    suspend_by_holder(world.ports, livemode=True, grant=grant, holder="guild:strike", reason="a strike")
    data = bundle(world, organization, person)
    assert outcomes(proven(world, data)) == [("deny", "deny")]
    assert [each.what for each in proven(world, data).answer.history] == ["signed", "active", "paused"]
    assert b"guild:strike" not in data and b"a strike" not in data


def test_ten_thousand_pauses_make_no_evidence_impossible() -> None:
    from datetime import UTC, datetime

    from consent.core.terms import compile_grant
    from consent.evidence.course import MAX_PAUSES, follow
    from consent.evidence.happened import Happened, Said
    from tests.signing.samples import grant_body

    at = datetime(2026, 12, 1, tzinfo=UTC)
    told: dict[str, Any] = {"performer": "p", "organization": "org_x", "at": at}
    body = {"grant": "grt_x", "performer": "prf_x", "holder": "performer"}
    said = Said(body=grant_body(), received_at=at)
    assert compile_grant(said.body).lines
    events = [
        Happened(seq=0, kind="grant.signed", body=body, said=said, **told),
        Happened(seq=1, kind="grant.active", body=body, **told),
        *(
            Happened(seq=seq, kind="grant.paused" if seq % 2 == 0 else "grant.resumed", body=body, **told)
            for seq in range(2, 10_003)
        ),
    ]
    moments = follow(events, organization="org_x", up_to=20_000).moments
    assert [each.what for each in moments[:2]] == ["signed", "active"]
    assert len(moments) == MAX_PAUSES + 2
    assert (moments[-1].seq, moments[-1].what) == (10_002, "paused")


def test_the_performers_limits_decide_and_only_what_matters_is_told(world: "World") -> None:
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    never = [{"uses": ["train.voice"]}, {"uses": ["edit.undress"]}]
    world.submit(person.key.sign(world.limits(person.key, version=1, previous=None, never=never)))
    found = proven(world, bundle(world, organization, person, "train.voice", "infer.voice"))
    assert outcomes(found) == [("deny", "deny"), ("allow", "allow")]
    assert found.answer.questions[0].then.reasons == ("performer_limits",)
    assert found.answer.limits is not None and found.answer.limits["never"] == never[:1]


def test_published_proofs_are_enclosed_and_a_policy_demands_them(own: "World") -> None:
    from signing.logged_event import origin_policy
    from tests.evidence.bundles import bundle, trust_of
    from tests.evidence.published import publish

    organization, person = own.organization(), own.person(passkey=True)
    grant = grant_now(own, organization, person)
    at = tick(own)
    policy = origin_policy("registry.example/log/live", trust=parse_trust(trust_of(own.ports)), livemode=True)
    early = bundle(own, organization, person, at=at)
    with pytest.raises(UntrustedError, match="policy demands"):
        proven(own, early, policy=policy)
    publish(own)
    data = bundle(own, organization, person, at=at)
    found = proven(own, data, policy=policy)
    assert found.packages[grant].logged is not None and list(found.activations) == [grant]
    assert {"checkpoint", event_file(grant), text_file(grant)} <= read_zip(data).keys()
    assert found.packages[grant].performer_introduced


HOSTILE = (
    '#read("/etc/passwd")',
    "*bold* _x_ = head $x$ @ref <a> `raw` //x",
    "#set page(header: none)",
    "}]) #panic[x]",
    "\\u{202e}",
    "声の俳優 🎭",
    "W" * 120,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_whatever_it_looks_like(world: "World", name: str) -> None:
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person(stage_name=name)
    world.grant(organization, person)
    data = bundle(world, organization, person)
    assert read_zip(data)["evidence.pdf"].startswith(b"%PDF-1.")
    assert proven(world, data).answer.livemode


def test_the_same_answer_gives_the_same_document(world: "World") -> None:
    from consent.evidence.document import render
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    data = bundle(world, organization, person)
    found, files = proven(world, data), read_zip(data)
    assert render(found.answer, found.packages, proven=files.keys()) == files["evidence.pdf"]
    assert b"pdfaid:part" in files["evidence.pdf"]  # ISO 19005


def test_anybodys_unzip_opens_it(world: "World", tmp_path: Path) -> None:
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    data = bundle(world, organization, person)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == read_zip(data)


def test_of_whoever_was_forgotten_there_is_no_evidence(world: "World") -> None:
    from consent.evidence.bundle import make_bundle
    from consent.registry.errors import NotFound
    from consent.registry.operations.erase_performer import erase_performer
    from tests.evidence.bundles import trust_of, wanted

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    asked = wanted(world, organization, person)
    erase_performer(
        world.ports, livemode=True, performer=person.id, ground="performer", decided_by="performer"
    )
    with pytest.raises(NotFound):
        make_bundle(world.ports, asked, trust=trust_of(world.ports))


def test_a_registry_that_would_say_something_else_hands_out_nothing(world: "World") -> None:
    """Whatever makes the verdict differ from what is enclosed: a fault of ours must not leave signed."""
    from unittest.mock import patch

    from consent.evidence.bundle import BundleBrokenError, make_bundle
    from signing.evidence_answer import Verdict
    from tests.evidence.bundles import trust_of, wanted

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    asked = wanted(world, organization, person, "publish.stream")
    with (
        patch("consent.evidence.course._verdict", lambda _decision: Verdict(outcome="allow")),
        pytest.raises(BundleBrokenError, match="the answer says allow"),
    ):
        make_bundle(world.ports, asked, trust=trust_of(world.ports))


def test_evidence_of_tomorrow_is_refused(world: "World") -> None:
    from consent.registry.errors import Invalid
    from tests.evidence.bundles import bundle

    organization, person = world.organization(), world.person()
    with pytest.raises(Invalid, match="of the past"):
        bundle(world, organization, person, at=world.ports.clock() + timedelta(days=1))


def test_a_long_random_history_is_told_as_it_was_decided(world: "World") -> None:
    """What `make_bundle` verifies before it signs, over everything that can happen: verdicts follow from the bundle."""
    from signing.evidence_answer import PUBLICATION
    from tests.evidence.bundles import bundle
    from tests.evidence.histories import RandomHistory

    history = RandomHistory.begin(world, 5)
    history.go_on(60, questions=0)
    world.clock.forward(hours=1)
    words: set[str] = set()
    for organization in history.organizations:
        for person in history.people:
            found = proven(world, bundle(world, organization, person, "train.voice", "infer.voice"))
            words |= {each.what for each in found.answer.history}
            assert not any(str(each.asked["use"]).startswith(PUBLICATION) for each in found.answer.questions)
    assert {"signed", "active", "ended"} <= words, words
    assert re.fullmatch(r"evd_[a-z2-7]{26}", found.answer.id)
