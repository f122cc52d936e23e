"""Issuing the status lists of one side: at once when a grant changed, and otherwise every half minute."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection

from consent.log.errors import ObjectChangedError, ObjectMissingError
from consent.log.objects import ObjectStore
from consent.registry.facts import snapshot
from consent.registry.models import StatusList
from consent.registry.ports import RegistryPorts
from consent.registry.status_lists.standing import read_statuses
from consent.registry.status_slots import newest_list, status_uri
from signing.purposes import STATUS_LIST
from signing.status_list import status_list_claims

EVERY = timedelta(seconds=30)  # terms begin and run out without an event, decoys change, and lists expire
REST_RATIO = 9  # a turn may take a tenth of the time, however many grants there are
# What may change a place, by the list that it is in; NULL where nobody can say any more which: an erasure leaves of the
# events before it only that they were.
_CHANGED = """
SELECT g.status_list, max(e.seq) FROM log_event e LEFT JOIN registry_grant g ON g.id = e.grant_id
WHERE e.livemode = %s AND e.seq > %s
  AND (e.kind LIKE 'grant.%%' OR e.kind IN ('erased', 'performer.erased', 'performer.erasing'))
GROUP BY 1
"""
_NOTE = """
UPDATE registry_statuslist SET issued_at = %(at)s, seq = %(seq)s
WHERE livemode = %(livemode)s AND number = %(number)s AND (seq IS NULL OR seq <= %(seq)s)
"""
_logger = logging.getLogger(__name__)


class StatusIssuer:
    """Issues one side's lists. For one thread; several processes may do it at once."""

    def __init__(self, ports: RegistryPorts, *, livemode: bool, decoy_key: bytes) -> None:
        self._ports = ports
        self._livemode = livemode
        self._decoy_key = decoy_key
        self._rests_until = 0.0

    def turn(self) -> int:
        """Issue every list that is due; returns how many.

        Raises:
            LogError: the history or the object store cannot be used. KeysError, UntrustedError: no status key.
        """
        began = self._ports.log.boot_clock()
        if began < self._rests_until:
            return 0
        newest_list(self._livemode)  # the first list is there from the beginning, also without a grant
        issued = sum(issue(self._ports, self._livemode, number, self._decoy_key) for number in self._due())
        ended = self._ports.log.boot_clock()
        self._rests_until = ended + REST_RATIO * (ended - began)
        return issued

    def _due(self) -> list[int]:
        at = self._ports.clock()
        rows = list(StatusList.objects.filter(livemode=self._livemode).order_by("-number"))
        changed = _changed(self._livemode, since=[row.seq for row in rows if row.seq is not None])
        return [row.number for row in rows if _is_due(row, at=at, changed=changed)]


def issue(ports: RegistryPorts, livemode: bool, number: int, decoy_key: bytes) -> bool:
    """Publish one list as the grants are now; False if somebody else published one meanwhile.

    Raises:
        LogError: the history or the object store cannot be used. KeysError, UntrustedError: no status key.
    """
    objects, key = ports.log.objects, object_key(livemode=livemode, number=number)
    # Read before the grants are: whoever publishes in between has read them later, or is read again soon.
    published = _published(objects, key)
    with snapshot(livemode, ports) as seen:
        statuses = read_statuses(seen, number=number, decoy_key=decoy_key)
    uri = status_uri(ports.origin, livemode=livemode, status_list=number)
    claims = status_list_claims(uri, statuses, at=seen.at)
    token = ports.signers[livemode].status.sign_jws(typ=STATUS_LIST, payload=claims)
    try:
        objects.replace(key, token.encode("ascii"), expected=published)
    except ObjectChangedError:
        _logger.info("status list %s was published by somebody else meanwhile", key)
        return False
    # Crash before this line: the list is out, and is issued once more at the next turn.
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"at": seen.at, "seq": seen.seq, "livemode": livemode, "number": number})
    return True


def object_key(*, livemode: bool, number: int) -> str:
    """Where the object store holds the newest list."""
    return f"status/{'live' if livemode else 'test'}/{number}"


def _is_due(row: StatusList, *, at: datetime, changed: Mapping[int | None, int]) -> bool:
    if row.issued_at is None or row.seq is None or not timedelta(0) <= at - row.issued_at < EVERY:
        return True
    return max(changed.get(row.number, 0), changed.get(None, 0)) > row.seq


def _changed(livemode: bool, *, since: Sequence[int]) -> dict[int | None, int]:
    """By list, the newest position after the least of `since` at which one of its grants changed."""
    if not since:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [livemode, min(since)])
        return dict(cursor.fetchall())


def _published(objects: ObjectStore, key: str) -> bytes | None:
    try:
        return objects.get(key)
    except ObjectMissingError:
        return None
