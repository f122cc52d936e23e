"""Terms as JSON: everything that an offer can say, pasted; faults are told with their place in words."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from msgspec import to_builtins

from consent.core.wire.decode import convert, parse_json
from consent.core.wire.errors import WireError
from consent.core.wire.terms import Terms
from consent.registry.errors import Invalid, NotFound, OfferInvalid, StateConflict
from consent.registry.operations.draft_offer import draft_offer, update_draft
from consent.registry.stored_json import from_bytes
from consent.web.organization.offer_new import not_known, performer_of
from consent.web.organization.offers import own_offer
from consent.web.organization.once import is_first, once
from consent.web.organization.parts import asked
from consent.web.organization.side import SidePage

MAX_BYTES: Final = 512 * 1024
_WORDS_CHARS: Final = 300
Fault = tuple[str, str]  # the place in words, and what is wrong there


def paste_offer(at: SidePage) -> HttpResponse:
    """A draft from pasted terms; `like=` or `replaces=` fills in those of an earlier request."""
    page = at.page
    if not page.posted:
        replaces, like = asked(page, "replaces"), asked(page, "like")
        former = own_offer(at, replaces or like) if replaces or like else None
        typed = {
            "terms": "" if former is None else pretty(from_bytes(former.terms)),
            "replaces": former.id if former is not None and replaces else "",
        }
        return _form(at, typed, [], "")
    typed = _typed(at)
    if not is_first(page, "paste-offer"):
        again = _("This form was sent before, or waited too long. Send it once more.")
        return _form(at, typed, [("", again)], "")
    try:
        offer = draft_offer(
            at.ports,
            **at.own,
            terms=read_terms(typed["terms"]),
            performer=performer_of(typed["performer"]),
            performer_name=typed["performer_name"],
            replaces=own_offer(at, typed["replaces"]).id if typed["replaces"] else None,
        )
    except NotFound as exc:
        if exc.pointer != "/performer":
            raise
        return _form(at, typed, [], not_known())
    except (Invalid, WireError) as exc:
        return _form(at, typed, faults_of(exc, typed["terms"]), "")
    return at.to(f"/offers/{offer}")


def edit_draft(at: SidePage, *, offer: str) -> HttpResponse:
    """Change a draft's terms; a request that was sent never changes."""
    row, page = own_offer(at, offer), at.page
    if row.state != "draft":
        raise StateConflict("a sent offer does not change", expected="draft", got=row.state)
    if not page.posted:
        return _form(at, {"terms": pretty(from_bytes(row.terms))}, [], "", draft=offer)
    typed = _typed(at)
    try:
        update_draft(at.ports, **at.own, offer=offer, terms=read_terms(typed["terms"]))
    except (Invalid, WireError) as exc:
        return _form(at, typed, faults_of(exc, typed["terms"]), "", draft=offer)
    return at.to(f"/offers/{offer}")


def read_terms(text: str) -> dict[str, Any]:
    """Pasted terms in their documented form.

    Raises:
        WireError: no JSON, an unknown member, a value outside its form.
    """
    terms: dict[str, Any] = to_builtins(convert(parse_json(text.encode(), max_bytes=MAX_BYTES), Terms))
    return terms


def pretty(terms: Mapping[str, Any]) -> str:
    """Terms as somebody edits them."""
    return json.dumps(terms, indent=2, ensure_ascii=False)


def faults_of(exc: "Invalid | WireError", text: str) -> list[Fault]:
    """Each fault with its place in words, as far as the pasted text can be read."""
    try:
        document = parse_json(text.encode(), max_bytes=MAX_BYTES)
    except WireError:
        document = None
    found = exc.faults if isinstance(exc, OfferInvalid) else [(exc.pointer, exc.rule, exc.expected, exc.got)]
    out = []
    for pointer, _rule, expected, got in found:
        said = _("Expected %(expected)s. Here is %(got)s.") % {
            "expected": expected,
            "got": got or _("nothing"),
        }
        out.append((place_in_words(pointer, document), said[:_WORDS_CHARS]))
    return out


def place_in_words(pointer: str, document: Any) -> str:
    """`/lines/0/constraints/1/allow` as “lines, 1st (train), constraints, 2nd (territory), allow”."""
    out = []
    here = document
    for escaped in pointer.split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and step.isdigit():
            here = here[int(step)] if int(step) < len(here) else None
            name = here.get("id") or here.get("kind") if isinstance(here, dict) else None
            numbered = _("number %(n)s") % {"n": int(step) + 1}
            out.append(f"{numbered} ({str(name)[:32]})" if name else numbered)
        else:
            here = here.get(step) if isinstance(here, dict) else None
            out.append(step)
    return ", ".join(out)


def _typed(at: SidePage) -> dict[str, str]:
    page = at.page
    return {
        "terms": page.field("terms", max_chars=MAX_BYTES + 1),
        "performer": page.field("performer", max_chars=200),
        "performer_name": page.field("performer_name", max_chars=121),
        "replaces": page.field("replaces", max_chars=100),
    }


def _form(
    at: SidePage, typed: Mapping[str, str], faults: list[Fault], performer_error: str, *, draft: str = ""
) -> HttpResponse:
    return at.render(
        "offer_json.html",
        here="offers",
        status=422 if faults or performer_error else 200,
        typed=typed,
        faults=faults,
        performer_error=performer_error,
        draft=draft,
        once="" if draft else once(at.page, "paste-offer"),
    )
