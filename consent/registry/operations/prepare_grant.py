"""The exact body and text that a performer is asked to sign; it works once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from consent.core.consent_text import load_template, render_text
from consent.core.ids import new_id
from consent.core.languages import is_language_tag
from consent.core.markdown import TextError
from consent.core.offers import in_language
from consent.core.term_error import TermError
from consent.registry.errors import DescriptionLanguageMissing, Invalid
from consent.registry.locks import lock_credential, lock_offer, lock_performer
from consent.registry.models import Offer, Organization, PairwiseReference, StageName
from consent.registry.models import PreparedGrant as PreparedRow
from consent.registry.offer_terms import require_offerable
from consent.registry.operations.view_offer import require_viewed
from consent.registry.ports import RegistryPorts
from consent.registry.statements import require_may_loosen
from consent.registry.stored_json import from_bytes, sha256, to_bytes
from signing.encoding import b64u
from signing.statement import statement_schema

PREPARED_LIFE = timedelta(hours=24)
MAX_OPEN = 10  # prepared bodies of one offer; the oldest go
ATTESTATIONS = ("free_of_coercion", "not_exclusive_elsewhere", "over_18", "own_identity", "understood")
_BODY_TERMS = (
    "compensation",
    "exclusive",
    "lines",
    "obligations",
    "on_end",
    "posthumous",
    "prohibitions",
    "project",
    "recipients",
    "replaces_in_person_work",
    "representation",
    "supersedes",
    "valid_from",
    "valid_until",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedGrant:
    """What to sign: `body_bytes` are the RFC 8785 form of `body`, `text` the exact bytes to show."""

    grant: str
    body: Mapping[str, Any]
    body_bytes: bytes
    text: bytes
    text_sha256: str
    expires_at: datetime


def prepare_grant(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    offer: str,
    credential: str,
    language: str,
    performer_name: str | None = None,
    lines: Collection[str] | None = None,
) -> PreparedGrant:
    """Make the body that one key of the performer may sign for one offer.

    `credential` is the key's thumbprint; `lines` the ids of the lines that were switched on, all if None;
    `performer_name` one of the performer's stage names, needed where the offer chose none.

    Raises:
        NotFound: no such offer to this performer.
        StateConflict: it is not before the performer (viewed).
        CredentialUnknown, CredentialBlocked, CredentialWaiting: not a key that may sign.
        DescriptionLanguageMissing: no text of the offer, or no template, in this language.
        Invalid: no such line or stage name. OfferInvalid: the terms can no longer be offered.
    """
    if not is_language_tag(language):
        raise Invalid(pointer="/language", rule="bcp47", expected="a tag such as de", got="another text")
    with transaction.atomic(durable=True):
        lock_performer(performer, livemode=livemode)
        key = lock_credential(performer, credential)
        row = lock_offer(offer, livemode=livemode, performer=performer)
        require_viewed(row)
        now = ports.clock()
        require_may_loosen(key, at=now)
        name = _stage_name(row, performer, performer_name)
        grant = new_id("grt", random=ports.log.random)
        terms = _terms(row, language=language, lines=lines, at=now)
        body = _body(
            ports, row, terms, performer=performer, grant=grant, credential=credential, performer_name=name
        )
        text = _text(terms, body, language=language)
        body["template"]["text_sha256"] = sha256(text)
        body_bytes = to_bytes(body)
        expires_at = now + PREPARED_LIFE
        _make_room(offer, now)
        PreparedRow.objects.create(
            id=grant,
            livemode=livemode,
            offer=row,
            organization_id=row.organization_id,
            performer_id=performer,
            credential=key,
            body=body_bytes,
            text=text,
            created_at=now,
            expires_at=expires_at,
        )
    return PreparedGrant(
        grant=grant,
        body=body,
        body_bytes=body_bytes,
        text=text,
        text_sha256=sha256(text),
        expires_at=expires_at,
    )


def _stage_name(offer: Offer, performer: UUID, performer_name: str | None) -> str:
    """The name that the body shows: one of the performer's own."""
    name = performer_name or offer.performer_name
    own = StageName.objects.filter(performer_id=performer).order_by("id")
    names = [row.name for row in own]
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        raise Invalid(
            pointer="/performer_name", rule="stage_name", expected="one of the performer's stage names"
        )
    return name


def _terms(offer: Offer, *, language: str, lines: Collection[str] | None, at: datetime) -> dict[str, Any]:
    """The offer's expanded terms in one language, with the chosen lines."""
    normal = require_offerable(from_bytes(offer.terms), livemode=offer.livemode, at=at)
    try:
        terms = in_language(normal, language=language)
    except TermError as exc:
        raise DescriptionLanguageMissing(pointer="/language", rule=exc.rule, expected=exc.expected) from exc
    if lines is not None:
        known = {line["id"] for line in terms["lines"]}
        if not lines or not set(lines) <= known:
            raise Invalid(pointer="/lines", rule="known", expected="ids of the offer's lines")
        terms["lines"] = [line for line in terms["lines"] if line["id"] in lines]
    return terms


def _body(
    ports: RegistryPorts,
    offer: Offer,
    terms: Mapping[str, Any],
    *,
    performer: UUID,
    grant: str,
    credential: str,
    performer_name: str,
) -> dict[str, Any]:
    """The grant's body, but for the digest of the text, which is rendered from it."""
    licensee = Organization.objects.get(id=offer.organization_id)
    pair = PairwiseReference.objects.get(performer_id=performer, organization_id=offer.organization_id)
    body: dict[str, Any] = {
        "schema": statement_schema("grant"),
        "id": grant,
        "livemode": offer.livemode,
        "performer": pair.reference,
        "performer_name": performer_name,
        "credential": credential,
        "licensee": {
            "id": licensee.id,
            "legal_name": licensee.legal_name,
            "country": licensee.country,
            "contact": licensee.contact,
        },
        "offer": offer.id,
        "template": dict(terms["template"]),
        "attestations": list(ATTESTATIONS),
        "nonce": b64u(ports.log.random(32)),
        "supersedes": None,
    }
    body.update({name: terms[name] for name in _BODY_TERMS if name in terms})
    if "recipients" in body:
        body["recipients"] = sorted(body["recipients"], key=lambda each: (each["id"], each["role"]))
    return body


def _text(terms: Mapping[str, Any], body: Mapping[str, Any], *, language: str) -> bytes:
    chosen = terms["template"]
    try:
        template = load_template(chosen["id"], chosen["version"], language)
    except TextError as exc:
        raise DescriptionLanguageMissing(
            "the text for performers does not exist in this language",
            pointer="/language",
            rule="template",
            expected=f"a language of the template {chosen['id']}",
            got=language,
        ) from exc
    try:
        return render_text(template, body=body)
    except TextError as exc:
        raise Invalid(str(exc), pointer="/terms", rule="text") from exc


def _make_room(offer: str, now: datetime) -> None:
    """Drop what has expired, and the oldest beyond a bound."""
    PreparedRow.objects.filter(offer_id=offer, expires_at__lte=now).delete()
    kept = (
        PreparedRow.objects.filter(offer_id=offer).order_by("-created_at", "id").values_list("id", flat=True)
    )
    PreparedRow.objects.filter(id__in=list(kept[MAX_OPEN - 1 :])).delete()
