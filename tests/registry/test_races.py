"""Two at once: exactly one wins, the other is told so, and nothing hangs."""

from typing import TYPE_CHECKING, Any

from tests.registry.terms import COUNTED, TRAIN, terms
from tests.registry.threads import race, split

if TYPE_CHECKING:
    from tests.registry.world import World

ROUNDS = 4


def test_two_revocations_of_one_grant_end_it_once(world: "World") -> None:
    from consent.registry.errors import AlreadyEnded
    from consent.registry.models import GrantEnding

    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        grant = str(world.grant(organization, person).grant)
        envelopes = [person.key.sign(world.about("revocation", grant, person.key)) for _ in range(3)]
        won, lost = split(race(*(lambda e=each: world.submit(e) for each in envelopes)))
        assert len(won) == 1 and [type(each) for each in lost] == [AlreadyEnded] * 2
        assert GrantEnding.objects.filter(grant_id=grant).count() == 1


def test_the_same_revocation_from_many_clicks_answers_the_same_to_all(world: "World") -> None:
    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        grant = str(world.grant(organization, person).grant)
        envelope = person.key.sign(world.about("revocation", grant, person.key))
        won, lost = split(race(*[lambda e=envelope: world.submit(e)] * 4))
        assert not lost and len({(a.enforced_at, a.acknowledgement, a.committed) for a in won}) == 1


def test_the_same_grant_statement_twice_makes_one_grant(world: "World") -> None:
    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        prepared = world.prepare(person, world.offer(organization, person))
        envelope = person.key.sign(prepared.body)
        won, lost = split(race(*[lambda e=envelope: world.submit(e)] * 3))
        assert not lost and {answer.state for answer in won} == {"active"}
        assert sorted(answer.repeated for answer in won) == [False, True, True]


def test_signing_against_withdrawing_leaves_one_of_them(world: "World") -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import Grant, Offer
    from consent.registry.operations.close_offer import withdraw_offer

    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        offer = world.offer(organization, person)
        prepared = world.prepare(person, offer)
        envelope = person.key.sign(prepared.body)
        _, lost = split(
            race(
                lambda e=envelope: world.submit(e),
                lambda o=offer: withdraw_offer(
                    world.ports, livemode=True, organization=organization, offer=o
                ),
            )
        )
        assert [type(each) for each in lost] == [StateConflict]
        signed = Grant.objects.filter(id=prepared.grant).exists()
        assert Offer.objects.get(id=offer).state == ("signed" if signed else "withdrawn")


def test_signing_against_switching_the_key_off_is_one_then_the_other(world: "World") -> None:
    from consent.registry.errors import CredentialBlocked
    from consent.registry.models import Credential, Grant
    from consent.registry.operations.add_credential import block_credential

    organization = world.organization()
    for _ in range(ROUNDS):
        person = world.person()
        prepared = world.prepare(person, world.offer(organization, person))
        envelope = person.key.sign(prepared.body)
        results = race(
            lambda e=envelope: world.submit(e),
            lambda p=person: block_credential(
                world.ports,
                livemode=True,
                performer=p.id,
                thumbprint=p.key.thumbprint,
                authority="session",
            ),
        )
        assert Credential.objects.get(thumbprint=person.key.thumbprint).state == "blocked"
        if isinstance(results[0], Exception):
            assert isinstance(results[0], CredentialBlocked)
        assert Grant.objects.filter(id=prepared.grant).exists() == (not isinstance(results[0], Exception))


def test_two_people_with_one_code_leave_it_to_one(world: "World") -> None:
    from consent.registry.errors import InvitationSpent
    from consent.registry.models import Offer, PairwiseReference

    organization = world.organization()
    for _ in range(ROUNDS):
        offer, code = world.invite(organization)
        people = [world.person(), world.person()]
        won, lost = split(race(*(lambda p=each, c=code: world.redeem(p, c) for each in people)))
        assert len(won) == 1 and [type(each) for each in lost] == [InvitationSpent]
        holder = PairwiseReference.objects.get(organization_id=organization, reference=won[0].reference)
        assert Offer.objects.get(id=offer).performer_id == holder.performer_id


def test_counting_from_many_threads_never_passes_the_limit(world: "World") -> None:
    from consent.registry.errors import CounterExhausted
    from consent.registry.models import Counter
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(COUNTED)).grant)
    reference = world.reference(organization, person)
    claims = world.ask(organization, reference, "infer.voice", quantity=3).claims

    def count(nonce: str) -> Any:
        return consume_counters(
            world.ports, livemode=True, organization=organization, nonce=nonce, claims=claims
        )

    _, lost = split(race(*(lambda n=f"n{n}": count(n) for n in range(6))))
    assert [type(each) for each in lost] == [CounterExhausted] * 3
    assert Counter.objects.get(grant_id=grant).used == 9
    _, lost = split(race(*[lambda: count("n1")] * 2))
    used = Counter.objects.get(grant_id=grant).used
    assert used == 9 and all(isinstance(each, CounterExhausted) for each in lost)


def test_one_nonce_counts_once_from_many_threads(world: "World") -> None:
    from consent.registry.models import Counter
    from consent.registry.operations.consume_counters import consume_counters

    organization, person = world.organization(), world.person()
    grant = str(world.grant(organization, person, terms(COUNTED)).grant)
    claims = world.ask(organization, world.reference(organization, person), "infer.voice").claims
    told: dict[str, Any] = {"livemode": True, "organization": organization, "nonce": "same"}
    _, lost = split(race(*[lambda: consume_counters(world.ports, claims=claims, **told)] * 5))
    assert not lost and Counter.objects.get(grant_id=grant).used == 1


def test_limits_from_two_devices_make_one_next_version(world: "World") -> None:
    from consent.registry.errors import LimitsVersionConflict
    from consent.registry.models import Performer

    person = world.person()
    envelopes = [
        person.key.sign(world.limits(person.key, version=1, previous=None, never=[{"purposes": [purpose]}]))
        for purpose in ("political", "religious")
    ]
    won, lost = split(race(*(lambda e=each: world.submit(e) for each in envelopes)))
    assert len(won) == 1 and [type(each) for each in lost] == [LimitsVersionConflict]
    assert Performer.objects.get(id=person.id).limits_version == 1


def test_everything_at_once_about_one_performer_never_deadlocks(world: "World") -> None:
    from consent.registry.operations.close_offer import withdraw_offer
    from consent.registry.operations.suspend_grant import suspend_by_holder

    organization, person = world.organization(), world.person()
    for _ in range(ROUNDS):
        grants = [str(world.grant(organization, person).grant) for _ in range(2)]
        offer = world.offer(organization, person, terms(TRAIN, supersedes=grants[0]))
        prepared = world.prepare(person, offer)
        envelopes = [
            person.key.sign(prepared.body),
            person.key.sign(world.about("revocation", grants[0], person.key)),
            person.key.sign(world.about("suspension", grants[1], person.key)),
        ]
        results = race(
            *(lambda e=each: world.submit(e) for each in envelopes),
            lambda o=offer: withdraw_offer(world.ports, livemode=True, organization=organization, offer=o),
            lambda g=grants[1]: suspend_by_holder(
                world.ports, livemode=True, grant=g, holder="operator", reason="Risk."
            ),
        )
        from consent.registry.errors import RegistryError

        assert all(isinstance(each, RegistryError) for each in split(results)[1])
