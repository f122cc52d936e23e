"""What an offer's one person has chosen so far, kept from page to page and from device to device."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.core.languages import is_language_tag
from consent.registry.errors import Invalid, NotFound, StateConflict
from consent.registry.models import Offer, OfferChoice
from consent.registry.offer_terms import normal_terms
from consent.registry.ports import RegistryPorts
from consent.registry.queries.invitations import read_invitation
from consent.registry.stored_json import from_bytes
from consent.registry.text import required

OPEN = ("offered", "viewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The ids of the lines that are switched on, the stage name if one was chosen, and the language."""

    lines: frozenset[str]
    performer_name: str
    language: str
    updated_at: datetime


def save_choice(
    ports: RegistryPorts,
    *,
    lines: Collection[str],
    language: str,
    performer_name: str = "",
    offer: str | None = None,
    code: str | None = None,
    performer: UUID | None = None,
) -> None:
    """Keep what was chosen, by the code of an open invitation or by the performer whose offer it is.

    It binds nobody: what counts is what is signed. Lines that the offer does not have are refused.

    Raises:
        NotFound: no such offer to this performer, or a code that does not open it.
        StateConflict: the offer is closed. Invalid: an unknown line, a bad name or language.
    """
    chosen = _offer(ports, offer=offer, code=code, performer=performer)
    with transaction.atomic():
        row = Offer.objects.select_for_update(no_key=True).get(id=chosen)
        if row.state not in OPEN:
            raise StateConflict("this offer is closed", expected="an open offer", got=row.state)
        terms = normal_terms(from_bytes(row.terms), livemode=row.livemode)
        known = {line["id"] for line in terms["lines"]}
        if not set(lines) <= known:
            raise Invalid(pointer="/lines", rule="known", expected="ids of the offer's lines")
        if not is_language_tag(language):
            raise Invalid(pointer="/language", rule="bcp47", expected="a tag such as de", got="another text")
        if performer_name:
            required(performer_name, "/performer_name", max_chars=120)
        OfferChoice.objects.update_or_create(
            offer=row,
            defaults={
                "organization_id": row.organization_id,
                "livemode": row.livemode,
                "lines": sorted(set(lines)),
                "performer_name": performer_name,
                "language": language,
                "updated_at": ports.clock(),
            },
        )


def read_choice(offer: str) -> Choice | None:
    """What was kept for an offer; the caller knows whose it is."""
    row = OfferChoice.objects.filter(offer=offer).first()
    if row is None:
        return None
    return Choice(
        lines=frozenset(row.lines),
        performer_name=row.performer_name,
        language=row.language,
        updated_at=row.updated_at,
    )


def _offer(ports: RegistryPorts, *, offer: str | None, code: str | None, performer: UUID | None) -> str:
    if code is not None:
        seen = read_invitation(ports, code=code, performer=performer)
        if seen is None or offer not in (None, seen.offer):
            raise NotFound("no such offer")
        return seen.offer
    if offer is None or performer is None:
        raise NotFound("no such offer")
    if not Offer.objects.filter(id=offer, performer_id=performer).exclude(state="draft").exists():
        raise NotFound("no such offer")
    return offer
