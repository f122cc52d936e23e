"""Everything the registry keeps of a performer, as one file for them alone; nobody else's name is in it.

Legal name, birth date and e-mail are in it, so a session that somebody left open is not enough: the passkey
has to have opened it within the last ten minutes.

The file is written as it is read, so that ten thousand consents need no memory for all of them. Its last
member is `complete`: a file without it was cut off on its way.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import StreamingHttpResponse

from consent.core.instants import format_instant
from consent.registry.models import IdentityCheck, StageName, Statement
from consent.registry.operations.read_package import opened_statement
from consent.registry.ports import RegistryPorts
from consent.registry.queries.events import events_of_performer
from consent.registry.queries.identity import identity_of
from consent.registry.queries.pages import ConsentRow, consents_page
from consent.registry.queries.performer import credentials_of, current_limits, offers_to
from consent.registry.stored_json import from_bytes
from consent.web.page import Page
from consent.web.who import SignedInPerformer

AT_ONCE = 100
RECENT = timedelta(minutes=10)
ADDRESS = "/me/export"
SCHEMA = "consent-registry/data-export/v1"
Section = Callable[[RegistryPorts, SignedInPerformer], Iterator[Mapping[str, Any]]]


def export(page: Page, me: SignedInPerformer) -> Any:  # a streaming answer, which Django types apart
    """The file, or first the passkey again."""
    if me.came_in is None or page.now - me.came_in > RECENT:
        return page.to(f"/sign-in?anew&next={ADDRESS}")
    ports = page.ports.registry
    person = identity_of(ports, performer=me.performer)
    head = {
        "schema": SCHEMA,
        "registry": ports.origin,
        "livemode": me.livemode,
        "exported_at": format_instant(page.now),
        "identity": {
            "legal_name": person.legal_name,
            "birth_date": person.birth_date.isoformat(),
            "email": person.email,
        },
        "limits": current_limits(ports, performer=me.performer).body,
    }
    response = StreamingHttpResponse(_written(ports, me, head), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-consent-data.json"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _written(ports: RegistryPorts, me: SignedInPerformer, head: Mapping[str, Any]) -> Iterator[str]:
    yield "{\n" + "".join(f"{json.dumps(name)}: {_json(value)},\n" for name, value in head.items())
    for name, section in _SECTIONS.items():
        comma = ""
        yield f'"{name}": ['
        for each in section(ports, me):
            yield f"{comma}\n{_json(each)}"
            comma = ","
        yield "],\n"
    yield '"complete": true\n}\n'


def _stage_names(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    for row in StageName.objects.filter(performer_id=me.performer).order_by("id"):
        yield {"name": row.name, "since": row.created_at}


def _keys(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    for row in credentials_of(me.performer):
        yield {
            "credential": row.id,
            "label": row.label,
            "kind": row.kind,
            "public_key": row.public_key,
            "state": row.state,
            "introduced_by": row.introduced_by,
            "created_at": row.created_at,
            "usable_from": row.usable_from,
            "blocked_at": row.blocked_at,
        }


def _checks(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    for row in IdentityCheck.objects.filter(performer_id=me.performer).order_by("checked_at", "id"):
        yield {
            "method": row.method,
            "examiner": row.examiner,
            "checked_at": row.checked_at,
            "over_18": row.over_18,
            "evidence_sha256": row.evidence_sha256,
        }


def _requests(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    rows = offers_to(me.performer).select_related("organization")
    for row in rows.iterator(chunk_size=AT_ONCE):
        yield {
            "offer": row.id,
            "company": row.organization.legal_name,
            "state": row.state,
            "stage_name": row.performer_name,
            "terms": from_bytes(row.terms),
            "you_wrote": row.requested_changes,
            "sent_at": row.sent_at,
            "first_shown_at": row.viewed_at,
            "closed_at": row.closed_at,
        }


def _consents(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        # A stop is told of when it is enforced: `consents_page` waits before it returns.
        found = consents_page(ports, performer=me.performer, after=after, limit=AT_ONCE)
        statements = Statement.objects.in_bulk([row.grant for row in found.rows])
        for row in found.rows:
            yield _consent(ports, row, statements[row.grant])
        if found.next is None:
            return
        after = found.next


def _consent(ports: RegistryPorts, row: ConsentRow, statement: Statement) -> Mapping[str, Any]:
    opened = opened_statement(statement, ports)
    return {
        "grant": row.grant,
        "company": row.organization_name,
        "state": row.state if row.reads != "ended" or row.ended_at else "expired",
        "paused_by": list(row.holders),
        "signed_at": row.signed_at,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "ended_at": row.ended_at,
        "ends_at": row.ending_at,
        "envelope": opened["envelope"],
        "text": opened["text"],
    }


def _events(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[Mapping[str, Any]]:
    before: int | None = None
    while found := events_of_performer(ports, performer=me.performer, before_seq=before, limit=AT_ONCE):
        for event in found:
            yield {"event": event.id, "kind": event.kind, "at": event.at, "body": event.body}
        before = found[-1].seq


_SECTIONS: Mapping[str, Section] = {
    "stage_names": _stage_names,
    "keys": _keys,
    "identity_checks": _checks,
    "requests": _requests,
    "consents": _consents,
    "history": _events,
}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")
