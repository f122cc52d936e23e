"""One person in the queue: compare what they said with their document, and approve or refuse."""

import re
from dataclasses import dataclass, field

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.answers import enforced
from consent.registry.errors import Invalid, StateConflict
from consent.registry.examiners_note import examiners_note
from consent.registry.models.identity_check import ADULT_METHODS
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.operations.refuse_identity import refuse_identity
from consent.registry.queries.identity import WaitingPerson, waiting_with_key
from consent.web.page import Page
from consent.web.uploads import DigestedFile
from consent.web.who import SignedInOperator

_SHA256 = re.compile(r"[0-9a-f]{64}")
NOT_SHOWN = "self_attested"  # how a check is recorded in which no document could be seen


@dataclass(slots=True, kw_only=True)
class Said:
    """What the examiner's form says, and what has to be mended in it, by field."""

    examiner: str
    method: str
    keys: list[str]
    sha256: str
    faults: dict[str, str] = field(default_factory=dict)


def examine(page: Page, who: SignedInOperator, *, credential: str) -> HttpResponse:
    """The person whose key this is (`cre_…`), and the two decisions."""
    found = waiting_with_key(page.ports.registry, credential=credential)
    if found is None:
        return page.render("operator/decided.html", status=404, here="identity")
    approves = page.field("decision") == "approve"
    if not page.posted:
        return _show(page, who, found)
    said = _read(page, found, approves=approves)
    if not said.faults:
        try:
            _decide(page, who, found, said, approves=approves)
        except StateConflict:
            return page.render("operator/decided.html", status=409, here="identity")
        except Invalid as exc:
            said.faults[exc.pointer.removeprefix("/")] = _fault(exc)
    if said.faults:
        return _show(page, who, found, said=said, approves=approves)
    page.session["operator_told"] = "approved" if approves else "refused"
    return page.to("/operator/identity")


def _read(page: Page, found: WaitingPerson, *, approves: bool) -> Said:
    method = page.field("method", max_chars=32)
    said = Said(
        examiner=page.field("examiner", max_chars=200),
        method=method if approves or method in ADULT_METHODS else NOT_SHOWN,
        keys=page.fields("keys", most=50),
        sha256="",
    )
    if not said.examiner:
        said.faults["examiner"] = _("Write the name of the person who examined.")
    if not said.keys:
        said.faults["keys"] = _("Choose the keys that they showed you are theirs.")
    if approves and method not in ADULT_METHODS:
        said.faults["method"] = _("Only a document can show that somebody is 18 or older.")
    if approves and page.field("seen") != "yes":
        said.faults["seen"] = _("Say that you saw the document.")
    _read_evidence(page, found, said)
    return said


def _read_evidence(page: Page, found: WaitingPerson, said: Said) -> None:
    """A file's digest, or a digest as text; the test side does with the examiner's own note."""
    upload, text = page.request.FILES.get("evidence"), page.field("sha256", max_chars=64).lower()
    digest = upload.sha256 if isinstance(upload, DigestedFile) and upload.size else ""
    if digest and text and digest != text:
        said.faults["sha256"] = _("The file and these characters are of two different files.")
    elif text and not _SHA256.fullmatch(text):
        said.faults["sha256"] = _("A SHA-256 is 64 characters, 0 to 9 and a to f.")
    elif not (digest or text) and found.livemode:
        said.faults["evidence"] = _("Choose the file that you keep, or write its SHA-256.")
    note = "" if found.livemode else _note(found, said)
    said.sha256 = digest or text or note


def _note(found: WaitingPerson, said: Said) -> str:
    return examiners_note(credential=found.keys[0].credential, examiner=said.examiner, method=said.method)


def _decide(page: Page, who: SignedInOperator, found: WaitingPerson, said: Said, *, approves: bool) -> None:
    """The operations of the command; told once every check knows of it."""
    if not set(said.keys) <= {key.credential for key in found.keys}:
        raise StateConflict("one of these keys does not wait for a check any more")
    ports = page.ports.registry
    if approves:
        written = record_identity_check(
            ports,
            livemode=found.livemode,
            performer=found.performer,
            credentials=said.keys,
            examiner=said.examiner,
            method=said.method,
            evidence_sha256=said.sha256,
            over_18=True,
            actor=who.operator,
        ).written
    else:
        written = refuse_identity(
            ports,
            livemode=found.livemode,
            performer=found.performer,
            credentials=said.keys,
            examiner=said.examiner,
            method=said.method,
            evidence_sha256=said.sha256,
            actor=who.operator,
        )
    enforced(written, ports)


def _fault(exc: Invalid) -> str:
    if exc.rule == "adult":
        return _("By their birth date they are not 18 yet. Nobody under 18 can be approved.")
    return _("This cannot be accepted. Write it in one line, without special characters.")


def _show(
    page: Page,
    who: SignedInOperator,
    found: WaitingPerson,
    *,
    said: Said | None = None,
    approves: bool = True,
) -> HttpResponse:
    chosen = set() if found.recovering else {key.credential for key in found.keys if not key.recovered}
    return page.render(
        "operator/examine.html",
        status=422 if said else 200,
        here="identity",
        livemode=found.livemode,
        trail=[("/operator/identity", _("Identity checks"))],
        waiting=found,
        keys=[(key, key.credential in (said.keys if said else chosen)) for key in found.keys],
        examiner=said.examiner if said else who.display_name,
        method=said.method if said else ADULT_METHODS[0],
        methods=[
            ("document", _("I saw the document")),
            ("document_and_live", _("I saw the document and the person")),
        ],
        faults=said.faults if said else {},
        approving=said is not None and approves,
        refusing=said is not None and not approves,
    )
