"""The rows of the change feed, read in the caller's snapshot. Plain SQL: a feeder reads them in its turns."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from consent.registry.feed import SubjectKey


class FeedRow(NamedTuple):
    """One event for one organization, of its counter `n`, about one subject."""

    organization: str
    n: int
    seq: int
    event: str
    performer: UUID
    licensee: str
    reference: str
    grant: str | None
    at: datetime

    @property
    def key(self) -> SubjectKey:
        """The subject whose facts it touched."""
        return SubjectKey(self.organization, self.licensee, self.performer)


_COLUMNS = 'organization_id, n, seq, event, performer_id, licensee_id, reference, "grant", at'


def begins_after(livemode: bool) -> int:
    """The seq after which the feed is complete; -1 where it is complete from the beginning."""
    found = _rows("SELECT seq FROM registry_feedstart WHERE livemode = %s", [livemode])
    return int(found[0][0]) if found else -1


def counted_at(organization: str, *, livemode: bool, seq: int) -> int:
    """An organization's counter where the history stood at `seq`; 0 where it was told nothing by then."""
    found = _rows(
        "SELECT n FROM registry_feedentry WHERE organization_id = %s AND livemode = %s AND seq <= %s "
        "ORDER BY seq DESC, n DESC LIMIT 1",
        [organization, livemode, seq],
    )
    return int(found[0][0]) if found else 0


def counters(organizations: Collection[str], *, livemode: bool) -> Mapping[str, int]:
    """The present counter of each organization."""
    rows = _rows(
        "SELECT organization_id, n FROM registry_feedcounter WHERE livemode = %s AND organization_id = ANY(%s)",
        [livemode, list(organizations)],
    )
    return {**dict.fromkeys(organizations, 0), **dict(rows)}


def rows_after(organization: str, *, livemode: bool, n: int, limit: int) -> list[FeedRow]:
    """The next events of an organization after its number `n`: at least `limit` of them if there are as many, and
    never only some of those that stand at one seq."""
    which = "organization_id = %(organization)s AND livemode = %(livemode)s AND n > %(n)s"
    return [
        FeedRow(*row)
        for row in _rows(
            f"SELECT {_COLUMNS} FROM registry_feedentry WHERE {which} AND seq <= COALESCE(("  # noqa: S608  # constants
            f"SELECT seq FROM registry_feedentry WHERE {which} ORDER BY n LIMIT 1 OFFSET %(last)s"
            "), 9223372036854775807) ORDER BY n",
            {"organization": organization, "livemode": livemode, "n": n, "last": limit - 1},
        )
    ]


def rows_between(
    organizations: Collection[str], *, livemode: bool, after: int, up_to: int
) -> Sequence[FeedRow]:
    """The events of these organizations with after < seq <= up_to, in the order of each one's counter."""
    return [
        FeedRow(*row)
        for row in _rows(
            f"SELECT {_COLUMNS} FROM registry_feedentry "  # noqa: S608  # the constant above
            "WHERE livemode = %s AND seq > %s AND seq <= %s AND organization_id = ANY(%s) "
            "ORDER BY organization_id, n",
            [livemode, after, up_to, list(organizations)],
        )
    ]


def chains_between(livemode: bool, *, after: int, up_to: int) -> dict[int, bytes]:
    """The chain value at each seq with after < seq <= up_to."""
    rows = _rows(
        "SELECT seq, chain FROM log_event WHERE livemode = %s AND seq > %s AND seq <= %s",
        [livemode, after, up_to],
    )
    return {seq: bytes(chain) for seq, chain in rows}


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
