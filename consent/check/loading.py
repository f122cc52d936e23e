"""Cells from one snapshot of the primary, by the same readers that answer when a node may not use its memory."""

from collections.abc import Collection
from datetime import datetime

from consent.check.caller import OrganizationCaller
from consent.check.cells import KeyCell, SubjectCell, SubjectName
from consent.check.replica import Cell, CellName
from consent.core.asked import Asked
from consent.core.complete import StandingContext
from consent.registry.models import ApiKey
from consent.registry.pair_facts import load_pairs
from consent.registry.ports import RegistryPorts
from consent.registry.subjects import resolve

_USE = "train.voice"  # any: which subjects a question has does not depend on its use


def load_cells(
    names: Collection[CellName], *, livemode: bool, at: datetime, ports: RegistryPorts
) -> dict[CellName, Cell]:
    """Read cells of one side in the caller's snapshot; every name gets one. A bounded number of queries.

    Raises:
        KeyStoreUnavailableError: limits cannot be opened now.
    """
    subjects = [name for name in names if isinstance(name, SubjectName)]
    digests = [name for name in names if isinstance(name, bytes)]
    return {
        **_subjects(subjects, livemode=livemode, at=at, ports=ports),
        **_keys(digests, livemode=livemode),
    }


def _subjects(
    names: list[SubjectName], *, livemode: bool, at: datetime, ports: RegistryPorts
) -> dict[CellName, Cell]:
    if not names:
        return {}
    questions = {name: _question(name) for name in names}
    resolver = resolve(list(questions.values()), livemode=livemode)
    pairs = load_pairs(resolver.performers, resolver.licensees, livemode=livemode, at=at, ports=ports)
    found: dict[CellName, Cell] = {}
    for name, asked in questions.items():
        if not resolver.selector_found(asked):
            found[name] = SubjectCell(performer=None, facts=None)
            continue
        (reference,) = resolver.references(asked)
        performer = resolver.performer(asked, reference)
        facts = pairs.subject(reference, performer=performer, licensee=name.licensee, caller=name.caller)
        found[name] = SubjectCell(performer=None if performer is None else str(performer), facts=facts)
    return found


def _question(name: SubjectName) -> Asked:
    """The smallest question about one subject."""
    on_behalf_of = None if name.licensee == name.caller else name.licensee
    if name.selector == "grant":
        return Asked(caller=name.caller, use=_USE, grant=name.value, on_behalf_of=on_behalf_of)
    return Asked(caller=name.caller, use=_USE, performers=(name.value,), on_behalf_of=on_behalf_of)


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
    )
