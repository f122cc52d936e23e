"""Cells from one snapshot of the primary."""

from collections.abc import Sequence
from datetime import datetime

from consent.check.caller import OrganizationCaller
from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.check.limits.key_limits import KeyLimits
from consent.check.replica import Cell, CellName
from consent.core.complete import StandingContext
from consent.log.prepared import Rows, Statement
from consent.registry.lean_facts import Name, load_subjects, statements
from consent.registry.models import ApiKey
from consent.registry.ports import RegistryPorts
from consent.registry.queries.key_use import last_key_use


def statements_for(names: Sequence[CellName], *, livemode: bool) -> list[Statement]:
    """What to ask the database about these cells; `load_cells` of the same names reads the answers."""
    return statements(_subjects(names), livemode=livemode)


def load_cells(
    names: Sequence[CellName],
    *,
    livemode: bool,
    at: datetime,
    ports: RegistryPorts,
    answers: Sequence[Rows] | None = None,
) -> dict[CellName, Cell]:
    """Read cells of one side in the caller's snapshot; every name gets one. A bounded number of queries.

    `answers` are those to `statements_for` the same names, if they were asked already in this snapshot.

    Raises:
        KeyStoreUnavailableError: limits cannot be opened now.
    """
    asked = _subjects(names)
    subjects = load_subjects(asked, livemode=livemode, at=at, ports=ports, answers=answers) if asked else []
    found = _keys([name for name in names if isinstance(name, bytes)], livemode=livemode)
    for name, each in zip((name for name in names if isinstance(name, SubjectName)), subjects, strict=True):
        found[name] = SubjectCell(performer=each.performer, facts=each.facts)
    return found


def _subjects(names: Sequence[CellName]) -> list[Name]:
    return [
        Name(name.caller, name.licensee, name.selector, name.value)
        for name in names
        if isinstance(name, SubjectName)
    ]


def _keys(digests: list[bytes], *, livemode: bool) -> dict[CellName, Cell]:
    found: dict[CellName, Cell] = {
        digest: KeyCell(livemode=livemode, caller=None, expires_at=None) for digest in digests
    }
    if not digests:
        return found
    for row in ApiKey.objects.filter(digest__in=digests, livemode=livemode, revoked_at=None):
        found[bytes(row.digest)] = KeyCell(
            livemode=livemode, caller=caller_of_row(row), expires_at=row.expires_at
        )
    return found


def caller_of_row(row: ApiKey) -> OrganizationCaller:
    """Who calls with this key."""
    return OrganizationCaller(
        key=row.id,
        organization=row.organization_id,
        livemode=row.livemode,
        scopes=frozenset(row.scopes),
        context=StandingContext.from_json(row.context),
        capabilities=frozenset(row.capabilities),
        limits=_limits(row),
        expires_at=row.expires_at,
    )


def _limits(row: ApiKey) -> KeyLimits | None:
    """What the key may ask; None for as much as it likes, which costs no query."""
    if row.daily_quota is None and row.rate_per_s is None:
        return None
    account = row.account or row.id
    counted = None if row.daily_quota is None else last_key_use(account)
    day, used = counted or (None, 0)
    return KeyLimits(
        account=account,
        daily_quota=row.daily_quota,
        rate_per_s=row.rate_per_s,
        counted=used,
        counted_on=day,
    )
