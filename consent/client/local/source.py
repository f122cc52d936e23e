"""Pages of the change feed from the registry itself, verified before anybody looks at them."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from consent.client.answers import parse_answer_instant
from consent.client.errors import UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.local.page import Page
from consent.client.local.pairs import Pair, PairGrant
from consent.client.local.picture import CallerFacts
from consent.core.complete import StandingContext
from consent.core.request_forms import EXTERNAL
from consent.core.wire.changes import ChangedSubject, ChangesCaller, ChangesPage, ChangesResponse
from consent.core.wire.errors import WireError
from signing.changes import MAX_CHANGES_BYTES, verify_changes
from signing.errors import SigningError
from signing.trust import Trust

REQUEST_TIMEOUT_S = 10.0


class RegistrySource:
    """A `PageSource` over HTTP. Every page is held against the trust file, this nonce, and the key's side."""

    def __init__(self, exchange: Exchange, *, trust: Trust, livemode: bool, organization: str | None) -> None:
        self._exchange = exchange
        self._trust = trust
        self._livemode = livemode
        self._organization = organization

    def fetch(self, *, nonce: str, after: str | None, page: str | None) -> Page:
        """As in `PageSource`."""
        asked = {"nonce": nonce, "after": after, "page": page}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        answer = self._exchange.get(f"/v1/changes?{query}", max_bytes=MAX_CHANGES_BYTES + 1024, repeat=False)
        try:
            token = msgspec.convert(answer.json, ChangesResponse).changes
            signed = verify_changes(
                token,
                trust=self._trust,
                expected_audience=self._organization,
                expected_nonce=nonce,
                allow_test=not self._livemode,
            )
            wire = msgspec.convert(signed.payload, ChangesPage)
            read = _page(wire)
        except SigningError as exc:
            raise UnreliableAnswer(f"the change feed's answer does not verify: {exc}") from exc
        except (msgspec.ValidationError, WireError, ValueError) as exc:
            raise UnreliableAnswer(f"the change feed's answer is malformed: {exc}") from exc
        if read.caller.livemode is not self._livemode:
            raise UnreliableAnswer("the change feed answered for the other side")
        # Whose the first answer was is whose every later one must be.
        self._organization = read.caller.organization
        return read


def _page(wire: ChangesPage) -> Page:
    """The page in this room's words. Raises ValueError where it does not hold what it says."""
    if wire.l_node_ms < 0:
        raise ValueError("a window of less than nothing")
    told = [event.n for event in wire.events]
    if not wire.snapshot and told != list(range(wire.from_n + 1, wire.to_n + 1)):
        raise ValueError(f"events {told[:3]}… do not run from {wire.from_n + 1} to {wire.to_n}")
    held = {(subject.licensee, subject.performer) for subject in wire.subjects}
    if not held.issuperset((event.licensee, event.performer) for event in wire.events):
        raise ValueError("an event without the facts of its subject")
    return Page(
        caller=_caller(wire.caller, wire),
        history=wire.history,
        as_of=parse_answer_instant(wire.as_of, "as_of"),
        position=wire.position,
        l_node_s=timedelta(milliseconds=wire.l_node_ms).total_seconds(),
        fresh=wire.fresh,
        snapshot=wire.snapshot,
        first=wire.first,
        from_n=wire.from_n,
        to_n=wire.to_n,
        pairs=[_pair(subject, wire.aud) for subject in wire.subjects],
        more=wire.more,
        page=wire.page,
        through=wire.through,
    )


def _caller(key: ChangesCaller, wire: ChangesPage) -> CallerFacts:
    return CallerFacts(
        organization=wire.aud,
        livemode=wire.livemode,
        key=key.key,
        scopes=frozenset(key.scopes),
        context=StandingContext.from_json(key.context),
        capabilities=frozenset(key.capabilities),
        expires_at=_instant(key.expires_at),
    )


def _pair(subject: ChangedSubject, organization: str) -> Pair:
    own = subject.caller_reference
    words = [] if own is None or subject.licensee == organization else [own]
    return Pair(
        performer=subject.performer,
        licensee=subject.licensee,
        names=(*words, *(EXTERNAL + each for each in subject.external_ids)),
        known=subject.known,
        deceased_at=_instant(subject.deceased_at),
        prior_record=subject.prior_record,
        ever_signed=subject.ever_signed,
        limits=subject.limits,
        grants=tuple(
            PairGrant(
                grant=grant.grant,
                state=grant.state,
                signed_at=parse_answer_instant(grant.signed_at, "signed_at"),
                terms=grant.terms,
                grant_sha256=grant.grant_sha256,
            )
            for grant in subject.grants
        ),
        ended=tuple(subject.ended),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_answer_instant(text, "instant")
