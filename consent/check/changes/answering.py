"""From a poll to its signed page: from memory while that is fresh, and otherwise from the primary."""

import os
import weakref
from collections.abc import Callable
from typing import Annotated, cast

import msgspec
from django.db import close_old_connections
from msgspec import UNSET, Meta, UnsetType

from consent.check.caller import OrganizationCaller
from consent.check.changes.content import Content
from consent.check.changes.memory import ChangesMemory
from consent.check.changes.places import Places
from consent.check.changes.primary import PrimaryFeed
from consent.check.feeder import Feeder
from consent.check.positions import PositionTokens
from consent.check.process_keys import ProcessKeys
from consent.check.question_body import PRINTABLE, PRINTABLE_TOLD
from consent.core.wire.changes import ChangedSubject, ChangesCaller, ChangesPage, ChangesResponse
from consent.core.wire.encode import encode
from consent.core.wire.in_words import in_words
from consent.core.wire.problem import parameter_fault
from consent.core.wire.times import milliseconds, seconds_or_none
from consent.log.families import POLLS, READERS
from consent.registry.ports import RegistryPorts
from signing.changes import sign_changes
from signing.instants import format_numeric_date

FETCH_S = 0.1  # how long a cursor that is ahead of this node waits for its next turn
AT_PRIMARY, AT_PRIMARY_OF_ONE = (
    4,
    2,
)  # pages that one process reads from the primary at once; checks need it too
SNAPSHOTS, SNAPSHOTS_OF_ONE = 2, 1  # pages of snapshots besides
SNAPSHOT_COST = 10  # calls that a page of a snapshot counts as

Nonce = Annotated[
    str,
    Meta(
        pattern=f"^{PRINTABLE}$(?!\\n)",
        extra=in_words(PRINTABLE_TOLD),
        description="Your own, new for each request; the page repeats it under its signature.",
    ),
]
After = Annotated[
    str,
    Meta(
        pattern=r"^ct_[A-Za-z0-9_-]{76}$(?!\n)",
        description="`through` of the page before. Never expires.",
        extra=in_words(
            "`through` of the page before, exactly as it was given (ct_…); leave it out to begin anew"
        ),
    ),
]
PageToken = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,600}$(?!\n)",
        description="`page` of the page before.",
        extra=in_words("`page` of the page before, exactly as it was given; leave it out to begin anew"),
    ),
]


class ChangesQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a poll asks for: what came after a position, a further page of a snapshot, or a new snapshot."""

    nonce: Nonce
    after: After | UnsetType = UNSET
    page: PageToken | UnsetType = UNSET


class ChangeFeed:
    """Answers polls. Safe to share between threads.

    Without a feeder (no clock that counts suspension) every page comes from the primary.
    """

    def __init__(
        self,
        ports: RegistryPorts,
        *,
        primary: PrimaryFeed,
        keys: ProcessKeys,
        feeder: Feeder | None = None,
        memory: ChangesMemory | None = None,
    ) -> None:
        self._tokens = PositionTokens(ports.log.tokens)
        self._codec = ports.log.tokens
        self._boot_clock = ports.log.boot_clock
        self._figures = ports.log.figures
        self._primary = primary
        self._keys = keys
        self._feeder = feeder
        self._memory = memory
        self._begin_anew()
        if hasattr(os, "register_at_fork"):
            anew = weakref.WeakMethod(self._begin_anew)
            os.register_at_fork(after_in_child=lambda: (method := anew()) and method())
        if memory is not None:
            self._figures.watch(lambda: [(READERS, (), float(memory.readers()))])

    def __repr__(self) -> str:
        return "ChangeFeed()"

    def _begin_anew(self) -> None:
        """As in a new process: places that were taken while it forked are free in the child."""
        self._at_primary = Places(AT_PRIMARY, of_one=AT_PRIMARY_OF_ONE)
        self._snapshots = Places(SNAPSHOTS, of_one=SNAPSHOTS_OF_ONE)

    def answer(
        self, query: ChangesQuery, *, caller: OrganizationCaller, count: Callable[[int], None]
    ) -> ChangesResponse:
        """The signed page; `count` says what it costs beyond one call.

        Raises:
            ApiError: two places at once, a page token that is nobody's, or too many pages from the primary now.
            PositionInvalidError, PositionConflictError: `after` is not of this side, or not on this history.
            LogError, RegistryError: nothing fresh can be had.
        """
        content = self._content(query, caller, count)
        self._figures.add(POLLS, ("snapshot" if content.snapshot else "changes",))
        return ChangesResponse(changes=self._sign(content, query.nonce, caller))

    def _content(
        self, query: ChangesQuery, caller: OrganizationCaller, count: Callable[[int], None]
    ) -> Content:
        if isinstance(query.page, str):
            if query.after is not UNSET:
                raise parameter_fault("page", "one_place", "`after` or `page`", "both")
            count(SNAPSHOT_COST - 1)
            page = query.page
            return self._at(self._snapshots, caller, lambda: self._primary.go_on(page, caller=caller))
        self._follow(caller)
        if not isinstance(query.after, str):
            count(SNAPSHOT_COST - 1)
            return self._at(self._snapshots, caller, lambda: self._primary.begin(caller=caller))
        after = query.after
        found = self._remembered(after, caller)
        if found is None:
            found = self._at(self._at_primary, caller, lambda: self._primary.follow(after, caller=caller))
            if found.snapshot:
                count(SNAPSHOT_COST - 1)
        return found

    def _follow(self, caller: OrganizationCaller) -> None:
        if self._feeder is not None and self._memory is not None:
            self._memory.asked(caller.organization, livemode=caller.livemode, now=self._boot_clock())
            self._feeder.start()

    def _remembered(self, after: str, caller: OrganizationCaller) -> Content | None:
        if self._feeder is None or self._memory is None:
            return None
        position = self._codec.decode(after, expected_livemode=caller.livemode)
        known = self._feeder.replica.freshness(caller.livemode)
        if known is not None and position.seq > known.position.seq:
            # Another node was further: one turn, and this one is too (DESIGN §7 "costs one poll").
            self._feeder.fetch((), livemode=caller.livemode, timeout_s=FETCH_S)
        return self._memory.page(
            caller.organization, livemode=caller.livemode, after=position, clock=self._boot_clock
        )

    def _at(self, places: Places, caller: OrganizationCaller, read: Callable[[], Content]) -> Content:
        """Read from the primary, if there is a place: a thread that waited for one would keep a check waiting."""
        with places.taken(caller.organization):
            close_old_connections()
            return read()

    def _sign(self, content: Content, nonce: str, caller: OrganizationCaller) -> str:
        signer = self._keys.signer(caller.livemode, at=content.at)
        issued_at = content.at.replace(microsecond=0)
        page = ChangesPage(
            iss=signer.issuer,
            aud=caller.organization,
            livemode=caller.livemode,
            node=signer.node,
            iat=format_numeric_date(issued_at),
            nonce=nonce,
            history=content.history,
            as_of=milliseconds(content.at),
            position=self._tokens.token(content.head),
            l_node_ms=content.l_node_ms,
            fresh=content.fresh,
            caller=_caller(caller),
            snapshot=content.snapshot,
            first=content.first,
            from_n=content.from_n,
            to_n=content.to_n,
            events=list(content.events),
            subjects=cast(list[ChangedSubject], list(content.subjects)),
            more=content.more,
            page=content.page,
            through=None if content.through is None else self._tokens.token(content.through),
        )
        return sign_changes(encode(page), issued_at=issued_at, signer=signer)


def _caller(caller: OrganizationCaller) -> ChangesCaller:
    return ChangesCaller(
        key=caller.key,
        scopes=sorted(caller.scopes),
        context=caller.context.to_json(),
        capabilities=sorted(caller.capabilities),
        expires_at=seconds_or_none(caller.expires_at),
    )
