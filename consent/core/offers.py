"""Offers: what an organization may propose, checked before a performer sees it (DECIDING 1-15).

The terms of an offer are the part of a grant body that the organization writes:
`lines recipients project template prohibitions obligations valid_from valid_until on_end compensation
posthumous exclusive representation replaces_in_person_work supersedes`. A line's `description` is a
text in the template's language, or an object of texts by language. `expand_offer` makes everything
explicit that a body must say: the member states for EU, the modalities that follow from the uses,
what was left at its default, sets in order.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from consent.core.constraints.posthumous import Posthumous
from consent.core.constraints.term import read_instant
from consent.core.exclusivity import Exclusive
from consent.core.ids import is_id
from consent.core.instants import MAX_TERM_YEARS, format_instant, years_after
from consent.core.markdown import is_visible
from consent.core.obligations import OBLIGATIONS
from consent.core.offer_expansion import DEFAULTS, expand_offer, in_language, prepared
from consent.core.offer_fault import OfferFault
from consent.core.offer_lines import check_lines
from consent.core.prohibitions import Prohibition
from consent.core.term_error import TermError, check_members, read_bool, read_integer, read_set, read_word

__all__ = ["OfferFault", "check_offer", "expand_offer", "in_language"]

MAX_PROHIBITIONS: Final = 64
MAX_RECIPIENTS: Final = 32
MAX_MODEL_DAYS: Final = 365
MAX_TEXT_CHARS: Final = 200
MAX_REF_CHARS: Final = 64

_REQUIRED: Final = ("lines", "template", "valid_from", "valid_until")
_OPTIONAL: Final = ("recipients", "project", "prohibitions", "obligations", "supersedes", *DEFAULTS)
_PUBLISHED: Final = frozenset({"keep", "unpublish"})
_MODEL: Final = frozenset({"delete", "quarantine", "retain_no_use"})
_PAID: Final = frozenset({"paid", "unpaid", "revshare"})
_REPRESENTED: Final = frozenset({"counsel", "union", "agent", "none"})
_OF_REPRESENTATION: Final = ("name", "authority_ref", "cba_ref")
_ROLES: Final = frozenset({"host", "processor"})
_HEX: Final = frozenset("0123456789abcdef")


def check_offer(terms: object, *, at: datetime) -> list[OfferFault]:
    """Every fault of the terms, in the order of their members; none means that it may be sent.

    `at` is now: a term that ends more than ten years from now is refused (DECIDING 14).
    """
    if not isinstance(terms, Mapping):
        return [OfferFault.of(TermError("", "type", "an object", terms), "terms_invalid")]
    document = prepared(terms)
    faults: list[OfferFault] = []
    _attempt(
        faults, partial(check_members, document, required=_REQUIRED, optional=_OPTIONAL), "terms_invalid"
    )
    faults.extend(check_lines(document))
    for name, check in _MEMBERS.items():
        if name in document:
            _attempt(faults, partial(check, document), f"{name}_invalid", prefix=f"/{name}")
    faults.extend(_check_window(document, at))
    return faults


def _attempt(faults: list[OfferFault], check: Callable[[], object], code: str, prefix: str = "") -> None:
    try:
        check()
    except TermError as exc:
        faults.append(OfferFault.of(exc.under(prefix), code))


def _check_window(document: Mapping[str, Any], at: datetime) -> list[OfferFault]:
    faults: list[OfferFault] = []
    instants: dict[str, datetime] = {}
    for name in ("valid_from", "valid_until"):
        try:
            instant = read_instant(document, name)
        except TermError as exc:
            faults.append(OfferFault.of(exc, "instant_invalid"))
            continue
        if instant is not None:
            instants[name] = instant
    end = instants.get("valid_until")
    if end is None:
        return faults
    start = instants.get("valid_from")
    latest = years_after(at, MAX_TERM_YEARS)
    if end <= at or (start is not None and end <= start):
        expected = "an instant that lies ahead and after valid_from"
        faults.append(_window_fault("window_ordered", expected, end))
    elif end > latest:
        expected = f"at the latest {format_instant(latest)}, ten years after signing"
        faults.append(_window_fault("ten_years", expected, end))
    return faults


def _window_fault(rule: str, expected: str, got: datetime) -> OfferFault:
    error = TermError("/valid_until", rule, expected, format_instant(got))
    return OfferFault.of(error, "term_too_long" if rule == "ten_years" else "term_invalid")


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document[name]
    if not isinstance(value, Mapping):
        raise TermError("", "type", "an object", value)
    return value


def _list(document: Mapping[str, Any], name: str, limit: int) -> list[Any]:
    value = document[name]
    if not isinstance(value, list | tuple) or not value:
        raise TermError("", "list_not_empty", "a list of one at least, or no list", value)
    if len(value) > limit:
        raise TermError("", "list_length", f"at most {limit}", str(len(value)))
    return list(value)


def _check_text(document: Mapping[str, Any], name: str, *, longest: int = MAX_TEXT_CHARS) -> None:
    """Accept one line of visible text, nothing blank at its ends."""
    value = document[name]
    if not isinstance(value, str) or not 1 <= len(value) <= longest or value != value.strip():
        raise TermError(f"/{name}", "text", f"1 to {longest} characters, none blank at the ends", value)
    if not is_visible(value):
        raise TermError(f"/{name}", "text_visible", "NFC text on one line, every character visible", value)


def _check_template(document: Mapping[str, Any]) -> None:
    template = _object(document, "template")
    check_members(template, required=("id", "version", "language"))
    _check_text(template, "id")
    read_integer(template, "version", low=1, high=10_000)
    _check_text(template, "language")


def _check_recipients(document: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for place, recipient in enumerate(_list(document, "recipients", MAX_RECIPIENTS)):
        if not isinstance(recipient, Mapping):
            raise TermError(f"/{place}", "type", "an object", recipient)
        try:
            check_members(recipient, required=("id", "legal_name", "role"))
            if not is_id(recipient["id"], "org"):
                raise TermError("/id", "id", "org_…", recipient["id"])
            if recipient["id"] in seen:
                raise TermError("/id", "set_unique", "each organization once", recipient["id"])
            _check_text(recipient, "legal_name")
            read_word(recipient, "role", words=_ROLES)
        except TermError as exc:
            raise exc.under(f"/{place}") from None
        seen.add(recipient["id"])


def _check_project(document: Mapping[str, Any]) -> None:
    project = _object(document, "project")
    check_members(project, required=("ref", "title"))
    _check_text(project, "ref", longest=MAX_REF_CHARS)
    _check_text(project, "title")


def _check_prohibitions(document: Mapping[str, Any]) -> None:
    for place, each in enumerate(_list(document, "prohibitions", MAX_PROHIBITIONS)):
        try:
            Prohibition.parse(each)
        except TermError as exc:
            raise exc.under(f"/{place}") from None


def _check_obligations(document: Mapping[str, Any]) -> None:
    try:
        read_set(
            document,
            "obligations",
            accepts=OBLIGATIONS.__contains__,
            expected="one of " + ", ".join(sorted(OBLIGATIONS)),
        )
    except TermError as exc:
        raise _without(exc, "/obligations") from None


def _without(exc: TermError, prefix: str) -> TermError:
    return TermError(exc.pointer.removeprefix(prefix), exc.rule, exc.expected, exc.got)


def _check_on_end(document: Mapping[str, Any]) -> None:
    on_end = _object(document, "on_end")
    check_members(on_end, required=("published", "model", "model_days"))
    read_word(on_end, "published", words=_PUBLISHED)
    read_word(on_end, "model", words=_MODEL)
    read_integer(on_end, "model_days", low=0, high=MAX_MODEL_DAYS)


def _check_compensation(document: Mapping[str, Any]) -> None:
    compensation = _object(document, "compensation")
    check_members(compensation, required=("kind",), optional=("terms_sha256",))
    read_word(compensation, "kind", words=_PAID)
    if "terms_sha256" in compensation:
        digest = compensation["terms_sha256"]
        if not isinstance(digest, str) or len(digest) != 64 or not set(digest) <= _HEX:
            raise TermError("/terms_sha256", "sha256", "SHA-256 in lower-case hex", digest)


def _check_representation(document: Mapping[str, Any]) -> None:
    representation = _object(document, "representation")
    check_members(representation, required=("kind",), optional=_OF_REPRESENTATION)
    read_word(representation, "kind", words=_REPRESENTED)
    for name in _OF_REPRESENTATION:
        if name in representation:
            _check_text(representation, name)


def _check_replaces(document: Mapping[str, Any]) -> None:
    try:
        read_bool(document, "replaces_in_person_work")
    except TermError as exc:
        raise _without(exc, "/replaces_in_person_work") from None


def _check_supersedes(document: Mapping[str, Any]) -> None:
    value = document["supersedes"]
    if value is not None and not is_id(value, "grt"):
        raise TermError("", "id", "null or grt_…", value)


_MEMBERS: Final[dict[str, Callable[[Mapping[str, Any]], object]]] = {
    "template": _check_template,
    "recipients": _check_recipients,
    "project": _check_project,
    "prohibitions": _check_prohibitions,
    "obligations": _check_obligations,
    "on_end": _check_on_end,
    "compensation": _check_compensation,
    "posthumous": lambda document: Posthumous.from_body(document["posthumous"]),
    "exclusive": lambda document: Exclusive.from_body(document["exclusive"]),
    "representation": _check_representation,
    "replaces_in_person_work": _check_replaces,
    "supersedes": _check_supersedes,
}
