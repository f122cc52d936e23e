"""Read paper consents from a CSV file, one prior record a line."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from consent.registry.errors import RegistryError
from consent.registry.operations.import_prior_record import import_prior_record
from consent.registry.ports import RegistryPorts
from consent.server.embedded.errors import StartError

REQUIRED = ("who", "signed_on", "uses", "scan_sha256", "vouched_by")
OPTIONAL = ("performer", "valid_until")
MAX_FIELD_CHARS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a line: the record's id, or the fault in words."""

    line: int
    record: str | None = None
    fault: str = ""


def import_file(path: Path, ports: RegistryPorts, *, organization: str, livemode: bool) -> Iterator[Outcome]:
    """Import line by line; a faulty line stops nothing.

    Raises:
        StartError: the file cannot be read as such a table.
    """
    csv.field_size_limit(MAX_FIELD_CHARS)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, strict=True)
            columns = set(table.fieldnames or ())
            if wrong := (set(REQUIRED) - columns) | (columns - set(REQUIRED) - set(OPTIONAL)):
                raise StartError(f"{path}: a column is missing or unknown: {', '.join(sorted(wrong))}")
            for row in table:
                yield _import(row, table.line_num, ports, organization=organization, livemode=livemode)
    except OSError as exc:
        raise StartError(f"{path} cannot be read: {exc.strerror}") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise StartError(f"{path} is not CSV in UTF-8: {exc}") from exc


def _import(
    row: Mapping[str, str | None], line: int, ports: RegistryPorts, *, organization: str, livemode: bool
) -> Outcome:
    if None in row or None in row.values():
        return Outcome(line=line, fault="it has more or fewer fields than the header")
    sent = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    try:
        record = import_prior_record(
            ports,
            livemode=livemode,
            organization=organization,
            who=sent["who"],
            signed_on=date.fromisoformat(sent["signed_on"]),
            uses=sent["uses"].split(),
            scan_sha256=sent["scan_sha256"],
            vouched_by=sent["vouched_by"],
            performer=sent["performer"] or None,
            valid_until=date.fromisoformat(sent["valid_until"]) if sent["valid_until"] else None,
        )
    except RegistryError as exc:
        return Outcome(line=line, fault=f"{exc.code}: {exc}")
    except ValueError:
        return Outcome(line=line, fault="a date is not YYYY-MM-DD")
    return Outcome(line=line, record=record)
