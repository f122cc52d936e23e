"""Lines of a grant, compiled ahead: for each use the constraints that bind it, in reason order.

A question then costs one dictionary lookup and a set lookup per constraint. The same reading serves
`check_offer`, which wants every fault with its pointer; here a fault makes the grant deny.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core import constraints as kinds
from consent.core.asked import Asked
from consent.core.constraints import REGISTER, Absent, Constraint, Scene, Verdict
from consent.core.content import ADULT_RANK, TIER_RANK
from consent.core.modalities import MODALITIES
from consent.core.needs import needed
from consent.core.purposes import PURPOSES
from consent.core.reasons import Reason
from consent.core.term_error import TermError, check_members, read_set
from consent.core.uses import FAMILIES, SCHEMA_VERSION, USES, Use

CONSTRAINT_VERSION: Final = 1  # of every tagged constraint so far
NO_CONTENT_RANK: Final = TIER_RANK["general"]

_ABSENT: Final = {
    "modalities": Reason.MODALITY,
    "purposes": Reason.PURPOSE,
    "territory": Reason.TERRITORY,
    "content_max": Reason.CONTENT_TIER,
    "commercial": Reason.COMMERCIAL,
    "base_model": Reason.BASE_MODEL,
    "language": Reason.LANGUAGE,
    "end_users": Reason.END_USERS,
    "max_outputs": Reason.MAX_OUTPUTS,
}
# Tagged constraints in the order in which their verdicts are reported.
_IN_ORDER: Final = (
    "term",
    "territory",
    "language",
    "base_model",
    "model",
    "source_material",
    "commercial",
    "end_users",
    "max_outputs",
    "rate",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as its members say it, read and checked. What it leaves out is None."""

    id: str
    uses: frozenset[str]
    initials: bool
    modalities: frozenset[str] | None
    purposes: frozenset[str] | None
    rank: int | None
    tagged: Mapping[str, Any]
    readable: bool = True

    @property
    def adult(self) -> bool:
        """Whether the line reaches an adult tier."""
        return (self.rank or 0) >= ADULT_RANK or "adult_terms" in self.tagged


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledLine:
    """One line for one use: its constraints, and what an allow counts: (kind, limit).

    `judges` are the constraints that can deny at all, ready to be called; `plain_judges` those of them that can deny
    a plain question.
    """

    id: str
    checks: tuple[Constraint, ...]
    judges: tuple[Callable[[Asked, Scene], Verdict], ...]
    plain_judges: tuple[Callable[[Asked, Scene], Verdict], ...]
    counters: tuple[tuple[str, int], ...]

    @classmethod
    def of(
        cls, line_id: str, checks: tuple[Constraint, ...], counters: tuple[tuple[str, int], ...]
    ) -> "CompiledLine":
        """The line with these constraints."""
        judges = [check for check in checks if not check.open]
        return cls(
            id=line_id,
            checks=checks,
            judges=tuple(check.evaluate for check in judges),
            plain_judges=tuple(check.evaluate for check in judges if not check.passes_plain),
            counters=counters,
        )


def read_constraint(document: object) -> tuple[str, Any]:
    """Read one tagged constraint; its kind and value.

    Raises:
        TermError: an unknown kind, version or member, or a malformed value.
    """
    if not isinstance(document, Mapping):
        raise TermError("", "type", "an object", document)
    kind = document.get("kind")
    entry = REGISTER.get(kind) if isinstance(kind, str) else None
    if entry is None or entry.parse is None:
        raise TermError("/kind", "constraint_known", "a documented constraint", kind)
    version = document.get("v")
    if version != CONSTRAINT_VERSION or isinstance(version, bool):
        raise TermError("/v", "constraint_version", str(CONSTRAINT_VERSION), version)
    members = {name: value for name, value in document.items() if name not in ("kind", "v")}
    return entry.kind, entry.parse(members)


def read_tagged(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read `constraints` of a line: each kind once.

    Raises:
        TermError: any of them is unknown, malformed or repeated, or the list is empty.
    """
    if "constraints" not in document:
        return {}
    listed = document["constraints"]
    if not isinstance(listed, list | tuple) or not listed:
        raise TermError("/constraints", "list_not_empty", "a list of one at least, or no list", listed)
    found: dict[str, Any] = {}
    for place, each in enumerate(listed):
        try:
            kind, value = read_constraint(each)
        except TermError as exc:
            raise exc.under(f"/constraints/{place}") from None
        if kind in found:
            raise TermError(f"/constraints/{place}/kind", "constraint_once", "each kind once", kind)
        found[kind] = value
    return found


def read_line(document: Mapping[str, Any]) -> Line:
    """Read the members of a line that deciding needs.

    Raises:
        TermError: an unknown word, an empty set, a malformed constraint.
    """
    check_members(
        document,
        required=("id", "uses"),
        optional=("modalities", "purposes", "content_max", "initials", "constraints"),
    )
    line_id = document["id"]
    if not isinstance(line_id, str):
        raise TermError("/id", "type", "a string", line_id)
    sets = {
        name: read_set(document, name, accepts=words.__contains__, expected="documented words")
        for name, words in _WORDS.items()
        if name in document
    }
    purposes = sets.get("purposes")
    if purposes is not None and kinds.Purpose.any_among(purposes) and len(purposes) > 1:
        raise TermError("/purposes", "any_alone", "* alone, or purposes", "* among others")
    rank = None
    if "content_max" in document:
        tier = document["content_max"]
        if not isinstance(tier, str) or tier not in TIER_RANK:
            raise TermError("/content_max", "value", "one of " + ", ".join(TIER_RANK), tier)
        rank = TIER_RANK[tier]
    return Line(
        id=line_id,
        uses=sets["uses"],
        initials=document.get("initials") is True,
        modalities=sets.get("modalities"),
        purposes=purposes,
        rank=rank,
        tagged=read_tagged(document),
    )


_WORDS: Final[dict[str, frozenset[str]]] = {
    "uses": frozenset(name for name, use in USES.items() if not use.reserved) | (FAMILIES - {"sublicense"}),
    "modalities": frozenset(MODALITIES),
    "purposes": PURPOSES | {kinds.Purpose.ANY},
}


def named_uses(line: Line) -> dict[str, bool]:
    """Each use that the line names, by itself or by a family, and whether it is covered (DECIDING 3)."""
    found: dict[str, bool] = {}
    for use in USES.values():
        if use.name in line.uses:
            own_line = len(line.uses) == 1 and line.initials
            found[use.name] = use.since <= SCHEMA_VERSION and (own_line or not use.never_implied)
        elif use.family in line.uses:
            found[use.name] = use.since <= SCHEMA_VERSION and not use.never_implied
    return found


def compile_line(line: Line) -> dict[str, CompiledLine]:
    """The line for each use that it names; one that could not be read denies each of them."""
    if not line.readable:
        unreadable = CompiledLine.of(line.id, (Absent(Reason.UNKNOWN_TERM),), ())
        return dict.fromkeys(named_uses(line), unreadable)
    counters = tuple(
        (kind, limit)
        for kind, limit in (
            ("max_outputs", getattr(line.tagged.get("max_outputs"), "limit", 0)),
            ("rate", getattr(line.tagged.get("rate"), "per_day", 0)),
        )
        if limit
    )
    return {
        name: CompiledLine.of(line.id, _checks(line, USES[name], covered=covered), counters)
        for name, covered in named_uses(line).items()
    }


def _checks(line: Line, use: Use, *, covered: bool) -> tuple[Constraint, ...]:
    checks: list[Constraint] = []
    if not covered:
        checks.append(kinds.UseLine(covered=False))
    checks.extend(_members_of(line))
    checks.extend(_needs_unmet(line, use))
    checks.extend(line.tagged[kind] for kind in _IN_ORDER if _is_bound(line, use, kind))
    end_users = line.tagged.get("end_users")
    demanded = bool(end_users and end_users.age_assured) and _is_bound(line, use, "end_users")
    checks.append(kinds.EndUserAge(demanded=demanded))
    return tuple(checks)


def _is_bound(line: Line, use: Use, kind: str) -> bool:
    return kind in line.tagged and REGISTER[kind].binds(use, line.adult)


def _members_of(line: Line) -> list[Constraint]:
    """The constraints that every line has: from its members, with what may be listed for them."""
    checks: list[Constraint] = []
    if line.modalities is not None:
        checks.append(kinds.Modality(modalities=line.modalities))
    if line.purposes is not None:
        flags = line.tagged["purpose"].flags if "purpose" in line.tagged else frozenset()
        checks.append(kinds.Purpose.for_line(line.purposes, flags))
    adult_terms = line.tagged.get("adult_terms")
    listed = adult_terms.terms if adult_terms is not None else frozenset()
    checks.append(
        kinds.ContentTier(rank=NO_CONTENT_RANK if line.rank is None else line.rank, adult_listed=listed)
    )
    if adult_terms is not None:
        checks.append(adult_terms)
    checks.append(line.tagged.get("themes", kinds.NO_THEMES))
    return checks


def _needs_unmet(line: Line, use: Use) -> list[Constraint]:
    """What stands for each need that the line leaves out (DECIDING 1)."""
    has = set(line.tagged)
    has.update(
        name
        for name, value in (
            ("modalities", line.modalities),
            ("purposes", line.purposes),
            ("content_max", line.rank),
        )
        if value is not None
    )
    unmet: list[Constraint] = [Absent(_ABSENT[name]) for name in sorted(needed(use) - has)]
    if line.adult:
        if "adult_terms" not in has:
            unmet.append(Absent(Reason.ADULT_TERMS, only_adult=True))
        if has.isdisjoint(("max_outputs", "rate")):
            unmet.append(Absent(Reason.MAX_OUTPUTS, only_adult=True))
        if "end_users" not in has:
            unmet.append(Absent(Reason.END_USER_AGE, only_adult=True))
    return unmet
