"""A node with its change feed, and a reader that folds pages as the wire's contract says, and checks each of them.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from consent.check.caller import OrganizationCaller
from consent.check.changes.answering import ChangeFeed, ChangesQuery
from consent.check.changes.follower import ChangesFollower
from consent.check.changes.memory import ChangesMemory
from consent.check.changes.page_tokens import PageTokens
from consent.check.changes.primary import PrimaryFeed
from consent.check.process_keys import ProcessKeys
from consent.check.replica import Replica
from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.facts import Facts, GrantFacts, GrantState, SubjectFacts
from consent.core.instants import parse_instant
from consent.core.policy import decide
from consent.core.terms import GrantTerms, LimitsTerms
from consent.core.wire.changes import ChangedSubject, ChangesPage
from consent.registry.facts import snapshot
from consent.registry.feed import SubjectKey, load_subjects
from signing.changes import verify_changes
from signing.trust import Trust, TrustedKey
from tests.check.node import BootClock, HandTurned
from tests.registry.world import ALWAYS, Clock, Person, World, registry_ports

PAGE_KEY = bytes(range(64))
_STATES = {"signed": GrantState.SIGNED, "active": GrantState.ACTIVE, "paused": GrantState.SUSPENDED}


class CountingFeed(PrimaryFeed):
    """The real primary's feed, with the number of pages that it was asked for."""

    asked = 0

    def follow(self, after: str, *, caller: OrganizationCaller) -> Any:
        """Count and pass on."""
        self.asked += 1
        return super().follow(after, caller=caller)


@dataclass
class FeedHouse:
    """One process that answers polls."""

    world: World
    boot: BootClock
    feeder: HandTurned
    memory: ChangesMemory
    primary: CountingFeed
    feed: ChangeFeed
    cost: list[int] = field(default_factory=list)

    def caller(self, organization: str, **changes: Any) -> OrganizationCaller:
        """An organization's key."""
        from consent.core.complete import StandingContext

        made = OrganizationCaller(
            key="key_test",
            organization=organization,
            livemode=self.world.livemode,
            scopes=frozenset({"check"}),
            context=StandingContext(territory="DE"),
            capabilities=frozenset({"label.audible", "mark.c2pa"}),
        )
        return replace(made, **changes)

    def trust(self) -> Trust:
        """What a reader trusts."""
        sides = self.world.ports.signers
        return Trust(
            issuers={side: sides[side].issuer for side in (True, False)},
            keys=tuple(
                TrustedKey(
                    role="receipt",
                    livemode=side,
                    key=sides[side].receipt.public,
                    not_before=ALWAYS[0],
                    not_after=ALWAYS[1],
                )
                for side in (True, False)
            ),
            relying_parties=(),
        )

    def reader(self, organization: str) -> "Reader":
        """Somebody who follows the feed with a key of this organization."""
        return Reader(house=self, organization=organization)

    def another_node(self) -> "FeedHouse":
        """Another process over the same registry."""
        return make_feed_house(self.world.ports.log, world=self.world, boot=self.boot)

    def expected(self, organization: str) -> dict[tuple[str, str], ChangedSubject]:
        """Every subject of an organization as the primary has it now."""
        from consent.registry.models import GrantRecipient, PairwiseReference

        side = self.world.livemode
        pairs = PairwiseReference.objects.filter(organization_id=organization, livemode=side)
        keys = {
            SubjectKey(organization, organization, each)
            for each in pairs.values_list("performer_id", flat=True)
        }
        named = GrantRecipient.objects.filter(organization_id=organization, livemode=side)
        keys |= {SubjectKey(organization, *each) for each in named.values_list("licensee_id", "performer_id")}
        with snapshot(side, self.world.ports) as snap:
            found = load_subjects(keys, livemode=side, at=snap.at, ports=self.world.ports)
        return _telling({(each.licensee, each.performer): each for each in found.values()}, organization)


_nonces = itertools.count()


@dataclass
class Reader:
    """Folds pages: forgets at a first page, puts newest facts in the place of former ones, and counts."""

    house: FeedHouse
    organization: str
    picture: dict[tuple[str, str], ChangedSubject] = field(default_factory=dict)
    n: int | None = None
    through: str | None = None
    page: str | None = None
    pages: list[ChangesPage] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def ask(self, **query: Any) -> ChangesPage:
        """One page, verified."""
        nonce = f"n-{next(_nonces)}"
        answer = self.house.feed.answer(
            ChangesQuery(nonce=nonce, **query),
            caller=self.house.caller(self.organization),
            count=self.house.cost.append,
        )
        verified = verify_changes(
            answer.changes,
            trust=self.house.trust(),
            expected_audience=self.organization,
            expected_nonce=nonce,
            allow_test=not self.house.world.livemode,
        )
        return msgspec.convert(verified.payload, ChangesPage)

    def poll(self) -> ChangesPage:
        """Ask for what is next, and fold it."""
        if self.page is not None:
            page = self.ask(page=self.page)
        elif self.through is not None:
            page = self.ask(after=self.through)
        else:
            page = self.ask()
        self.fold(page)
        return page

    def fold(self, page: ChangesPage) -> None:
        """Take a page over; a gap in the counter would be an error of the registry."""
        assert page.aud == self.organization
        if page.first:
            self.picture, self.n = {}, page.from_n
        assert page.from_n == self.n, (page.from_n, self.n)
        assert [event.n for event in page.events] == list(range(page.from_n + 1, page.to_n + 1))
        touched = {(event.licensee, event.performer) for event in page.events}
        told = {(subject.licensee, subject.performer) for subject in page.subjects}
        assert page.snapshot or touched == told
        for subject in page.subjects:
            self.picture[subject.licensee, subject.performer] = subject
        self.n, self.through, self.page = page.to_n, page.through, page.page
        self.events += [event.event for event in page.events]
        self.pages.append(page)

    def follow(self) -> ChangesPage:
        """Poll until everything is known."""
        for _ in range(1000):
            page = self.poll()
            if page.fresh:
                return page
        raise AssertionError("the feed never became fresh")

    def knows(self) -> dict[tuple[str, str], ChangedSubject]:
        """The picture, without subjects that mean nothing."""
        return _telling(self.picture, self.organization)

    def decide(self, asked: Asked, at: Any) -> Decision:
        """What this reader would answer by itself."""
        licensee = asked.on_behalf_of or asked.caller
        return decide(asked, self._facts(asked, licensee), at)

    def _facts(self, asked: Asked, licensee: str) -> Facts:
        found = [self._subject(each, licensee) for each in asked.performers]
        return Facts(
            livemode=self.house.world.livemode,
            caller=self.organization,
            licensee=licensee,
            capabilities=frozenset({"label.audible", "mark.c2pa"}),
            subjects=tuple(found),
            persona=None,
            model=None,
            selector_found=True,
        )

    def _subject(self, word: str, licensee: str) -> SubjectFacts:
        """By the caller's own words first, then by the licensee's (`ChangedSubject`)."""
        of_licensee = [each for (told, _), each in self.picture.items() if told == licensee]
        for each in of_licensee:
            if word == each.caller_reference or word in [f"external_id:{name}" for name in each.external_ids]:
                return _compiled(each, word)
        own = [each.performer for (told, _), each in self.picture.items() if told == self.organization]
        if word not in own:
            for each in of_licensee:
                if word == each.performer:
                    return _compiled(each, word)
        nothing = {
            "grants": (),
            "limits": None,
            "deceased_at": None,
            "prior_record": False,
            "ever_signed": False,
        }
        return SubjectFacts(reference=word, known=licensee != self.organization, **nothing)


def _compiled(subject: ChangedSubject, word: str) -> SubjectFacts:
    return SubjectFacts(
        reference=word,
        known=subject.known,
        grants=tuple(
            GrantFacts(
                grant=each.grant,
                state=_STATES[each.state],
                terms=GrantTerms.from_json(each.terms),
                signed_at=parse_instant(each.signed_at),
                usage={},
            )
            for each in subject.grants
        ),
        limits=None if subject.limits is None else LimitsTerms.from_json(subject.limits),
        deceased_at=None if subject.deceased_at is None else parse_instant(subject.deceased_at),
        prior_record=subject.prior_record,
        ever_signed=subject.ever_signed,
    )


def _telling(
    picture: dict[tuple[str, str], ChangedSubject], organization: str
) -> dict[tuple[str, str], ChangedSubject]:
    """Towards another licensee, a subject without grants means the same as none (`ChangedSubject`)."""
    return {key: each for key, each in picture.items() if key[0] == organization or each.grants}


def make_feed_house(log: Any, *, world: World | None = None, boot: BootClock | None = None) -> FeedHouse:
    """A process that has read nothing yet."""
    boot = boot or BootClock()
    if world is None:
        clock = Clock()
        world = World(
            ports=registry_ports(replace(log, boot_clock=boot, sleep=boot.sleep), clock), clock=clock
        )
    memory = ChangesMemory()
    feeder = HandTurned(
        Replica(max_bytes=16 << 20), world.ports, followers=[ChangesFollower(memory, world.ports)]
    )
    primary = CountingFeed(world.ports, pages=PageTokens(PAGE_KEY))
    feed = ChangeFeed(
        world.ports, primary=primary, keys=ProcessKeys(world.ports.signers), feeder=feeder, memory=memory
    )
    return FeedHouse(world=world, boot=boot, feeder=feeder, memory=memory, primary=primary, feed=feed)


def end(world: World, grant: str, person: Person) -> None:
    """The performer ends a grant."""
    world.say("revocation", grant, person.key)
