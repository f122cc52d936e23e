"""The feeder's lean reader says what the plain reader says, of everybody, by every kind of name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.terms import COUNTED, INFER, TRAIN, terms

if TYPE_CHECKING:
    from consent.registry.lean_facts import Found, Name
    from tests.registry.world import World


def _plainly(world: "World", name: "Name", snap: Any) -> "Found":
    """As `pair_facts` reads it."""
    from consent.core.asked import Asked
    from consent.registry.lean_facts import Found
    from consent.registry.pair_facts import load_pairs
    from consent.registry.subjects import resolve

    on_behalf_of = None if name.licensee == name.caller else name.licensee
    by = {"grant": name.value} if name.selector == "grant" else {"performers": (name.value,)}
    asked = Asked(caller=name.caller, use="train.voice", on_behalf_of=on_behalf_of, **by)
    resolver = resolve([asked], livemode=world.livemode)
    if not resolver.selector_found(asked):
        return Found(None, None)
    pairs = load_pairs(
        resolver.performers, resolver.licensees, livemode=world.livemode, at=snap.at, ports=world.ports
    )
    (reference,) = resolver.references(asked)
    performer = resolver.performer(asked, reference)
    facts = pairs.subject(reference, performer=performer, licensee=name.licensee, caller=name.caller)
    return Found(None if performer is None else str(performer), facts)


def _both(world: "World", names: Sequence["Name"]) -> tuple[list["Found"], list["Found"]]:
    from consent.registry.facts import snapshot
    from consent.registry.lean_facts import load_subjects

    with snapshot(world.livemode, world.ports) as snap:
        lean = load_subjects(names, livemode=world.livemode, at=snap.at, ports=world.ports)
        return lean, [_plainly(world, name, snap) for name in names]


def _crowd(world: "World", organizations: Sequence[str]) -> tuple[list[str], list[str]]:
    """People in every state that facts can be in: the references and external ids, and the grants."""
    from consent.registry.models import Performer
    from consent.registry.operations.references import set_external_id

    references, grants = [], []
    first, second = organizations
    for number in range(9):
        person = world.person()
        references.append(world.reference(first, person))
        if number == 0:
            continue  # nothing was ever signed
        grants.append(str(world.grant(first, person, terms(TRAIN)).grant))
        match number:
            case 1:
                grants.append(str(world.grant(first, person, terms(COUNTED, INFER | {"id": "l9"})).grant))
                _count(grants[-1], world)
            case 2:
                world.say("suspension", grants[-1], person.key)
            case 3:
                world.say("revocation", grants[-1], person.key)
            case 4:
                world.say("revocation", grants[-1], person.key)
                grants.append(str(world.grant(first, person, terms(INFER)).grant))
            case 5:
                body = world.limits(person.key, version=1, previous=None, never=[{"purposes": ["political"]}])
                world.submit(person.key.sign(body))
            case 6:
                Performer.objects.filter(id=person.id).update(deceased_at=world.clock.now)
            case 7:
                grants.append(str(world.grant(second, person).grant))
                references.append(world.reference(second, person))
            case 8:
                Performer.objects.filter(id=person.id).update(limits_version=3)  # without such limits
        given = world.reference(first, person)
        set_external_id(
            world.ports, livemode=True, organization=first, performer=given, external_id=f"p{number}"
        )
        references.append(f"external_id:p{number}")
    return references, grants


def _count(grant: str, world: "World") -> None:
    from consent.registry.models import Counter

    today = world.clock.now.date()
    for kind, day, used in (
        ("max_outputs", None, 4),
        ("rate", today, 2),
        ("rate", today - timedelta(days=1), 9),
    ):
        Counter.objects.create(grant_id=grant, livemode=True, line="l3", kind=kind, day=day, used=used)


def test_both_readers_say_the_same_of_everybody(world: "World") -> None:
    from consent.registry.lean_facts import Name

    organizations = [world.organization(), world.organization("Harbour Games Ltd")]
    references, grants = _crowd(world, organizations)
    odd = ["prf_" + "a" * 26, "", "external_id:", "external_id:nobody", "a\x00b", "\ud800", "Ä" * 600]
    names = [
        Name(caller, licensee, selector, value)
        for caller in organizations
        for licensee in organizations
        for selector in ("performer", "grant")
        for value in (*references, *grants, *odd)
    ]
    lean, plain = _both(world, names)
    for name, one, other in zip(names, lean, plain, strict=True):
        assert one == other, name
    facts = [each.facts for each in lean if each.facts is not None]
    assert {len(each.grants) for each in facts} == {0, 1, 2}
    assert any(each.limits is not None and each.limits.never for each in facts)
    assert any(each.limits is not None and each.limits.unknown for each in facts)
    assert any(each.deceased_at for each in facts) and any(each.known is False for each in facts)
    assert sorted(sum(grant.usage.values()) for each in facts for grant in each.grants if grant.usage)[0] == 6


def test_both_readers_refuse_the_same_rows(world: "World", intruder: Any) -> None:
    from consent.registry.lean_facts import Name
    from consent.registry.pair_facts import seal_failures

    organization, names = world.organization(), []
    changes = (
        "seal = 'a.b.c'",
        "terms = '{}'",
        "signed_at = signed_at + interval '1 s'",
        "grant_sha256 = repeat('0', 64)",
        "state = 'active', ended_at = NULL",
        "seal = split_part(seal, '.', 1) || '.' || split_part(seal, '.', 2) || '.' || repeat('A', 86)",
        "seal = seal || '='",
        "seal = ' ' || seal",
        "status_index = (status_index + 7) %% 1048576",
    )
    for change in changes:
        person = world.person()
        grant = str(world.grant(organization, person).grant)
        if "state" in change.split():
            world.say("revocation", grant, person.key)
        with intruder() as connection:
            connection.execute(f"UPDATE registry_grant SET {change} WHERE id = %s", [grant])
        names.append(Name(organization, organization, "performer", world.reference(organization, person)))
    before = seal_failures.count
    lean, plain = _both(world, names)
    assert lean == plain and all(each.facts is not None and not each.facts.grants for each in lean)
    assert seal_failures.count == before + 2 * len(changes)


def test_both_readers_hold_a_grant_that_somebody_set_back_to_active(world: "World", intruder: Any) -> None:
    from consent.core.states import GrantState
    from consent.registry.lean_facts import Name

    organization, person = world.organization(), world.person()
    grants = [str(world.grant(organization, person, terms(each)).grant) for each in (TRAIN, INFER)]
    world.say("suspension", grants[0], person.key)
    with intruder() as connection:
        connection.execute("UPDATE registry_grant SET state = 'active' WHERE id = %s", [grants[0]])
    name = Name(organization, organization, "performer", world.reference(organization, person))
    (lean,), plain = _both(world, [name])
    assert [lean] == plain and lean.facts is not None
    states = {each.grant: each.state for each in lean.facts.grants}
    assert states == {grants[0]: GrantState.SUSPENDED, grants[1]: GrantState.ACTIVE}


def test_the_lean_reader_needs_two_queries_for_any_number_of_one_kind(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from consent.log.prepared import prepared_together
    from consent.registry import lean_facts
    from consent.registry.facts import snapshot

    organization = world.organization()
    names = []
    for _ in range(3):
        person = world.person()
        world.grant(organization, person, terms(COUNTED))
        names.append(
            lean_facts.Name(organization, organization, "performer", world.reference(organization, person))
        )
    told: list[Any] = []
    real = prepared_together

    def ask(asked: Any) -> Any:
        told.extend(asked)
        return real(asked)

    monkeypatch.setattr(lean_facts, "prepared_together", ask)
    with snapshot(True, world.ports) as snap, CaptureQueriesContext(connection) as others:
        found = lean_facts.load_subjects(names * 100, livemode=True, at=snap.at, ports=world.ports)
    assert len(told) == 1 and len(others) == 1  # the counters
    assert len(found) == 300 and all(each.facts.grants for each in found if each.facts)


def test_what_the_database_refuses_is_a_database_error(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import DatabaseError

    from consent.registry import lean_facts
    from consent.registry.facts import snapshot

    monkeypatch.setitem(lean_facts._STATEMENTS, "reference", "SELECT no_such_column")
    name = lean_facts.Name("org_a", "org_a", "performer", "prf_a")
    with pytest.raises(DatabaseError), snapshot(True, world.ports) as snap:
        lean_facts.load_subjects([name], livemode=True, at=snap.at, ports=world.ports)
