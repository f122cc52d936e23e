"""A request as its performer has it before them: the terms, what they chose so far, and the text that follows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from consent.core.consent_text import TextError, load_template, render_text
from consent.core.instants import years_after
from consent.core.offers import expand_offer, in_language
from consent.core.term_error import TermError
from consent.registry.errors import Invalid
from consent.registry.models import Offer, StageName
from consent.registry.offer_terms import normal_terms
from consent.registry.operations.choices import read_choice
from consent.registry.operations.prepare_grant import ATTESTATIONS
from consent.registry.operations.sign_grant import ADULT_IDENTITY_LIFE, IDENTITY_LIFE_YEARS
from consent.registry.queries.performer import deciding_identity_check
from consent.registry.stored_json import from_bytes
from consent.web.offer_words import Licensee, OfferWords, language_for, offer_words
from consent.web.performer.own import own_offer
from consent.web.performer.standing import of_you
from consent.web.who import SignedInPerformer

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `lines` are switched on, `names` the performer's own stage names, `name` the one to sign by."""

    performer: UUID
    row: Offer
    terms: Mapping[str, Any]
    language: str
    lines: frozenset[str]
    names: Sequence[str]
    name: str

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return self.row.state in ("offered", "viewed")

    @property
    def licensee(self) -> Licensee:
        """Who asks."""
        made = self.row.organization
        return Licensee(legal_name=made.legal_name, country=made.country, contact=made.contact)

    @property
    def of_you(self) -> str:
        """What of the person they ask for."""
        return of_you(expand_offer(self.terms)["lines"])

    @cached_property
    def words(self) -> OfferWords:
        """The whole request in plain words.

        Raises:
            Invalid: it has no words that can be shown.
        """
        with _shown():
            return offer_words(
                self.terms, licensee=self.licensee, livemode=self.row.livemode, language=self.language
            )

    @property
    def adult(self) -> bool:
        """Whether anything that is switched on is adult content."""
        return any(line.id in self.lines for line in self.words.adult_lines)

    def hindrance(self, *, at: datetime) -> str:
        """Why nobody could sign this now: "run_out", "identity", or nothing."""
        if self.words.valid_until <= at:
            return "run_out"
        check = deciding_identity_check(self.performer)
        if check is None or not check.over_18:
            return "identity"
        fresh_until = years_after(check.checked_at, IDENTITY_LIFE_YEARS)
        if self.adult:
            fresh_until = check.checked_at + ADULT_IDENTITY_LIFE
        return "identity" if at >= fresh_until else ""

    def text(self, lines: Collection[str]) -> bytes:
        """The text that would be signed with these lines on; with none, the text of all that is asked.

        Raises:
            Invalid: it has no text that can be shown.
        """
        with _shown():
            return self._text(lines)

    def _text(self, lines: Collection[str]) -> bytes:
        document = in_language(self.terms, language=self.language)
        template = document["template"]
        made = self.row.organization
        body = {
            "supersedes": None,
            **document,
            "lines": [line for line in document["lines"] if not lines or line["id"] in lines],
            "licensee": {"legal_name": made.legal_name, "country": made.country, "contact": made.contact},
            "livemode": self.row.livemode,
            "performer_name": self.name,
            "attestations": list(ATTESTATIONS),
        }
        return render_text(load_template(template["id"], template["version"], self.language), body=body)


@contextmanager
def _shown() -> Iterator[None]:
    """Say "invalid" of terms that no word or character can show, as preparing them for a signature would."""
    try:
        yield
    except (TermError, TextError) as exc:
        raise Invalid(str(exc), pointer="/terms", rule="text") from exc


def read_asked(me: SignedInPerformer, offer: str) -> Asked:
    """The request with what was chosen for it.

    Raises:
        NotFound: no such offer to this performer.
    """
    row = own_offer(me, offer)
    terms = normal_terms(from_bytes(row.terms), livemode=row.livemode)
    choice = read_choice(row.id)
    names = list(
        StageName.objects.filter(performer_id=me.performer).order_by("id").values_list("name", flat=True)
    )
    wanted = ("" if choice is None else choice.performer_name, row.performer_name)
    return Asked(
        performer=me.performer,
        row=row,
        terms=terms,
        language=language_for(terms, DEFAULT_LANGUAGE if choice is None else choice.language),
        lines=frozenset() if choice is None else choice.lines,
        names=names,
        name=next((name for name in wanted if name in names), names[0] if names else ""),
    )
