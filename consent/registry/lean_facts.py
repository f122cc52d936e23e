"""The same facts as `pair_facts`, in one or two queries and without Django's models: for the feeder.

`pair_facts` is the plain reader that answers on the primary, and the measure of this one: a test holds the two
against each other. What decides whether a row is believed is the code of both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from consent.core.facts import GrantFacts, SubjectFacts
from consent.core.terms import GrantTerms
from consent.log.prepared import Rows, Statement, prepared_together
from consent.registry.current_limits import open_limits
from consent.registry.grant_seal import SealedParts, StoredGrant, seal_keys
from consent.registry.known_performers import EXTERNAL
from consent.registry.models.grant import LIVING
from consent.registry.pair_facts import load_usage, nobody, open_living, standing
from consent.registry.ports import RegistryPorts
from consent.registry.text import is_storable
from signing.keys import PublicKey

# Who a name means, one way for each kind of name; `place` counts the names.
_WANTED: Final = """
WITH wanted AS (
    SELECT * FROM unnest(%(places)b::int[], %(callers)b::text[], %(licensees)b::text[], %(values)b::text[])
        AS w (place, caller, licensee, value)
), named AS (
"""
_NAMED: Final = {
    "reference": """
    SELECT w.place, w.licensee, coalesce(own.performer_id, theirs.performer_id) AS performer, w.value AS reference
    FROM wanted w
    LEFT JOIN registry_pairwisereference own
        ON own.organization_id = w.caller AND own.reference = w.value AND own.livemode = %(side)b
    LEFT JOIN registry_pairwisereference theirs
        ON theirs.organization_id = w.licensee AND theirs.reference = w.value AND theirs.livemode = %(side)b
        AND w.licensee <> w.caller
    WHERE own.performer_id IS NOT NULL OR theirs.performer_id IS NOT NULL
""",
    "external": """
    SELECT w.place, w.licensee, x.performer_id AS performer, NULL AS reference
    FROM wanted w
    JOIN registry_externalid x
        ON x.organization_id = w.caller AND x.livemode = %(side)b AND x.external_id = w.value
""",
    "grant": """
    SELECT w.place, w.licensee, x.performer_id AS performer, x.reference
    FROM wanted w
    JOIN registry_grant x ON x.id = w.value AND x.organization_id = w.licensee AND x.livemode = %(side)b
""",
}
_FACTS: Final = """
)
SELECT n.place, n.performer::text, n.reference, p.id IS NOT NULL, p.limits_version, p.deceased_at, p.record,
    EXISTS (
        SELECT FROM registry_grant e
        WHERE e.performer_id = p.id AND e.organization_id = n.licensee AND e.livemode = %(side)b
    ),
    EXISTS (
        SELECT FROM registry_priorrecord r
        WHERE r.performer_id = p.id AND r.organization_id = n.licensee AND r.livemode = %(side)b
    ),
    l.version, l.statement_id, l.sealed,
    pair.reference, g.id, g.state, g.grant_sha256, g.terms_sha256, g.status_list, g.status_index, g.signed_at,
    g.terms, g.seal,
    EXISTS (SELECT FROM registry_grantending d WHERE d.grant_id = g.id),
    EXISTS (SELECT FROM registry_granthold h WHERE h.grant_id = g.id AND h.lifted_at IS NULL)
FROM named n
LEFT JOIN registry_performer p ON p.id = n.performer AND p.livemode = %(side)b
LEFT JOIN registry_pairwisereference pair
    ON pair.performer_id = p.id AND pair.organization_id = n.licensee AND pair.livemode = %(side)b
LEFT JOIN LATERAL (
    SELECT v.version, v.statement_id, s.sealed
    FROM registry_limits v JOIN registry_statement s ON s.id = v.statement_id
    WHERE v.performer_id = p.id AND v.livemode = %(side)b ORDER BY v.version DESC LIMIT 1
) l ON true
LEFT JOIN registry_grant g
    ON g.performer_id = p.id AND g.organization_id = n.licensee AND g.livemode = %(side)b
    AND g.state = ANY (%(living)b)
ORDER BY n.place, g.id
"""
_STATEMENTS: Final = {kind: _WANTED + named + _FACTS for kind, named in _NAMED.items()}
_NAMES: Final = """
SELECT DISTINCT e.livemode, e.performer_id, e.organization_id, n.name
FROM (VALUES (true, %(live)b::bigint), (false, %(test)b::bigint)) AS w (livemode, applied)
JOIN log_event e ON e.livemode = w.livemode AND e.seq > w.applied AND e.seq <= w.applied + %(page)b::int
    AND e.performer_id IS NOT NULL AND e.organization_id IS NOT NULL
CROSS JOIN LATERAL (
    SELECT r.reference AS name FROM registry_pairwisereference r
    WHERE r.performer_id = e.performer_id::uuid AND r.organization_id = e.organization_id
        AND r.livemode = e.livemode
    UNION ALL
    SELECT %(external)b || x.external_id FROM registry_externalid x
    WHERE x.performer_id = e.performer_id::uuid AND x.organization_id = e.organization_id
        AND x.livemode = e.livemode
) n
"""
_NOTHING_USED: Final = MappingProxyType[Any, int]({})


class Name(NamedTuple):
    """A subject as a caller names it towards a licensee; `selector` is "performer" or "grant"."""

    caller: str
    licensee: str
    selector: str
    value: str


class Found(NamedTuple):
    """Who a name means: the internal id, None for nobody; `facts` None for a grant that is not the licensee's."""

    performer: str | None
    facts: SubjectFacts | None


class _Row(NamedTuple):
    """A row as `_FACTS` selects it."""

    place: int
    performer: str
    reference: str | None
    exists: bool
    limits_version: int
    deceased_at: datetime | None
    record: str
    ever_signed: bool
    prior_record: bool
    version: int | None
    statement: str
    sealed: bytes
    pair_reference: str | None
    grant: str | None
    state: str
    grant_sha256: str
    terms_sha256: str
    status_list: int
    status_index: int
    signed_at: datetime
    terms: bytes
    seal: str
    ended: bool
    held: bool


def statements(names: Sequence[Name], *, livemode: bool) -> list[Statement]:
    """What to ask the database about these names; `load_subjects` reads the answers."""
    return [
        (_STATEMENTS[kind], _values(kind, places, names, livemode=livemode))
        for kind, places in _by_kind(names).items()
    ]


def load_subjects(
    names: Sequence[Name],
    *,
    livemode: bool,
    at: datetime,
    ports: RegistryPorts,
    answers: Sequence[Rows] | None = None,
) -> list[Found]:
    """What each name means, in order, as the caller's snapshot has it.

    `answers` are those to `statements` of the same names, if they were asked already in this snapshot.

    Raises:
        KeyStoreUnavailableError: limits cannot be opened now.
    """
    found: list[Found] = [Found(None, None if name.selector == "grant" else _nobody(name)) for name in names]
    if answers is None:
        answers = prepared_together(statements(names, livemode=livemode))
    rows = [_Row._make(row) for answer in answers for row in answer]
    if not rows:
        return found
    keys = seal_keys(ports.signers[livemode])
    opened = {id(row): _open(row, names[row.place], livemode, keys) for row in rows if row.grant is not None}
    counted = [
        row.grant for row in rows if row.grant is not None and (terms := opened[id(row)]) and terms.counted
    ]
    usage = load_usage(counted, livemode=livemode, at=at) if counted else {}
    for place, group in groupby(rows, key=lambda row: row.place):
        name, grants = names[place], list(group)
        row = grants[0]
        reference = name.value if name.selector == "performer" else row.reference or ""
        if not row.exists:
            found[place] = Found(row.performer, nobody(reference, licensee=name.licensee, caller=name.caller))
            continue
        newest = None if row.version is None else (row.version, row.statement, row.record, row.sealed)
        facts = SubjectFacts(
            reference=reference,
            known=True,
            grants=tuple(
                GrantFacts(
                    grant=each.grant,
                    state=standing(each.state, held=each.held),
                    terms=terms,
                    signed_at=each.signed_at,
                    usage=usage.get(each.grant, _NOTHING_USED),
                )
                for each in grants
                if each.grant is not None and (terms := opened[id(each)]) is not None
            ),
            limits=open_limits(ports.log.sealer, newest, version=row.limits_version),
            deceased_at=row.deceased_at,
            prior_record=row.prior_record,
            ever_signed=row.ever_signed,
        )
        found[place] = Found(row.performer, facts)
    return found


def _nobody(name: Name) -> SubjectFacts:
    return nobody(name.value, licensee=name.licensee, caller=name.caller)


def _by_kind(names: Sequence[Name]) -> dict[str, list[int]]:
    """The places of the names of each kind; a text that no column can hold means nobody."""
    kinds: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if is_storable(name.value):
            external = name.value.startswith(EXTERNAL)
            kind = "grant" if name.selector == "grant" else "external" if external else "reference"
            kinds.setdefault(kind, []).append(place)
    return kinds


def _values(kind: str, places: list[int], names: Sequence[Name], *, livemode: bool) -> dict[str, Any]:
    return {
        "places": places,
        "callers": [names[place].caller for place in places],
        "licensees": [names[place].licensee for place in places],
        "values": [
            names[place].value.removeprefix(EXTERNAL) if kind == "external" else names[place].value
            for place in places
        ],
        "side": livemode,
        "living": list(LIVING),
    }


def _open(row: _Row, name: Name, livemode: bool, keys: tuple[PublicKey, ...]) -> GrantTerms | None:
    assert row.grant is not None
    stored = StoredGrant(
        parts=SealedParts(
            grant=row.grant,
            grant_sha256=row.grant_sha256,
            terms_sha256=row.terms_sha256,
            performer=row.pair_reference or "",
            licensee=name.licensee,
            livemode=livemode,
            status_list=row.status_list,
            status_index=row.status_index,
            signed_at=row.signed_at,
        ),
        terms=row.terms,
        seal=row.seal,
    )
    return open_living(stored, keys, state=row.state, ended=row.ended)


def names_since(applied: Mapping[bool, int | None], *, page: int) -> Statement:
    """What to ask the database about the pairs of the next `page` events after each side's `applied`, none where
    that is None; `names_of_pairs` reads the answer."""
    values = {"live": applied[True], "test": applied[False], "page": page, "external": EXTERNAL}
    return _NAMES, values


def names_of_pairs(rows: Rows) -> dict[bool, dict[tuple[str, str], tuple[str, ...]]]:
    """By which names each organization knows each performer now, by side: (performer, organization) to its names."""
    found: dict[bool, dict[tuple[str, str], tuple[str, ...]]] = {True: {}, False: {}}
    for side, performer, organization, name in rows:
        of_side = found[side]
        of_side[performer, organization] = (*of_side.get((performer, organization), ()), name)
    return found
