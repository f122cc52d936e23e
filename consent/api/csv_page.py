"""Lists as text/csv (RFC 4180): one row an object, columns in the order of the wire type."""

import csv
import io
from typing import Any, get_args

import msgspec

from consent.core.wire.encode import encode

CSV = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these; OWASP "CSV Injection"


def csv_bytes(page: dict[str, Any], answer: Any) -> bytes:
    """The page's objects; lists and objects inside a cell are JSON. The cursor goes in a Link header."""
    row_type = get_args(answer)[0]
    names = [field.encode_name for field in msgspec.structs.fields(row_type)]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    for row in page["data"]:
        members = msgspec.to_builtins(row)
        writer.writerow([_cell(members.get(name)) for name in names])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return encode(value).decode()
