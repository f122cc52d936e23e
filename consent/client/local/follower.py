"""Following the change feed: one request at a time, folded only where it continues what is known.

An answer that does not verify is as no answer: facts grow older, and that is all. An answer that does verify and
leaves a gap, or is of another history, or of an earlier time, makes everything be forgotten and read anew; until that
is complete every question is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from consent.client.errors import BadRequest, Unauthorized, Unavailable, UnreliableAnswer
from consent.client.local.freshness import Freshness, MaxStaleness
from consent.client.local.memory import Cursor, Memory
from consent.client.local.page import Page, PageSource
from consent.client.local.picture import Accepts, Picture
from signing.encoding import b64u

NONCE_BYTES = 16
# Nodes estimate the primary's time apart from one another by at most their windows.
BACKWARDS_MS = 1000


class _ResyncError(Exception):
    """What is known cannot be continued."""


@dataclass(kw_only=True)
class _Anew:
    """A picture that is being read beside the one that answers. `cursor` is None while snapshot pages come."""

    picture: Picture
    cursor: Cursor | None
    begun: Cursor
    page: str | None


class Follower:
    """Used by one thread at a time. `clock` is the boot clock; `organization` None takes whose the first answer is."""

    def __init__(
        self,
        memory: Memory,
        source: PageSource,
        *,
        livemode: bool,
        organization: str | None,
        limits: MaxStaleness,
        clock: Callable[[], float],
        random: Callable[[int], bytes],
        accepts: Accepts | None = None,
        told: Callable[[Page], None] = lambda _page: None,
    ) -> None:
        self._memory = memory
        self._source = source
        self._livemode = livemode
        self._organization = organization
        self._limits = limits
        self._clock = clock
        self._random = random
        self._accepts = accepts
        self._told = told
        self._anew: _Anew | None = None
        self.seen: dict[str, int] = {}  # the highest counter of each history that was ever accepted

    def begin_anew(self, source: PageSource) -> None:
        """In a forked child: what was half read is the parent's."""
        self._source = source
        self._anew = None

    @property
    def reading(self) -> int:
        """Of how many pairs the facts were read for a copy that is not complete yet."""
        anew = self._anew
        return 0 if anew is None else len(anew.picture)

    def expect(self, organization: str) -> None:
        """Whose answers alone are taken, where that was not said before."""
        self._organization = self._organization or organization

    def step(self) -> bool:
        """One request and what follows from it; True when the next should be made at once.

        Raises:
            Unauthorized: the key is refused; it will be for ever.
            Unavailable: nothing was learned.
        """
        after, page = self._place()
        nonce = b64u(self._random(NONCE_BYTES))
        sent_at = self._clock()
        try:
            answer = self._source.fetch(nonce=nonce, after=after, page=page)
        except Unauthorized as exc:
            with self._memory.lock:
                self._memory.forget(exc)
                self._memory.dead = exc
                self._memory.changed.notify_all()
            raise
        except BadRequest as exc:
            return self._refused(exc, page)
        received_at = self._clock()
        self._check_whose(answer)
        try:
            return self._take(answer, after, page, sent_at, received_at)
        except _ResyncError as exc:
            raise self._forget(f"the local copy is read anew: {exc}") from exc

    def _place(self) -> tuple[str | None, str | None]:
        """From where to ask: of the picture that is being read, else of the one that answers."""
        if self._anew is not None:
            cursor = self._anew.cursor
            return (cursor.after, None) if cursor is not None else (None, self._anew.page)
        cursor = self._memory.cursor
        return (cursor.after, None) if cursor is not None else (None, None)

    def _refused(self, exc: BadRequest, page: str | None) -> bool:
        """The registry does not go on from there."""
        if exc.status == 409:
            raise self._forget(f"the registry's history is not the one that was followed: {exc}") from exc
        if page is not None:
            self._anew = None  # its snapshot cannot be gone on with; begin another
            return True
        raise Unavailable(f"the registry does not answer with its changes: {exc}") from exc

    def _forget(self, why: str) -> Unavailable:
        self._anew = None
        refusal = Unavailable(why)
        with self._memory.lock:
            self._memory.forget(refusal)
        return refusal

    def _check_whose(self, answer: Page) -> None:
        """An answer of another side or organization is none, however well it is signed."""
        caller = answer.caller
        if caller.livemode is not self._livemode:
            raise UnreliableAnswer("the change feed answered for the other side")
        if self._organization is None:
            self._organization = caller.organization
        if caller.organization != self._organization:
            raise UnreliableAnswer(
                f"the change feed answered for {caller.organization}, expected {self._organization}"
            )

    def _take(
        self, answer: Page, after: str | None, page: str | None, sent_at: float, received_at: float
    ) -> bool:
        if answer.snapshot:
            self._take_snapshot(answer, page)
            return True
        if after is None:
            raise _ResyncError("expected the beginning of a snapshot, got changes")
        anew, memory = self._anew, self._memory
        cursor = anew.cursor if anew is not None else memory.cursor
        picture = anew.picture if anew is not None else memory.picture
        if cursor is None or picture is None or answer.through is None:
            raise _ResyncError("the changes do not say from where to go on")
        following = self._follows(answer, cursor)
        self._told(answer)
        fresh = None
        if answer.fresh and not answer.more:
            fresh = Freshness.of(
                position=answer.position,
                as_of=answer.as_of,
                sent_at=sent_at,
                received_at=received_at,
                l_node_s=answer.l_node_s,
                key_expires_at=answer.caller.expires_at,
                limits=self._limits,
            )
        with memory.lock:
            if memory.dead is not None:
                raise Unavailable("this local registry was closed meanwhile")
            if answer.pairs or answer.caller != picture.caller or anew is not None:
                memory.changes += 1
            picture.take_caller(answer.caller)
            for pair in answer.pairs:
                picture.put(pair)
            if anew is None:
                memory.cursor = following
            else:
                anew.cursor = following
            if fresh is not None:
                memory.picture, memory.fresh, memory.cursor = picture, fresh, following
                memory.refusal = None
                self._anew = None
                memory.changed.notify_all()
        self.seen[following.history] = max(following.counter, self.seen.get(following.history, 0))
        return fresh is None

    def _take_snapshot(self, answer: Page, page: str | None) -> None:
        """A page of a whole picture. What answers now goes on until the new one is complete, or it is too old."""
        begun = Cursor(counter=answer.from_n, after="", history=answer.history, as_of_ms=_ms(answer))
        if answer.first:
            if answer.from_n < self.seen.get(answer.history, 0):
                raise _ResyncError(
                    f"the registry has forgotten what it told: its counter was {self.seen[answer.history]} and is "
                    f"{answer.from_n}; ask its operator, and remove the local file once that is explained"
                )
            picture = Picture(answer.caller, accepts=self._accepts)
            self._anew = _Anew(picture=picture, cursor=None, begun=begun, page=None)
        anew = self._anew
        if anew is None or (page is None and not answer.first) or anew.cursor is not None:
            raise _ResyncError("a page of a snapshot that was not asked for")
        if (answer.history, answer.from_n) != (anew.begun.history, anew.begun.counter):
            raise _ResyncError("a page of another snapshot")
        self._told(answer)
        for pair in answer.pairs:
            anew.picture.put(pair)
        if answer.page is not None:
            anew.page = answer.page
            return
        if answer.through is None:
            raise _ResyncError("a snapshot that does not say from where to go on")
        # Never fresh by itself: its pages are of different positions until the changes since are folded in.
        anew.cursor = replace(anew.begun, after=answer.through)

    def _follows(self, answer: Page, cursor: Cursor) -> Cursor:
        """Where this answer leads, if it continues exactly what is known."""
        if answer.history != cursor.history:
            raise _ResyncError("the registry's history is another one")
        if answer.from_n != cursor.counter or answer.to_n < answer.from_n:
            raise _ResyncError(f"changes from {answer.from_n} on, expected them from {cursor.counter} on")
        if _ms(answer) < cursor.as_of_ms - BACKWARDS_MS:
            raise _ResyncError("an answer from before the last one")
        return Cursor(
            counter=answer.to_n,
            after=answer.through or "",
            history=answer.history,
            as_of_ms=max(_ms(answer), cursor.as_of_ms),
        )


def _ms(answer: Page) -> int:
    return int(answer.as_of.timestamp() * 1000)
