"""Facts: one position, few queries, and nothing about anybody who is not yours."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import COUNTED, INFER, TRAIN, terms

if TYPE_CHECKING:
    from tests.registry.world import World


def queries_of(world: "World", organization: str, references: list[str], rows: int) -> tuple[int, list[Any]]:
    """How many statements the facts of that many questions take, and the facts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from consent.registry.facts import snapshot
    from tests.registry.world import question_of

    questions = [
        question_of(organization, references[row % len(references)], quantity=row + 1) for row in range(rows)
    ]
    with CaptureQueriesContext(connection) as captured, snapshot(True, world.ports) as snap:
        facts = snap.facts(questions, capabilities=frozenset())
    return len(captured), facts


def test_a_thousand_rows_of_fifty_performers_take_as_many_queries_as_one(world: "World") -> None:
    organization = world.organization()
    references = []
    for _ in range(50):
        person = world.person()
        world.grant(organization, person)
        references.append(world.reference(organization, person))
    one, _ = queries_of(world, organization, references[:1], 1)
    many, facts = queries_of(world, organization, references, 1000)
    assert many == one <= 16
    assert len(facts) == 1000 and all(each.subjects[0].grants for each in facts)
    assert facts[0].subjects[0] is facts[50].subjects[0]


def test_an_unknown_reference_and_somebody_elses_look_alike(world: "World") -> None:
    ours, theirs, person = world.organization(), world.organization(), world.person()
    world.grant(theirs, person)
    foreign = world.reference(theirs, person)
    known = world.ask(ours, foreign)
    made_up = world.ask(ours, "prf_" + "a" * 26)
    assert known == made_up and known.reasons == ("performer_unknown",)


def test_references_of_two_organizations_share_nothing(world: "World") -> None:
    person = world.person()
    first, second = (world.reference(world.organization(), person) for _ in range(2))
    assert first != second and len(first) == len(second) == 30


def test_an_external_id_means_the_callers_own_performer_only(world: "World") -> None:
    from consent.registry.errors import ExternalIdTaken, NotFound
    from consent.registry.operations.references import remove_external_id, set_external_id

    ours, theirs, person, other = world.organization(), world.organization(), world.person(), world.person()
    world.grant(ours, person)
    reference = world.reference(ours, person)
    told = {"livemode": True, "organization": ours, "external_id": "p225/ä"}
    set_external_id(world.ports, performer=reference, **told)
    assert set_external_id(world.ports, performer=reference, **told) is None
    assert world.ask(ours, "external_id:p225/ä").allowed
    assert world.ask(theirs, "external_id:p225/ä").reasons == ("performer_unknown",)
    assert world.ask(ours, "external_id:P225/ä").reasons == ("performer_unknown",)
    with pytest.raises(ExternalIdTaken):
        set_external_id(world.ports, performer=world.reference(ours, other), **told)
    with pytest.raises(NotFound):
        set_external_id(
            world.ports, **{**told, "external_id": "x"}, performer=world.reference(theirs, person)
        )
    remove_external_id(world.ports, **told)
    assert world.ask(ours, "external_id:p225/ä").reasons == ("performer_unknown",)


@pytest.mark.parametrize(
    "hostile", ["external_id:a\x00b", "prf_\x00", "external_id:\ud800", "'; --", "prf_" + "x" * 9000]
)
def test_hostile_references_are_unknown_and_nothing_else(world: "World", hostile: str) -> None:
    assert world.ask(world.organization(), hostile).reasons == ("performer_unknown",)


def test_a_recipient_asks_for_the_licensee_and_nobody_else_may(world: "World") -> None:
    licensee, host, stranger = (world.organization(name) for name in ("Studio", "Hosting AG", "Nosy Ltd"))
    person = world.person()
    world.grant(licensee, person, terms(TRAIN, recipients=[{"id": host, "role": "host"}]))
    reference = world.reference(licensee, person)
    assert world.ask(host, reference, on_behalf_of=licensee).allowed
    for reference_asked in (reference, "prf_" + "b" * 26):
        decision = world.ask(stranger, reference_asked, on_behalf_of=licensee)
        assert decision.reasons == ("not_a_recipient",)
    assert world.ask(host, reference).reasons == ("performer_unknown",)
    hosts_own = world.reference(host, person)
    assert world.ask(host, hosts_own, on_behalf_of=licensee).allowed


def test_a_grant_may_be_asked_by_its_id_by_its_licensee_only(world: "World") -> None:
    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person).grant)
    assert world.ask(organization, "", performers=(), grant=grant).grants == (grant,)
    assert world.ask(world.organization(), "", performers=(), grant=grant).reasons == ("not_a_recipient",)
    assert world.ask(organization, "", performers=(), grant="grt_\x00").reasons == ("not_a_recipient",)


def test_test_and_live_never_answer_for_each_other(world: "World") -> None:
    test = world.other_side()
    organization, person = test.organization(), test.person()
    test.grant(organization, person)
    reference = test.reference(organization, person)
    assert test.ask(organization, reference).allowed
    assert world.ask(organization, reference).reasons == ("performer_unknown",)


def test_a_prior_record_is_said_until_the_pair_signs(world: "World") -> None:
    from datetime import date

    from consent.registry.errors import Conflict
    from consent.registry.operations.import_prior_record import import_prior_record

    organization, person = world.organization(), world.person()
    reference = world.reference(organization, person)
    told: dict[str, Any] = {
        "who": "A. Querfurth",
        "signed_on": date(2019, 5, 1),
        "uses": ["train.voice"],
        "scan_sha256": "cd" * 32,
        "vouched_by": "Legal",
        "performer": reference,
    }
    import_prior_record(world.ports, livemode=True, organization=organization, **told)
    assert world.ask(organization, reference).reasons == ("prior_record_unsigned",)
    with pytest.raises(Conflict):
        import_prior_record(world.ports, livemode=True, organization=organization, **told)
    grant = str(world.grant(organization, person, terms(INFER)).grant)
    world.say("revocation", grant, person.key)
    assert world.ask(organization, reference).reasons == ("no_active_consent",)


def test_a_standby_is_never_asked(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.log import heads
    from consent.registry.errors import NotPrimary
    from consent.registry.facts import snapshot

    replaced = heads._READ_HEAD.replace("pg_is_in_recovery()", "true")
    monkeypatch.setattr(heads, "_READ_HEAD", replaced)
    with pytest.raises(NotPrimary), snapshot(True, world.ports):
        pass


def test_a_snapshot_is_of_one_position_and_writes_nothing(world: "World") -> None:
    from django.db import DatabaseError, connection

    from consent.log.errors import PositionConflictError
    from consent.registry.facts import snapshot

    organization, person = world.organization(), world.person()
    before = world.grant(organization, person)
    with snapshot(True, world.ports) as snap:
        snap.require(before.committed)
        earlier = snap.position
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("repeatable read",)
    with pytest.raises(DatabaseError), snapshot(True, world.ports), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_grant SET state_seq = 1 WHERE false")
    forged = world.ports.log.tokens.encode(
        type(snap.head.position)(livemode=True, seq=snap.seq + 1000, chain=bytes(32))
    )
    with pytest.raises(PositionConflictError), snapshot(True, world.ports) as later:
        assert later.seq >= snap.seq
        later.require(earlier)
        later.require(forged)


def test_a_dead_performers_grants_stop(world: "World") -> None:
    from consent.registry.models import Performer

    organization, person = world.organization(), world.person()
    world.grant(organization, person)
    Performer.objects.filter(id=person.id).update(deceased_at=world.clock.now)
    assert world.ask(organization, world.reference(organization, person)).reasons == ("no_active_consent",)


def test_counted_lines_bring_what_was_counted(world: "World") -> None:
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    world.grant(organization, person, terms(COUNTED))
    reference = world.reference(organization, person)
    first = world.ask(organization, reference, "infer.voice", quantity=7)
    assert first.allowed and len(first.claims) == 1
    told: dict[str, Any] = {"livemode": True, "organization": organization}
    consume_counters(world.ports, nonce="n1", claims=first.claims, **told)
    assert world.ask(organization, reference, "infer.voice", quantity=3).allowed
    assert world.ask(organization, reference, "infer.voice", quantity=4).reasons == ("max_outputs",)
