"""Facts as `decide` takes them, compiled from what the feed told when they are first asked about.

It is facts that are kept here, never decisions; a pair that changes is compiled anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from consent.client.local.pairs import PackedGrant, PackedPair, TermsTable, instant, instant_text
from consent.core.facts import Facts, GrantFacts, SubjectFacts
from consent.core.instants import END_OF_TIME, InstantError, parse_instant
from consent.core.states import GrantState
from consent.core.terms import GrantTerms, LimitsTerms

MAX_COMPILED = 20_000  # distinct terms, some 5 kB each
NEVER = datetime.min.replace(tzinfo=END_OF_TIME.tzinfo)
_UNDATED = {"valid_from": "9999-12-31T23:59:59Z", "valid_until": "9999-12-31T23:59:59Z"}
_STATES = {"signed": GrantState.SIGNED, "active": GrantState.ACTIVE, "paused": GrantState.SUSPENDED}


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a question about one performer. `begins`: the last instant at which anything of it begins."""

    facts: Facts
    begins: datetime


class Compiler:
    """Compiles pairs over one table of terms."""

    def __init__(self, table: TermsTable) -> None:
        self._table = table
        self._terms: dict[tuple[int, bool], tuple[GrantTerms, datetime]] = {}
        self._limits: dict[int, LimitsTerms] = {}

    def known(self, name: str, packed: PackedPair, *, frame: partial[Facts]) -> Known:
        """The facts about one performer as the question names them; `frame` makes what all facts share."""
        begins = NEVER
        grants = []
        for kept in packed.grants:
            grant, starts = self._grant(kept)
            grants.append(grant)
            begins = max(begins, starts)
        subject = SubjectFacts(
            reference=name,
            known=packed.known,
            grants=tuple(grants),
            limits=None if packed.limits is None else self._limits_at(packed.limits),
            deceased_at=None if packed.deceased_at is None else instant(packed.deceased_at),
            prior_record=packed.prior_record,
            ever_signed=packed.ever_signed,
        )
        return Known(frame(subjects=(subject,), selector_found=True), begins)

    def _grant(self, kept: PackedGrant) -> tuple[GrantFacts, datetime]:
        terms, begins = self._terms_at(kept)
        state = _STATES.get(kept.state, GrantState.SUSPENDED)  # a word of a later version stops
        # Nothing is counted on this machine, so whatever counts needs the registry (`needs_online`).
        grant = GrantFacts(
            grant=kept.grant, state=state, terms=terms, signed_at=instant(kept.signed_at), usage=None
        )
        return grant, max(begins, terms.valid_from)

    def _terms_at(self, kept: PackedGrant) -> tuple[GrantTerms, datetime]:
        dated = kept.valid_from is not None and kept.valid_until is not None
        found = self._terms.get((kept.terms, dated))
        if found is None:
            document = self._table.document(kept.terms)
            found = GrantTerms.from_json(_UNDATED | document if dated else document), _begins(document)
            if len(self._terms) >= MAX_COMPILED:
                self._terms.clear()
            self._terms[kept.terms, dated] = found
        terms, begins = found
        if kept.valid_from is None or kept.valid_until is None:
            return terms, begins
        own = replace(
            terms,
            source={
                **terms.source,
                "valid_from": instant_text(kept.valid_from),
                "valid_until": instant_text(kept.valid_until),
            },
            valid_from=instant(kept.valid_from),
            valid_until=instant(kept.valid_until),
        )
        return own, begins

    def _limits_at(self, place: int) -> LimitsTerms:
        found = self._limits.get(place)
        if found is None:
            if len(self._limits) >= MAX_COMPILED:
                self._limits.clear()
            found = self._limits[place] = LimitsTerms.from_json(self._table.document(place))
        return found


def unknown_subject(name: str, *, own: bool) -> SubjectFacts:
    """Somebody this organization was never given. Of another's licensee nobody learns who is unknown."""
    return SubjectFacts(
        reference=name,
        known=not own,
        grants=(),
        limits=None,
        deceased_at=None,
        prior_record=False,
        ever_signed=False,
    )


def _begins(document: dict[str, Any]) -> datetime:
    """The last instant at which a line of these terms begins; the end of time where that cannot be read."""
    begins = NEVER
    try:
        for line in document.get("lines", ()):
            for constraint in line.get("constraints", ()):
                if constraint.get("kind") == "term" and "not_before" in constraint:
                    begins = max(begins, parse_instant(constraint["not_before"]))
    except (AttributeError, TypeError, InstantError):
        return END_OF_TIME
    return begins
