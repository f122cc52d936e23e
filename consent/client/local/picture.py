"""Everything that is known of one organization's consents on this machine: the feed, folded.

Not safe to share by itself: whoever holds it holds the lock of `Memory`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from consent.client.local.compiled import NEVER, Compiler, Known, unknown_subject
from consent.client.local.pairs import PackedPair, Pair, PairName, TermsTable, pack, unpack
from consent.core.asked import Asked
from consent.core.complete import StandingContext
from consent.core.facts import Facts, SubjectFacts

T = TypeVar("T")

MAX_KNOWN = 50_000  # compiled subjects, some 2 kB each beside their terms
Accepts = Callable[[PairName, PackedPair, TermsTable], PackedPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFacts:
    """Whose key this is, and what goes with it, as the registry completes and decides questions for it."""

    organization: str
    livemode: bool
    key: str
    scopes: frozenset[str]
    context: StandingContext
    capabilities: frozenset[str]
    expires_at: datetime | None

    @classmethod
    def nobody(cls) -> "CallerFacts":
        """No key at all: to complete questions without any standing context."""
        return cls(
            organization="",
            livemode=False,
            key="",
            scopes=frozenset(),
            context=StandingContext(),
            capabilities=frozenset(),
            expires_at=None,
        )


class Picture:
    """Pairs by their names. `accepts` may strike grants out of what a pair is compiled from (`packages.py`)."""

    def __init__(self, caller: CallerFacts, *, accepts: Accepts | None = None) -> None:
        self.caller = caller
        self.table = TermsTable()
        self.known: dict[str, Known] = {}  # of the own organization, by the name that questions use
        self._accepts = accepts
        self._others: dict[PairName, Known] = {}
        self._pairs: dict[PairName | str, bytes] = {}
        self._aliases: dict[PairName | str, str] = {}
        self._grants: dict[str, PairName] | None = None
        self._compiler = Compiler(self.table)
        self._frames: dict[str, partial[Facts]] = {}

    def __len__(self) -> int:
        return len(self._pairs)

    def take_caller(self, caller: CallerFacts) -> None:
        """What the newest answer says of the key."""
        if caller != self.caller:
            self.caller = caller
            self.forget_compiled()

    def forget_compiled(self) -> None:
        """Compile everything anew from now on."""
        self.known.clear()
        self._others.clear()
        self._frames.clear()

    def put(self, pair: Pair) -> None:
        """The newest facts of a pair, in place of what was known."""
        self.put_packed(pair.name, pack(pair, self.table), pair.names)
        if self._grants is not None:
            self._grants.update(dict.fromkeys([grant.grant for grant in pair.grants], pair.name))
            self._grants.update(dict.fromkeys(pair.ended, pair.name))

    def put_packed(self, name: PairName, packed: bytes, names: Iterable[str]) -> None:
        """The same, as it is kept."""
        licensee, performer = name
        before = self._pairs.get(self._key(licensee, performer))
        gone = set(unpack(before).names) if before is not None else set()
        for each in gone.difference(names):
            # A name that meanwhile means somebody else stays theirs.
            if self._aliases.get(self._key(licensee, each)) == performer:
                del self._aliases[self._key(licensee, each)]
        for each in {*gone, *names, performer}:
            self._drop_compiled(licensee, each)
        for each in names:
            self._aliases[self._key(licensee, each)] = performer
        self._pairs[self._key(licensee, performer)] = packed

    def packed(self) -> Iterator[tuple[PairName, bytes]]:
        """Every pair as it is kept, with its name."""
        for key, data in self._pairs.items():
            yield (self.caller.organization, key) if isinstance(key, str) else key, data

    def dropped(self, name: PairName) -> None:
        """Compile a pair anew: what is accepted of it has changed."""
        data = self._pairs.get(self._key(*name))
        if data is not None:
            for each in (name[1], *unpack(data).names):
                self._drop_compiled(name[0], each)

    def facts(self, asked: Asked) -> Known:
        """The facts of any question by performers or by grant."""
        licensee = asked.on_behalf_of or asked.caller
        if asked.grant is not None:
            return self._of_grant(asked.grant, licensee)
        if len(asked.performers) == 1:
            return self.subject(asked.performers[0], licensee)
        each = [self.subject(name, licensee) for name in asked.performers]
        subjects = tuple(subject for known in each for subject in known.facts.subjects)
        begins = max((known.begins for known in each), default=NEVER)
        return Known(self._frame(licensee)(subjects=subjects, selector_found=True), begins)

    def subject(self, name: str, licensee: str) -> Known:
        """The facts about one performer, as a question towards this licensee names them."""
        own = licensee == self.caller.organization
        found = self.known.get(name) if own else self._others.get((licensee, name))
        if found is not None:
            return found
        performer = self._performer(name, licensee)
        data = None if performer is None else self._pairs.get(self._key(licensee, performer))
        if performer is None or data is None:
            return self._about(unknown_subject(name, own=own), licensee)
        packed = unpack(data)
        if self._accepts is not None:
            packed = self._accepts((licensee, performer), packed, self.table)
        found = self._compiler.known(name, packed, frame=self._frame(licensee))
        if own:
            _keep(self.known, name, found)
        else:
            _keep(self._others, (licensee, name), found)
        return found

    def _performer(self, name: str, licensee: str) -> str | None:
        """Whom a name means: in this organization's own words, else in the licensee's."""
        meant = self._aliases.get(self._key(licensee, name))
        if meant is not None:
            return meant
        own = self.caller.organization
        if licensee != own and (name in self._pairs or name in self._aliases):
            return None  # a word of one's own for somebody who has no consents towards this licensee
        return name if self._key(licensee, name) in self._pairs else None

    def _of_grant(self, grant: str, licensee: str) -> Known:
        """The facts of the pair that a grant is of; of somebody else's grant nothing is found."""
        if self._grants is None:
            self._grants = {}
            for pair, data in self.packed():
                packed = unpack(data)
                self._grants.update(dict.fromkeys([each.grant for each in packed.grants], pair))
                self._grants.update(dict.fromkeys(packed.ended, pair))
        name = self._grants.get(grant)
        if name is None or name[0] != licensee:
            return Known(self._frame(licensee)(subjects=(), selector_found=False), NEVER)
        return self.subject(name[1], licensee)

    def _about(self, subject: SubjectFacts, licensee: str) -> Known:
        return Known(self._frame(licensee)(subjects=(subject,), selector_found=True), NEVER)

    def _frame(self, licensee: str) -> partial[Facts]:
        """What all facts towards one licensee share."""
        frame = self._frames.get(licensee)
        if frame is None:
            frame = partial(
                Facts,
                livemode=self.caller.livemode,
                caller=self.caller.organization,
                licensee=licensee,
                capabilities=self.caller.capabilities,
                persona=None,
                model=None,
            )
            if len(self._frames) < MAX_KNOWN:
                self._frames[licensee] = frame
        return frame

    def _key(self, licensee: str, name: str) -> PairName | str:
        """Names of the own organization, nearly all of them, are kept without it."""
        return name if licensee == self.caller.organization else (licensee, name)

    def _drop_compiled(self, licensee: str, name: str) -> None:
        if licensee == self.caller.organization:
            self.known.pop(name, None)
            # Asked on behalf of others, a name of one's own may mean somebody else now.
            if self._others:
                self._others.clear()
        else:
            self._others.pop((licensee, name), None)


def _keep(cache: dict[T, Known], name: T, known: Known) -> None:
    """Keep it; where the cache is full, without the oldest."""
    if len(cache) >= MAX_KNOWN:
        del cache[next(iter(cache))]
    cache[name] = known
