"""The facts of a question at a position, from nothing but what the history says happened up to there.

Two things that `decide` may know are not in the history, and are said so by whoever uses this: how much of a counted
grant was used (counters are kept beside the history), and which duties the asking key declared (`capabilities`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent.core.asked import Asked
from consent.core.facts import Facts, GrantFacts, GrantState, SubjectFacts
from consent.core.terms import GrantTerms, LimitsTerms, compile_grant, compile_limits
from consent.evidence.happened import Happened, Said

TERMS_IN_STATEMENTS = frozenset({"grant.signed", "limits.changed"})
Pair = tuple[str, str]  # performer, organization


class ReplayError(Exception):
    """The history says something that cannot be followed. Names the position and what was missing."""


@dataclass(slots=True, kw_only=True)
class ReplayedGrant:
    """How a grant stands at the position reached; `ended_seq` is where it ended, for good."""

    grant: str
    pair: Pair
    reference: str
    terms: GrantTerms
    signed_at: datetime
    signed_seq: int
    state: GrantState = GrantState.SIGNED
    holders: set[str] = field(default_factory=set)
    ended_seq: int | None = None

    @property
    def standing(self) -> GrantState:
        """An open hold pauses an active grant."""
        paused = bool(self.holders) and self.state is GrantState.ACTIVE
        return GrantState.SUSPENDED if paused else self.state


class Replay:
    """One side's history, followed event by event in the order of `seq`; asked about at any position on the way."""

    def __init__(self) -> None:
        self.seq = -1
        self.grants: dict[str, ReplayedGrant] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._limits: dict[str, LimitsTerms] = {}
        self._prior_records: set[Pair] = set()

    def follow(self, event: Happened) -> None:
        """Take in one event.

        Raises:
            ReplayError: it comes before one that was followed, speaks of a grant that was never signed, or the
                statement with its terms is not at hand.
        """
        if event.seq <= self.seq:
            raise ReplayError(f"position {event.seq} came after {self.seq}, expected a later one")
        self.seq = event.seq
        match event.kind:
            case "performer.introduced":
                self._names[_organization(event), str(event.body["performer"])] = _performer(event)
            case "external_id.set":
                self._names[_organization(event), _external(event.body)] = _performer(event)
            case "external_id.removed":
                self._names.pop((_organization(event), _external(event.body)), None)
            case "prior_record.imported" if event.performer is not None:
                self._prior_records.add((event.performer, _organization(event)))
            case "limits.changed":
                self._limits[_performer(event)] = compile_limits(_said(event).body)
            case "grant.signed":
                self._sign(event)
            case "grant.active" | "grant.paused" | "grant.resumed" | "grant.ended":
                self._move(event)
            case _:
                pass  # changes no answer

    def facts(self, asked: Asked, *, livemode: bool, capabilities: frozenset[str]) -> Facts:
        """The facts of the question at the position reached, as a check there was given them."""
        licensee = asked.on_behalf_of or asked.caller
        grant = None if asked.grant is None else self.grants.get(asked.grant)
        if grant is not None and grant.pair[1] != licensee:
            grant = None
        references = asked.performers
        if asked.grant is not None:
            references = () if grant is None else (grant.reference,)
        named = asked.grant is None or grant is not None
        return Facts(
            livemode=livemode,
            caller=asked.caller,
            licensee=licensee,
            capabilities=capabilities,
            subjects=tuple(
                self._subject(each, self._named(asked.caller, licensee, each, grant), licensee, asked.caller)
                for each in references
            ),
            persona=None,
            model=None,
            # Personas and models are not kept yet: a question by one finds nothing, as the check finds nothing.
            selector_found=named and asked.persona is None and asked.model is None,
        )

    def _named(self, caller: str, licensee: str, name: str, grant: ReplayedGrant | None) -> str | None:
        """Who a name is in the asker's words, or else by the licensee's reference."""
        if grant is not None:
            return grant.pair[0]
        own = self._names.get((caller, name))
        if own is not None or not name.startswith("prf_"):
            return own
        return self._names.get((licensee, name))

    def _subject(self, reference: str, performer: str | None, licensee: str, caller: str) -> SubjectFacts:
        pair = (performer or "", licensee)
        theirs = [each for each in self.grants.values() if performer is not None and each.pair == pair]
        return SubjectFacts(
            reference=reference,
            # Whoever asks for somebody else learns nothing of who is unknown.
            known=performer is not None or caller != licensee,
            grants=tuple(
                GrantFacts(
                    grant=each.grant,
                    state=each.standing,
                    terms=each.terms,
                    signed_at=each.signed_at,
                    usage={},
                )
                for each in sorted(theirs, key=lambda each: each.grant)
                if each.ended_seq is None
            ),
            limits=None if performer is None else self._limits.get(performer),
            deceased_at=None,
            prior_record=pair in self._prior_records,
            ever_signed=bool(theirs),
        )

    def _sign(self, event: Happened) -> None:
        said = _said(event)
        grant = str(event.body["grant"])
        self.grants[grant] = ReplayedGrant(
            grant=grant,
            pair=(_performer(event), _organization(event)),
            reference=str(event.body["performer"]),
            terms=compile_grant(said.body),
            signed_at=said.received_at,
            signed_seq=event.seq,
        )

    def _move(self, event: Happened) -> None:
        grant = self.grants.get(str(event.body["grant"]))
        if grant is None:
            raise ReplayError(f"{event.kind} at position {event.seq} is of a grant that was never signed")
        match event.kind:
            case "grant.active":
                grant.state = GrantState.ACTIVE
            case "grant.paused":
                grant.holders.add(str(event.body["holder"]))
            case "grant.resumed":
                grant.holders.discard(str(event.body["holder"]))
            case _:
                # The first end is the end: what is said of an ended grant afterwards does not move it.
                grant.ended_seq = event.seq if grant.ended_seq is None else grant.ended_seq


def _said(event: Happened) -> Said:
    if event.said is None:
        raise ReplayError(f"the statement of {event.kind} at position {event.seq} is not at hand")
    return event.said


def _performer(event: Happened) -> str:
    if event.performer is None:
        raise ReplayError(f"{event.kind} at position {event.seq} is of nobody")
    return event.performer


def _organization(event: Happened) -> str:
    if event.organization is None:
        raise ReplayError(f"{event.kind} at position {event.seq} is of no organization")
    return event.organization


def _external(body: Mapping[str, Any]) -> str:
    return f"external_id:{body['external_id']}"
