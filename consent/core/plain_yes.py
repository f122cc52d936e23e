"""The commonest yes, found in a few steps: a plain question of one performer who gave one grant and counts nothing.

Nothing is decided otherwise here than by `decide`: the same judges are asked of the same facts, and the first
objection, doubt or peculiarity ends the attempt, so that `decide` weighs the whole. A property test holds the two
equal.
"""

from datetime import datetime
from typing import Final

from consent.core.asked import Asked
from consent.core.constraints import PASS, Scene
from consent.core.decision import Decision, Outcome
from consent.core.facts import Facts
from consent.core.obligations import due
from consent.core.prohibitions import Prohibition

_ALLOW: Final = Outcome.ALLOW
_NO_DUTIES: Final[tuple[str, ...]] = ()


def plain_yes(asked: Asked, facts: Facts, at: datetime) -> Decision | None:
    """The allow of `decide`, or None: which says nothing, neither allow nor deny."""
    alone = facts.alone
    if alone is None or not asked.simple or asked.performers[0] != alone.reference:
        return None
    terms, ends = alone.terms, alone.ends
    if (
        not terms.valid_from <= at < ends
        or (terms.prohibitions and _may_reach(terms.prohibitions, asked))
        or (alone.never and _may_reach(alone.never, asked))
        or (asked.is_output and not terms.obligations <= facts.capabilities)
    ):
        return None
    scene = Scene(at, 1, (), None, "")
    for line in terms.by_use.get(asked.use, ()):
        if line.counters:
            continue
        for judge in line.plain_judges:
            if judge(asked, scene) is not PASS:
                break
        else:
            left = ends - at
            valid_for_s = asked.valid_for_s
            if left.days == 0 and left.seconds < valid_for_s:
                valid_for_s = left.seconds
            duties = due(asked, (terms.obligations,)) if asked.is_output else _NO_DUTIES
            return Decision(outcome=_ALLOW, grants=alone.grants, obligations=duties, valid_for_s=valid_for_s)
    return None


def _may_reach(prohibitions: tuple[Prohibition, ...], asked: Asked) -> bool:
    return any(prohibition.reaches(asked) for prohibition in prohibitions)
