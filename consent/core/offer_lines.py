"""The lines of an offer: everything a use needs is explicit, nothing stands where it binds nothing."""

import re
from collections.abc import Mapping
from typing import Any, Final

from consent.core.constraints import REGISTER
from consent.core.lines import Line, named_uses, read_constraint, read_line
from consent.core.markdown import is_visible
from consent.core.needs import needed
from consent.core.offer_adult import check_adult
from consent.core.offer_fault import OfferFault
from consent.core.term_error import TermError
from consent.core.territories import HINTS
from consent.core.uses import NEVER_IMPLIED, USES

MAX_LINES: Final = 32
MIN_DESCRIPTION_CHARS: Final = 200  # SHAPES; "reasonably specific description"
MAX_DESCRIPTION_CHARS: Final = 4000
UNREPRESENTED_DESCRIPTION_CHARS: Final = 400  # law page A.2: it replaces work in person, and nobody advises

_LINE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TEXTS: Final = frozenset({"id", "description", "explicit", "initials"})
_READ: Final = frozenset({"id", "uses", "modalities", "purposes", "content_max", "initials", "constraints"})
_MEMBERS: Final = frozenset({"modalities", "purposes", "content_max"})


def check_lines(document: Mapping[str, Any]) -> list[OfferFault]:
    """Every fault of the lines of prepared terms."""
    lines = document.get("lines")
    if lines is None:
        return []  # said already: a required member is missing
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
        return [_fault("/lines", "list_length", f"1 to {MAX_LINES} lines", lines, "lines_invalid")]
    faults: list[OfferFault] = []
    ids: set[str] = set()
    for place, line in enumerate(lines):
        pointer = f"/lines/{place}"
        if not isinstance(line, Mapping):
            faults.append(_fault(pointer, "type", "an object", line, "lines_invalid"))
            continue
        faults.extend(_check_id(line, pointer, ids))
        faults.extend(_check_description(line, pointer, document))
        faults.extend(_check_terms(line, pointer, document))
    return faults


def _fault(pointer: str, rule: str, expected: str, got: object, code: str) -> OfferFault:
    return OfferFault.of(TermError(pointer, rule, expected, got), code)


def _check_id(line: Mapping[str, Any], pointer: str, ids: set[str]) -> list[OfferFault]:
    line_id = line.get("id")
    if not isinstance(line_id, str) or not _LINE_ID.fullmatch(line_id) or line_id in ids:
        expected = "a short id of its own, such as l1"
        return [_fault(f"{pointer}/id", "line_id", expected, line_id, "line_id_invalid")]
    ids.add(line_id)
    return []


def _check_description(
    line: Mapping[str, Any], pointer: str, document: Mapping[str, Any]
) -> list[OfferFault]:
    """A reasonably specific description, in every language the offer is sent in (DESIGN §4)."""
    pointer = f"{pointer}/description"
    texts = line.get("description")
    template = document.get("template")
    language = template.get("language") if isinstance(template, Mapping) else None
    if not isinstance(language, str):
        return []  # said already: the template is invalid
    if isinstance(texts, str):
        texts = {language: texts}
    if not isinstance(texts, Mapping) or not texts:
        return [_fault(pointer, "description", "a text, or texts by language", texts, "description_invalid")]
    if language not in texts:
        return [_fault(pointer, "language", f"a text in {language}", "none", "description_language_missing")]
    least = MIN_DESCRIPTION_CHARS
    representation = document.get("representation")
    kind = representation.get("kind") if isinstance(representation, Mapping) else None
    if document.get("replaces_in_person_work") is True and kind == "none":
        least = UNREPRESENTED_DESCRIPTION_CHARS
    return [
        _fault(
            pointer,
            "description",
            f"{least} to {MAX_DESCRIPTION_CHARS} visible characters, none blank at the ends",
            f"{len(text)} characters" if isinstance(text, str) else text,
            "description_invalid",
        )
        for text in texts.values()
        if not is_description(text, least=least)
    ]


def is_description(text: object, *, least: int = MIN_DESCRIPTION_CHARS) -> bool:
    """Say whether `text` is long enough, NFC, and visible but for its line breaks."""
    return (
        isinstance(text, str)
        and least <= len(text) <= MAX_DESCRIPTION_CHARS
        and text == text.strip()
        and all(is_visible(line) for line in text.split("\n"))
    )


def _check_terms(document: Mapping[str, Any], pointer: str, whole: Mapping[str, Any]) -> list[OfferFault]:
    """The members that deciding reads, then what they must say together."""
    faults = [
        _fault(f"{pointer}/{name}", "member_known", "a documented member", name, "lines_invalid")
        for name in document
        if name not in _READ | _TEXTS
    ]
    for name in ("explicit", "initials"):
        if not isinstance(document.get(name), bool):
            faults.append(
                _fault(f"{pointer}/{name}", "type", "true or false", document.get(name), "lines_invalid")
            )
    if _names_sublicense(document):
        expected = "other companies as recipients; sublicensing is reserved"
        faults.append(
            _fault(f"{pointer}/uses", "sublicense_reserved", expected, "sublicense.grant", "use_reserved")
        )
        return faults
    constraint_faults = _check_constraints(document, pointer)
    if constraint_faults:
        return faults + constraint_faults
    try:
        line = read_line({name: value for name, value in document.items() if name in _READ})
    except TermError as exc:
        return [*faults, OfferFault.of(exc.under(pointer), "lines_invalid")]
    return faults + _check_needs(line, pointer) + check_adult(line, pointer, _published(whole))


def _published(whole: Mapping[str, Any]) -> object:
    on_end = whole.get("on_end")
    return on_end.get("published") if isinstance(on_end, Mapping) else None


def _names_sublicense(document: Mapping[str, Any]) -> bool:
    uses = document.get("uses")
    return isinstance(uses, list) and ("sublicense.grant" in uses or "sublicense" in uses)


def _check_constraints(document: Mapping[str, Any], pointer: str) -> list[OfferFault]:
    """Each tagged constraint by itself, so that every fault is told at once."""
    constraints = document.get("constraints")
    faults = []
    for place, each in enumerate(constraints if isinstance(constraints, list) else []):
        try:
            read_constraint(each)
        except TermError as exc:
            hint = HINTS.get(exc.got, exc.expected)
            error = TermError(exc.pointer, exc.rule, hint, exc.got).under(f"{pointer}/constraints/{place}")
            faults.append(OfferFault.of(error, "constraint_invalid"))
    return faults


def _check_needs(line: Line, pointer: str) -> list[OfferFault]:
    """DECIDING 1, 3, 9: each use has what it needs; what binds no use is refused."""
    faults = []
    uses = named_uses(line)
    has = set(line.tagged)
    if line.modalities is not None:
        has.add("modalities")
    if line.purposes is not None:
        has.add("purposes")
    if line.rank is not None:
        has.add("content_max")
    covered = {name for name, is_covered in uses.items() if is_covered}
    for name in sorted({need for use in covered for need in needed(USES[use])} - has):
        place = f"{pointer}/{name}" if name in _MEMBERS else f"{pointer}/constraints"
        expected = f"{name}, with a value or an explicit any"
        faults.append(_fault(place, "constraint_needed", expected, "nothing", "constraint_missing"))
    for name in sorted(line.uses & NEVER_IMPLIED):
        if name not in covered:
            expected = f"a line with {name} alone and initials"
            faults.append(_fault(f"{pointer}/uses", "never_implied", expected, name, "never_implied"))
    for kind in line.tagged:
        if not any(REGISTER[kind].binds(USES[use], line.adult) for use in uses):
            expected = f"no {kind}: it binds none of these uses"
            faults.append(
                _fault(f"{pointer}/constraints", "constraint_binds", expected, kind, "constraint_misplaced")
            )
    faults.extend(_check_modalities(line, pointer, covered))
    return faults


def _check_modalities(line: Line, pointer: str, covered: set[str]) -> list[OfferFault]:
    """DECIDING 4: a use that shows several needs all of them, or the line could never allow it."""
    if line.modalities is None:
        return []
    faults = []
    for name in sorted(covered & line.uses):
        follows = USES[name].modality
        lacking = set(follows.split("+")) - line.modalities if follows else set()
        if lacking:
            expected = f"{follows}, which {name} shows"
            got = "+".join(sorted(line.modalities))
            faults.append(_fault(f"{pointer}/modalities", "modality", expected, got, "modality_missing"))
    return faults
