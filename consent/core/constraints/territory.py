"""territory: the region asked lies wholly inside what is allowed and does not overlap what is denied.

`{"kind": "territory", "v": 1, "allow": ["AT", "DE"], "deny": ["US-NY"]}`. WORLD stands alone in `allow`;
WORLD is asked only of a bare WORLD (DECIDING 8). Narrower: fewer regions allowed, more denied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason
from consent.core.term_error import TermError, check_members, read_set
from consent.core.territories import WORLD, RegionSet, is_region

_EXPECTED = "ISO 3166-1 alpha-2 or ISO 3166-2 codes"


@constraint(kind="territory", tag=1, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Territory(Constraint):
    """Where; `anywhere` is the explicit any: a bare WORLD. `surely` are the allowed codes that overlap none denied."""

    allow: RegionSet
    deny: RegionSet
    anywhere: bool
    surely: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Territory":
        """Read the members beside kind and v."""
        check_members(document, required=("allow",), optional=("deny",))
        allow = read_set(document, "allow", accepts=is_region, expected=f"{_EXPECTED}, or WORLD alone")
        if WORLD in allow and len(allow) > 1:
            raise TermError("/allow", "world_alone", "WORLD alone, or codes", "WORLD among others")
        denied: frozenset[str] = frozenset()
        if "deny" in document:
            denied = read_set(document, "deny", accepts=_is_code, expected=_EXPECTED)
        deny_set = RegionSet(denied)
        return cls(
            allow=RegionSet(allow),
            deny=deny_set,
            anywhere=WORLD in allow and not denied,
            surely=frozenset(code for code in allow if not deny_set.overlaps(code)),
        )

    @property
    def open(self) -> bool:
        """The explicit any."""
        return self.anywhere

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the territory asked."""
        territory = asked.territory
        if self.anywhere or territory in self.surely:
            return PASS
        if territory is None:
            return missing("territory")
        # WORLD lies in no list of regions and overlaps every denied one, so only a bare WORLD passed it.
        if not self.allow.contains(territory) or self.deny.overlaps(territory):
            return deny(Reason.TERRITORY)
        return PASS


def _is_code(code: str) -> bool:
    return code != WORLD and is_region(code)
