"""An offer's terms, from what an organization writes to what a grant's body says.

An organization may write a line's texts as `descriptions` (by language) or `description`, leave the
template's language to the performer, and name recipients by id only. `normal_terms` gives the one form
that `consent.core.offers` checks; the names of recipients are the registry's record, not the sender's word.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consent.core.offers import check_offer
from consent.registry.errors import OfferInvalid
from consent.registry.models import Organization, OrganizationSide


def normal_terms(terms: Mapping[str, Any], *, livemode: bool) -> dict[str, Any]:
    """The terms in core's form; what cannot be read is left for `check_offer` to refuse."""
    document = dict(terms)
    if isinstance(document.get("lines"), list):
        document["lines"] = [_line(line) for line in document["lines"]]
    template = document.get("template")
    if isinstance(template, Mapping) and "language" not in template:
        languages = languages_of(document)
        if languages:
            document["template"] = {**template, "language": languages[0]}
    if isinstance(document.get("recipients"), list):
        document["recipients"] = [_recipient(each, livemode=livemode) for each in document["recipients"]]
    return document


def languages_of(terms: Mapping[str, Any]) -> list[str]:
    """The languages in which every line of normal terms has a text, sorted."""
    found: set[str] | None = None
    template = terms.get("template")
    own = template.get("language") if isinstance(template, Mapping) else None
    lines = terms.get("lines")
    for line in lines if isinstance(lines, list) else []:
        texts = line.get("description") if isinstance(line, Mapping) else None
        if isinstance(texts, str):
            here = {own} if isinstance(own, str) else set()
        else:
            here = set(texts) if isinstance(texts, Mapping) else set()
        found = here if found is None else found & here
    return sorted(found or ())


def require_offerable(terms: Mapping[str, Any], *, livemode: bool, at: datetime) -> dict[str, Any]:
    """The normal terms if they may be sent.

    Raises:
        OfferInvalid: with every fault, pointing into the terms as they were written.
    """
    document = normal_terms(terms, livemode=livemode)
    faults = [
        (_as_written(fault.pointer, terms), fault.rule, fault.expected, fault.got)
        for fault in check_offer(document, at=at)
    ]
    recipients = document.get("recipients")
    for place, recipient in enumerate(recipients if isinstance(recipients, list) else []):
        if isinstance(recipient, Mapping) and recipient.get("legal_name") is None:
            faults.append((f"/recipients/{place}/id", "organization", "a registered organization", "none"))
    if faults:
        raise OfferInvalid(faults)
    return document


def _line(line: Any) -> Any:
    if not isinstance(line, Mapping) or "descriptions" not in line or "description" in line:
        return line
    document = {name: value for name, value in line.items() if name != "descriptions"}
    return {**document, "description": line["descriptions"]}


def _recipient(recipient: Any, *, livemode: bool) -> Any:
    if not isinstance(recipient, Mapping) or not isinstance(recipient.get("id"), str):
        return recipient
    known = OrganizationSide.objects.filter(organization_id=recipient["id"], livemode=livemode)
    row = Organization.objects.filter(id=recipient["id"]).first() if known.exists() else None
    return {**recipient, "legal_name": None if row is None else row.legal_name}


def _as_written(pointer: str, terms: Mapping[str, Any]) -> str:
    """`/lines/2/description…` as the sender spelt it."""
    steps = pointer.split("/")
    lines = terms.get("lines")
    if len(steps) > 3 and steps[1] == "lines" and steps[3] == "description" and isinstance(lines, list):
        line = lines[int(steps[2])] if steps[2].isdigit() and int(steps[2]) < len(lines) else None
        if isinstance(line, Mapping) and "descriptions" in line:
            steps[3] = "descriptions"
    return "/".join(steps)
