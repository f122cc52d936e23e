"""The newest limits of performers, read from what was sealed when they signed, and not from a plain column.

Limits that do not open under the performer's own record, are of another version than the performer's row
says, or are missing, deny everything of that performer. (Whoever rewrites every row of a performer can
still make it look as if there had never been limits; that shows in the history only.)
"""

import logging
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from consent.core.terms import LimitsTerms, compile_limits
from consent.log.errors import KeyMissingError, RecordDestroyedError, SealError
from consent.log.sealing import Sealer
from consent.registry.models import Limits
from consent.registry.statements import STATEMENT_PURPOSE
from consent.registry.stored_json import from_bytes
from signing.errors import MalformedError

OPENED = 2048  # limits that need not be opened again; some 3 kB each

_logger = logging.getLogger(__name__)
_UNREADABLE = LimitsTerms.from_json(None)


def load_limits(versions: Mapping[UUID, int], *, livemode: bool, sealer: Sealer) -> dict[UUID, LimitsTerms]:
    """The limits of each performer who has any; `versions` is what the performers' rows say. One query.

    Raises:
        KeyStoreUnavailableError: the key store failed, so nothing can be answered.
    """
    newest = (
        Limits.objects.filter(performer_id__in=list(versions), livemode=livemode)
        .order_by("performer_id", "-version")
        .distinct("performer_id")
    )
    rows = {
        performer: (version, statement, record, bytes(sealed))
        for performer, version, statement, record, sealed in newest.values_list(
            "performer_id", "version", "statement_id", "performer__record", "statement__sealed"
        )
    }
    found: dict[UUID, LimitsTerms] = {}
    for performer, version in versions.items():
        limits = open_limits(sealer, rows.get(performer), version=version)
        if limits is not None:
            found[performer] = limits
    return found


LimitsRow = tuple[int, str, str, bytes]  # version, statement, record of the performer, sealed statement


def open_limits(sealer: Sealer, newest: LimitsRow | None, *, version: int) -> LimitsTerms | None:
    """The limits in a performer's newest row; `version` is what the performer's own row says. None: no limits.

    Raises:
        KeyStoreUnavailableError: the key store failed, so nothing can be answered.
    """
    if newest is None and version == 0:
        return None
    if newest is None or newest[0] != version:
        _logger.error("limits refused: not the version of the performer's row")
        return _UNREADABLE
    return _open(sealer, *newest)


def _open(sealer: Sealer, version: int, statement: str, record: str, sealed: bytes) -> LimitsTerms:
    """What the performer signed, or limits that deny everything."""
    try:
        return _opened(sealer, version, statement, record, sealed)
    except (SealError, KeyMissingError, RecordDestroyedError, MalformedError, KeyError) as exc:
        _logger.error("limits refused: %s does not open (%s)", statement, type(exc).__name__)
        return _UNREADABLE


@lru_cache(maxsize=OPENED)
def _opened(sealer: Sealer, version: int, statement: str, record: str, sealed: bytes) -> LimitsTerms:
    body = from_bytes(sealer.open(record, sealed, purpose=STATEMENT_PURPOSE + statement))["envelope"]["body"]
    if body["version"] != version or body["id"] != statement:
        raise SealError("a statement of another version")
    return compile_limits(body)
