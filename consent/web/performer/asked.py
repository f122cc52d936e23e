"""A request as its performer has it before them: the terms, what they chose so far, and the text that follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from consent.core.consent_text import load_template, render_text
from consent.core.offers import expand_offer, in_language
from consent.registry.models import Offer, StageName
from consent.registry.offer_terms import normal_terms
from consent.registry.operations.choices import read_choice
from consent.registry.operations.prepare_grant import ATTESTATIONS
from consent.registry.stored_json import from_bytes
from consent.web.offer_words import Licensee, OfferWords, language_for, offer_words
from consent.web.performer.own import own_offer
from consent.web.performer.standing import of_you
from consent.web.who import SignedInPerformer

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `lines` are switched on, `names` the performer's own stage names, `name` the one to sign by."""

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
        """The whole request in plain words."""
        return offer_words(
            self.terms, licensee=self.licensee, livemode=self.row.livemode, language=self.language
        )

    def text(self, lines: Collection[str]) -> bytes:
        """The text that would be signed with these lines on; with none, the text of all that is asked."""
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


def read_asked(me: SignedInPerformer, offer: str) -> Asked:
    """The request with what was chosen for it.

    Raises:
        NotFound: no such offer to this performer.
        TermError, TextError: it has no text that can be shown.
    """
    row = own_offer(me, offer)
    terms = normal_terms(from_bytes(row.terms), livemode=row.livemode)
    choice = read_choice(row.id)
    names = list(
        StageName.objects.filter(performer_id=me.performer).order_by("id").values_list("name", flat=True)
    )
    wanted = ("" if choice is None else choice.performer_name, row.performer_name)
    return Asked(
        row=row,
        terms=terms,
        language=language_for(terms, DEFAULT_LANGUAGE if choice is None else choice.language),
        lines=frozenset() if choice is None else choice.lines,
        names=names,
        name=next((name for name in wanted if name in names), names[0] if names else ""),
    )
