"""Changing how long nodes may answer from memory (`l_node`) and how long a denial waits (`l_wait`).

The two stand in `log_head`, not in settings, since all nodes and writers must go by one value. At
every instant the wait must cover what any node may still do: raise `l_wait` before `l_node`; lower
`l_node`, wait out the old `l_wait`, and only then lower `l_wait` (DESIGN §8).
"""

from django.db import connection

from consent.log.commit_guard import known_commit
from consent.log.enforcement import WAIT_FACTOR
from consent.log.errors import BoundsError
from consent.log.heads import read_head
from consent.log.ports import LogPorts

MAX_L_WAIT_MS = 60_000  # a minute until a revocation is enforced is more than anybody can want


def change_bounds(livemode: bool, *, l_node_ms: int, l_wait_ms: int, ports: LogPorts) -> None:
    """Bring one side to these bounds, in the safe order; returns once both stand.

    A crash in between leaves a safe pair (the longer wait); running it again finishes.

    Raises:
        BoundsError: not 0 ≤ l_node ≤ l_wait ≤ 60 s, or somebody else changed them meanwhile.
        CommitUnknownError: a step has an unknown outcome; run it again.
    """
    if not 0 <= l_node_ms <= l_wait_ms <= MAX_L_WAIT_MS or l_wait_ms < 1:
        raise BoundsError(
            f"expected 0 ≤ l_node ≤ l_wait ≤ {MAX_L_WAIT_MS} ms, got {l_node_ms} and {l_wait_ms}"
        )
    before = read_head(livemode)
    old = (before.l_node_ms, before.l_wait_ms)
    highest_wait = max(before.l_wait_ms, l_wait_ms)
    old = _step(livemode, old, (before.l_node_ms, highest_wait))
    old = _step(livemode, old, (l_node_ms, highest_wait))
    if l_wait_ms < highest_wait:
        # Also when l_node stands already: an earlier run may have died in this very wait.
        until = ports.boot_clock() + WAIT_FACTOR * highest_wait / 1000
        while (left_s := until - ports.boot_clock()) > 0:
            ports.sleep(left_s)
        _step(livemode, old, (l_node_ms, l_wait_ms))


def _step(livemode: bool, old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int]:
    """Change both bounds in one committed statement, if they are still the old ones."""
    if old == new:
        return new
    with known_commit() as commit, connection.cursor() as cursor:
        commit.committing()
        cursor.execute(
            "UPDATE log_head SET l_node_ms = %s, l_wait_ms = %s"
            " WHERE livemode = %s AND l_node_ms = %s AND l_wait_ms = %s",
            [*new, livemode, *old],
        )
        if cursor.rowcount != 1:
            raise BoundsError("the bounds were changed by somebody else meanwhile; look and try again")
    return new
