"""A scan report held against its receipts: what it says of each question is what the registry signed."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from consent.client.manifests.report import SCHEMA
from consent.client.manifests.verdicts import UNKNOWN_SUBJECT_REASON, Verdict
from signing.bodies.fields import (
    Check,
    boolean,
    constant,
    fail,
    integer,
    one_of,
    pattern,
    record,
    sha256,
    text,
)
from signing.canonical import JSON, canonicalize, parse, sha256_hex
from signing.errors import UntrustedError
from signing.receipt import Receipt, ReceiptItem, verify_receipt
from signing.trust import Trust

MAX_REPORT_BYTES = 64 << 20  # some 100,000 distinct questions
_NAME = pattern(
    re.compile(r"receipts/batch-[0-9]{4,9}\.receipt", re.ASCII), "name", "receipts/batch-0001.receipt"
)
_DECIDED = (Verdict.ALLOW, Verdict.DENY, Verdict.UNKNOWN_SUBJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedReport:
    """A scan whose every decision stands in a receipt that verifies.

    The rows themselves are nowhere signed: compare `manifest_sha256` with the manifest. `counts` are rows per verdict.
    """

    manifest: str
    manifest_sha256: str
    rows: int
    livemode: bool
    counts: Mapping[str, int]
    receipts: tuple[Receipt, ...]

    @property
    def allowed(self) -> bool:
        """Whether there are rows and all of them are allowed."""
        return self.rows > 0 and self.counts[Verdict.ALLOW.value] == self.rows


def verify_report(
    data: bytes,
    *,
    beside: Callable[[str], bytes],
    trust: Trust,
    at: datetime,
    expected_audience: str | None,
    allow_test: bool = False,
) -> VerifiedReport:
    """Verify a report.json with the receipts that lie `beside` it, read by their names.

    Raises:
        MalformedError: not a report.
        SignatureError, UntrustedError: a receipt does not verify, is missing in the report, was exchanged, or says
            something else than the report; or the report was decided without the registry.
    """
    report = _read(data)
    if not report["receipts"]:
        raise UntrustedError("report has no receipts: nothing in it was signed by a registry")
    receipts: dict[str, Receipt] = {}
    for name, digest in cast("dict[str, str]", report["receipts"]).items():
        kept = beside(name)
        if sha256_hex(kept) != digest:
            raise UntrustedError(f"{name} is not the file that the report names")
        receipts[name] = verify_receipt(
            kept, trust=trust, at=at, expected_audience=expected_audience, allow_test=allow_test
        )
        if receipts[name].livemode is not report["livemode"]:
            raise UntrustedError(f"{name} is of the other side than the report")
    items = {name: {item.decision_id: item for item in each.items} for name, each in receipts.items()}
    counts = Counter({verdict.value: 0 for verdict in Verdict})
    groups = cast("list[dict[str, JSON]]", report["groups"])
    for place, group in enumerate(groups):
        name = str(group.get("receipt", ""))
        if group["verdict"] in _DECIDED:
            item = items.get(name, {}).get(str(group.get("decision_id", "")))
            _check_group(group, item, receipts.get(name), f"/groups/{place}")
        counts[str(group["verdict"])] += cast("int", group["rows"])
    manifest = cast("dict[str, JSON]", report["manifest"])
    rows = cast("int", manifest["rows"])
    counts[Verdict.INVALID.value] += rows - sum(
        counts.values()
    )  # rows that could not be read ask no question
    _check_sums(report, counts, rows)
    return VerifiedReport(
        manifest=str(manifest["name"]),
        manifest_sha256=str(manifest["sha256"]),
        rows=rows,
        livemode=report["livemode"] is True,
        counts=dict(counts),
        receipts=tuple(receipts.values()),
    )


def _check_group(
    group: Mapping[str, JSON], item: ReceiptItem | None, receipt: Receipt | None, pointer: str
) -> None:
    """The group says of its question what its receipt says."""
    if item is None or receipt is None:
        raise UntrustedError(f"{pointer}: no receipt holds this decision")
    asked = sha256_hex(canonicalize(cast("dict[str, JSON]", group["asked"])))
    if item.req_sha256 != receipt.salted(asked):
        raise UntrustedError(f"{pointer}: the receipt is of another question")
    said = Verdict.ALLOW if item.allowed else Verdict.DENY
    if said is Verdict.DENY and UNKNOWN_SUBJECT_REASON in item.reasons:
        said = Verdict.UNKNOWN_SUBJECT
    if group["verdict"] != said.value:
        raise UntrustedError(f"{pointer}: says {group['verdict']!r}, and its receipt {said.value!r}")
    for name in ("reasons", "obligations"):
        if list(getattr(item, name)) != group.get(name, []):
            raise UntrustedError(f"{pointer}: has other {name} than its receipt")


def _check_sums(report: Mapping[str, JSON], counts: Mapping[str, int], rows: int) -> None:
    if report["counts"] != dict(counts) or any(count < 0 for count in counts.values()):
        raise UntrustedError("the counts of the report are not those of its questions")
    allowed = rows > 0 and counts[Verdict.ALLOW.value] == rows
    if report["verdict"] != ("allow" if allowed else "deny"):
        raise UntrustedError(f"the report says {report['verdict']!r}, and its questions say otherwise")


def _any(value: JSON, pointer: str) -> None:
    """Information of the scan that no receipt can bear out."""


def _list(member: Check) -> Check:
    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, list):
            fail("not a list", pointer, "type", "a list")
        for place, each in enumerate(value):
            member(each, f"{pointer}/{place}")

    return check


def _receipts(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")
    for name, digest in value.items():
        _NAME(name, pointer)
        sha256(digest, f"{pointer}/{name}")


def _object(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")


_GROUP = record(
    {"question": integer(0), "verdict": one_of(*Verdict), "rows": integer(1), "asked": _object},
    dict.fromkeys(("reasons", "missing", "next_step", "obligations", "decision_id", "receipt", "why"), _any),
)
_REPORT = record(
    {
        "schema": constant(SCHEMA),
        "verdict": one_of("allow", "deny"),
        "manifest": record({"name": text(4096), "sha256": sha256, "bytes": integer(0), "rows": integer(0)}),
        "counts": _object,
        "livemode": boolean,
        "groups": _list(_GROUP),
        "unreadable": _list(_any),
        "receipts": _receipts,
        **dict.fromkeys(
            ("columns", "constants", "registry", "started_at", "ended_at", "receipts_verified", "decided"),
            _any,
        ),
    },
    {"as_of": _any},
)


def _read(data: bytes) -> dict[str, JSON]:
    value = parse(data, max_bytes=MAX_REPORT_BYTES)
    _REPORT(value, "")
    return cast("dict[str, JSON]", value)
