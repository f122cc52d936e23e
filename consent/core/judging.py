"""Judging one grant for one question; the one code path of `decide` and `explain`.

One line of one grant must satisfy the whole question: nothing is stitched from two (DESIGN §5).
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from consent.core.asked import Asked
from consent.core.constraints import PASS, Scene, Verdict
from consent.core.facts import SURE_DAYS, GrantFacts, SubjectFacts, ends_at
from consent.core.lines import CompiledLine
from consent.core.prohibitions import Prohibition
from consent.core.reasons import Reason
from consent.core.states import GrantState
from consent.core.terms import LimitsTerms


class Objections(msgspec.Struct, gc=False):
    """What stands against allowing, gathered until something allows."""

    reasons: set[Reason] = set()
    missing: set[str] = set()

    def add(self, verdict: Verdict) -> None:
        """Take up one constraint's verdict."""
        if verdict.reason is not None:
            self.reasons.add(verdict.reason)
        if verdict.missing is not None:
            self.missing.add(verdict.missing)

    def take(self, other: "Objections") -> None:
        """Take up all of another's."""
        self.reasons |= other.reasons
        self.missing |= other.missing

    def stand(self, reason: Reason) -> bool:
        """Take up a reason; what it stands against does not stand: False."""
        self.reasons.add(reason)
        return False

    def lacking(self, attributes: tuple[str, ...]) -> None:
        """Take up attributes without which a prohibition cannot be told."""
        self.reasons.add(Reason.CONTEXT_MISSING)
        self.missing.update(attributes)


class Allowed(msgspec.Struct, gc=False):
    """A grant and the line of it that allows."""

    grant: GrantFacts
    line: CompiledLine


# Called for each constraint judged: grant id, line id, kind of constraint, verdict.
Watch = Callable[[str, str, str, Verdict], None]


class Hearing(msgspec.Struct, gc=False):
    """One question before the grants: what it asks, where it stands, what its key can meet."""

    asked: Asked
    capabilities: frozenset[str]
    scene: Scene
    watch: Watch | None


def is_active(grant: GrantFacts, subject: SubjectFacts, at: datetime, objections: Objections | None) -> bool:
    """Say whether the grant stands at `at`: active, its term not ended, its performer alive or covered.

    Expiry is decided here; a sweep only records it. A start that lies ahead is a matter of `term`.
    """
    if grant.state is not GrantState.ACTIVE or at >= grant.terms.valid_until:
        return False
    if (at - grant.signed_at).days >= SURE_DAYS and at >= ends_at(grant):
        return False
    if subject.deceased_at is None or at < subject.deceased_at:
        return True
    posthumous = grant.terms.posthumous
    if posthumous is None:
        return False
    if posthumous.covers(at, deceased_at=subject.deceased_at):
        return True
    if objections is not None:
        objections.reasons.add(Reason.POSTHUMOUS)
    return False


def may_speak(grant: GrantFacts, asked: Asked) -> bool:
    """Say whether a grant of which no line names the use may have anything to say about it.

    A prohibition names it (and may yet not reach the question), or the schema is unknown, so that it may say anything.
    """
    terms = grant.terms
    return not terms.schema_known or any(prohibition.names_use(asked) for prohibition in terms.prohibitions)


def judge(hearing: Hearing, grant: GrantFacts, objections: Objections) -> Allowed | None:
    """Judge an active grant that matches the use: the line that allows, or the objections to each.

    Of several lines that allow, the one that counts least, then the first by id, so that the order of
    lines never matters.
    """
    asked, terms, scene = hearing.asked, grant.terms, hearing.scene
    stands = True
    if terms.unknown:
        stands = objections.stand(Reason.UNKNOWN_TERM)
    if scene.at < terms.valid_from:
        stands = objections.stand(Reason.TERM)
    if terms.prohibitions and _reached(terms.prohibitions, asked, objections, Reason.EXPLICIT_PROHIBITION):
        stands = False
    if terms.obligations and asked.is_output and not terms.obligations <= hearing.capabilities:
        stands = objections.stand(Reason.OBLIGATION_UNMET)
    scene.usage = grant.usage
    best: CompiledLine | None = None
    for line in terms.by_use.get(asked.use, ()):
        if _line_allows(hearing, grant.grant, line, objections) and (
            best is None or (len(line.counters), line.id) < (len(best.counters), best.id)
        ):
            best = line
    return Allowed(grant, best) if stands and best is not None else None


def _line_allows(hearing: Hearing, grant: str, line: CompiledLine, objections: Objections) -> bool:
    asked, scene = hearing.asked, hearing.scene
    scene.line = line.id
    allows = True
    for evaluate in line.plain_judges if asked.plain else line.judges:
        verdict = evaluate(asked, scene)
        if verdict is not PASS:
            allows = False
            objections.add(verdict)
    if hearing.watch is not None:
        for check in line.checks:
            hearing.watch(grant, line.id, check.kind, check.evaluate(asked, scene))
    return allows


def _reached(
    prohibitions: tuple[Prohibition, ...], asked: Asked, objections: Objections, reason: Reason
) -> bool:
    """Say whether any prohibition reaches the question, or might for all it says."""
    reached = False
    for prohibition in prohibitions:
        reach = prohibition.reaches(asked)
        if reach is True:
            objections.stand(reason)
        elif reach:
            objections.lacking(reach)
        reached = reached or bool(reach)
    return reached


def weigh_limits(limits: LimitsTerms, asked: Asked, objections: Objections) -> None:
    """Weigh the performer's own limits, which outweigh every grant."""
    if limits.unknown:
        objections.reasons.update((Reason.PERFORMER_LIMITS, Reason.UNKNOWN_TERM))
    _reached(limits.never, asked, objections, Reason.PERFORMER_LIMITS)
