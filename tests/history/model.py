"""A small model of how a revocation becomes enforced (DESIGN §8), searched completely.

One grant, one revocation, a writer, a second caller, one check node with its feeder, and a standby that may lag.
Time is kept as what is left and what has passed, in ticks, so that the search ends by itself; everything that can
happen next is tried in every order. The one property: a check that *began* after somebody was told of the
revocation never answers from facts that still allow.

`Wrong` names the ways to get it wrong; each of them must make the search find a stale allow, otherwise the model
proves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

L_NODE = 2  # ticks for which a node may answer from memory
L_WAIT = 2  # ticks that a denial waits before anybody is told


class Wrong(Enum):
    """What must never be built."""

    NOTHING = "nothing"
    NO_WAIT = "no wait after COMMIT"
    MISS_INSERTS = "a miss puts what it read into memory by itself"
    FRESH_AFTER_CUT = "a page that was cut makes the node fresh"
    CLOCK_AFTER_READ = "the clock is noted after the read"
    READ_APART = "facts and freshness are taken one after the other"
    RETRY_REPLAYS = "a retry is answered at once from the stored row"
    ALREADY_REVOKED = "a second caller is told at once that it was revoked"
    STANDBY = "a stale node asks a standby"


@dataclass(frozen=True, slots=True)
class Turn:
    """The feeder between its steps: ticks since it noted the clock, and what its snapshot said (None: not yet)."""

    age: int | None
    saw: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """A question on its way: whether somebody had been told when it began; the facts and freshness it took, the
    latter as ticks that are left."""

    after_told: bool
    facts: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """0 stands for the history in which the grant stands, 1 for the one in which it was revoked."""

    head: int = 0
    committed: int | None = None  # ticks since COMMIT
    seen: int | None = None  # ticks since a second caller saw the committed row
    told: bool = False
    standby: int = 0
    memory: int | None = None
    applied: int = 0
    left: int = 0  # ticks for which memory may be answered from
    turn: Turn | None = None
    miss: int | None = None
    check: Check | None = None


def search(wrong: Wrong = Wrong.NOTHING) -> tuple[int, bool]:
    """Visit every state that can be reached; how many there are, and whether a stale allow was among the steps."""
    first = State()
    known, waiting, stale = {first}, [first], False
    while waiting:
        state = waiting.pop()
        for following in _steps(state, wrong):
            if following is None:
                stale = True
            elif following not in known:
                known.add(following)
                waiting.append(following)
    return len(known), stale


def _steps(state: State, wrong: Wrong) -> Iterator[State | None]:
    yield _tick(state)
    yield from _writing(state, wrong)
    yield from _feeding(state, wrong)
    yield from _checking(state, wrong)


def _tick(state: State) -> State:
    """One tick later. What has passed is counted to the bound that matters, and what is left to nothing."""
    turn, check = state.turn, state.check
    if turn is not None and turn.age is not None:
        turn = replace(turn, age=min(turn.age + 1, L_NODE))
    if check is not None and check.left is not None:
        check = replace(check, left=max(0, check.left - 1))
    return replace(
        state,
        committed=None if state.committed is None else min(state.committed + 1, L_WAIT),
        seen=None if state.seen is None else min(state.seen + 1, L_WAIT),
        left=max(0, state.left - 1),
        turn=turn,
        check=check,
    )


def _writing(state: State, wrong: Wrong) -> Iterator[State]:
    if state.head == 0:
        yield replace(state, head=1, committed=0)
        return
    if state.standby == 0:
        yield replace(state, standby=1)
    assert state.committed is not None
    if not state.told and (wrong is Wrong.NO_WAIT or state.committed >= L_WAIT):
        yield replace(state, told=True)
    if state.seen is None and not state.told:
        yield replace(state, seen=0)
    hasty = wrong in (Wrong.RETRY_REPLAYS, Wrong.ALREADY_REVOKED)
    if state.seen is not None and not state.told and (hasty or state.seen >= L_WAIT):
        yield replace(state, told=True)


def _feeding(state: State, wrong: Wrong) -> Iterator[State]:
    late = wrong is Wrong.CLOCK_AFTER_READ
    if state.memory is not None:
        yield replace(state, memory=None)  # it fell out
    if wrong is Wrong.MISS_INSERTS:
        if state.memory is None and state.miss is None:
            yield replace(state, miss=state.head)
        if state.miss is not None:
            yield replace(state, memory=state.miss, miss=None)
    if state.turn is None:
        yield replace(state, turn=Turn(age=None if late else 0, saw=None))
    elif state.turn.saw is None:
        yield replace(state, turn=replace(state.turn, saw=state.head))
    else:
        left = L_NODE if state.turn.age is None else max(0, L_NODE - state.turn.age)
        # The page was cut before the change: nothing of it was applied.
        if state.turn.saw > state.applied:
            yield replace(state, turn=None, left=left if wrong is Wrong.FRESH_AFTER_CUT else state.left)
        memory = state.memory if state.turn.saw == state.applied else (None if state.memory is None else 1)
        reached = replace(state, turn=None, applied=state.turn.saw, left=left, memory=memory)
        yield reached
        if wrong is not Wrong.MISS_INSERTS:
            yield replace(reached, memory=state.turn.saw)  # with the facts that somebody waits for


def _checking(state: State, wrong: Wrong) -> Iterator[State | None]:
    check = state.check
    if check is None:
        yield replace(state, check=Check(after_told=state.told))
        return
    if wrong is Wrong.READ_APART:
        if check.facts is None and state.memory is not None:
            yield replace(state, check=replace(check, facts=state.memory))
        elif check.facts is not None and check.left is None:
            yield replace(state, check=replace(check, left=state.left))
    elif check.facts is None and state.memory is not None:
        yield replace(state, check=replace(check, facts=state.memory, left=state.left))
    if check.left is not None and check.left > 0:
        yield _answered(state, check.facts)
    if not check.left:
        yield _answered(state, state.standby if wrong is Wrong.STANDBY else state.head)


def _answered(state: State, facts: int | None) -> State | None:
    """The state after the answer, or None for a stale allow."""
    assert state.check is not None
    return None if state.check.after_told and facts == 0 else replace(state, check=None)
