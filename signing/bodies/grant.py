"""The body of a grant: a performer's signed yes to an offer (SPEC §4.3; SHAPES "Statement bodies")."""

from signing.bodies.fields import (
    boolean,
    constant,
    country,
    fail,
    identifier,
    instant,
    integer,
    language,
    line_id,
    nonce,
    nullable,
    one_of,
    open_object,
    open_value,
    record,
    sequence,
    set_of,
    sha256,
    template_id,
    text,
    thumbprint,
    token,
)
from signing.bodies.prohibition import prohibitions
from signing.canonical import JSON
from signing.instants import parse_instant
from signing.purposes import statement_schema

MAX_LINES = 32
MAX_CONSTRAINTS = 32  # one of each kind, and room for kinds to come
MIN_DESCRIPTION, MAX_DESCRIPTION = 200, 4000  # law page §B.2: "reasonably specific description"
ANY = "*"  # DECIDING 1: the explicit "any"


def _word_or_any(value: JSON, pointer: str) -> None:
    if value != ANY:
        token(value, pointer)


def _constraint(value: JSON, pointer: str) -> None:
    """`kind`, `v` and members of the kind's own, which this package does not know."""
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")
    record(
        {"kind": token, "v": integer(1, 1000)}, dict.fromkeys(value.keys() - {"kind", "v"}, open_value(2))
    )(value, pointer)
    open_value(3)(value, pointer)


_LINE = record(
    required={
        "id": line_id,
        "uses": set_of(token, longest=64),
        "purposes": set_of(_word_or_any, longest=64),
        "description": text(MAX_DESCRIPTION, shortest=MIN_DESCRIPTION, lines=True),
        "explicit": boolean,
        "initials": boolean,
        "constraints": sequence(_constraint, longest=MAX_CONSTRAINTS),
    },
    optional={"modalities": set_of(token, longest=16), "content_max": token},
)
_LICENSEE = record(
    {"id": identifier("org"), "legal_name": text(200), "country": country, "contact": text(254)}
)
_RECIPIENT = record(
    {"id": identifier("org"), "legal_name": text(200), "role": one_of("host", "processor")}
)  # DECIDING 13
_TEMPLATE = record({"id": template_id, "version": integer(1), "language": language, "text_sha256": sha256})
_ON_END = record(
    {"published": one_of("keep", "unpublish"), "model": one_of("delete", "quarantine", "retain_no_use")},
    {"model_days": integer(0, 3650)},
)
_COMPENSATION = record({"kind": one_of("paid", "unpaid", "revshare")}, {"terms_sha256": sha256})
_POSTHUMOUS = record({"allowed": boolean}, {"years": integer(1, 70), "controller_ref": text(200)})
_REPRESENTATION = record(
    {"kind": token}, {"name": text(200), "authority_ref": text(200), "cba_ref": text(200)}
)
_BODY = record(
    required={
        "schema": constant(statement_schema("grant")),
        "id": identifier("grt"),
        "livemode": boolean,
        "performer": identifier("prf"),
        "performer_name": text(120),
        "credential": thumbprint,
        "licensee": _LICENSEE,
        "offer": identifier("off"),
        "template": _TEMPLATE,
        "lines": sequence(_LINE, longest=MAX_LINES),
        "valid_from": instant,
        "valid_until": instant,
        "on_end": _ON_END,
        "compensation": _COMPENSATION,
        "posthumous": nullable(_POSTHUMOUS),
        "exclusive": nullable(open_object(2)),
        "representation": _REPRESENTATION,
        "replaces_in_person_work": boolean,
        "attestations": set_of(token, longest=32),
        "nonce": nonce,
        "supersedes": nullable(identifier("grt")),
    },
    optional={
        "recipients": sequence(_RECIPIENT, longest=64),
        "project": record({"ref": text(64), "title": text(200)}),
        "prohibitions": prohibitions,
        "obligations": set_of(token, longest=64),
    },
)


def check_grant(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a grant.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
    _refuse_repeats(body["lines"], "/lines", "id")
    for index, line in enumerate(_objects(body["lines"])):
        _refuse_repeats(line["constraints"], f"/lines/{index}/constraints", "kind")
    recipients = [(str(each["id"]), str(each["role"])) for each in _objects(body.get("recipients", []))]
    for index in range(1, len(recipients)):
        if not recipients[index - 1] < recipients[index]:
            fail("not sorted by id and role", f"/recipients/{index}", "sorted_set", "ascending, each once")
    if not parse_instant(body["valid_from"]) < parse_instant(body["valid_until"]):
        fail("ends before it begins", "/valid_until", "window", "later than valid_from")
    if body["supersedes"] == body["id"]:
        fail("a grant cannot supersede itself", "/supersedes", "supersedes", "another grant, or null")


def _objects(value: JSON) -> list[dict[str, JSON]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _refuse_repeats(listed: JSON, pointer: str, name: str) -> None:
    seen: set[JSON] = set()
    for index, each in enumerate(_objects(listed)):
        if each[name] in seen:
            fail("stands twice", f"{pointer}/{index}/{name}", "unique", "each once")
        seen.add(each[name])
