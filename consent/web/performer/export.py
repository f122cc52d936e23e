"""Everything the registry keeps of a performer, as one ZIP for them alone; nobody else's name is in it.

Legal name, birth date and e-mail are in it, so a session that somebody left open is not enough: the passkey
has to have opened it within the last ten minutes.

The file is written as it is read, so that ten thousand consents need no memory for all of them. The last member of
its `data.json` is `complete`: a file without it was cut off on its way.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import IO, Any, cast

from django.http import StreamingHttpResponse
from django.template.loader import render_to_string

from consent.core.instants import format_instant
from consent.registry.errors import AlreadyEnded
from consent.registry.models import Statement
from consent.registry.operations.end_on_session import read_ending
from consent.registry.operations.read_package import PackageBrokenError, opened_statement, read_package
from consent.registry.ports import RegistryPorts
from consent.registry.queries.identity import identity_of
from consent.registry.queries.performer import current_limits
from consent.web.page import Page
from consent.web.performer.export_data import SECTIONS, consent_rows
from consent.web.who import SignedInPerformer

RECENT = timedelta(minutes=10)
ADDRESS = "/me/export"
SCHEMA = "consent-registry/data-export/v2"
PIECE_BYTES = 64 << 10


class _Pieces:
    """What a ZIP writes into: it cannot go back, and gives away what it holds."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes, /) -> int:
        """Hold it until it is taken."""
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self, *, least: int = PIECE_BYTES) -> Iterator[bytes]:
        """What is held, if it is as much as this."""
        if len(self._held) >= least:
            yield bytes(self._held)
            self._held.clear()


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
    response = StreamingHttpResponse(_zipped(ports, me, head), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="my-consent-data.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _zipped(ports: RegistryPorts, me: SignedInPerformer, head: Mapping[str, Any]) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(cast("IO[bytes]", pieces), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", render_to_string("pages/performer/export_readme.txt", {"head": head}))
        with archive.open("data.json", "w", force_zip64=True) as data:
            for text in _written(ports, me, head):
                data.write(text.encode())
                yield from pieces.take()
        for name, content in _files(ports, me):
            archive.writestr(name, content)
            yield from pieces.take()
    yield from pieces.take(least=1)


def _files(ports: RegistryPorts, me: SignedInPerformer) -> Iterator[tuple[str, bytes]]:
    """Each consent as files that stand by themselves: the signed package, the text, the word that it ended."""
    for row in consent_rows(ports, me):
        text = opened_statement(Statement.objects.get(id=row.grant), ports)["text"]
        yield f"consents/{row.grant}.text.md", text.encode()
        try:
            package = read_package(ports, livemode=me.livemode, grant=row.grant, performer=me.performer)
        except PackageBrokenError:
            pass  # what was signed stands in data.json all the same
        else:
            yield f"consents/{row.grant}.grant.json", package
        try:
            ending = read_ending(ports, performer=me.performer, grant=row.grant)
        except AlreadyEnded:
            continue
        if ending is not None:
            yield f"consents/{row.grant}.ended.jws", ending.acknowledgement.encode()


def _written(ports: RegistryPorts, me: SignedInPerformer, head: Mapping[str, Any]) -> Iterator[str]:
    yield "{\n" + "".join(f"{json.dumps(name)}: {_json(value)},\n" for name, value in head.items())
    for name, section in SECTIONS.items():
        comma = ""
        yield f'"{name}": ['
        for each in section(ports, me):
            yield f"{comma}\n{_json(each)}"
            comma = ","
        yield "],\n"
    yield '"complete": true\n}\n'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")
