"""`consent-server import`: paper consents as prior records. Evidence, never a grant."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from consent.server.commands.registry_here import open_registry


def run(arguments: Sequence[str]) -> int:
    """Import a file; returns the exit status: 1 if any line was refused."""
    parser = argparse.ArgumentParser(
        prog="consent-server import",
        description=__doc__,
        epilog="The CSV file has a header line. Columns: who, signed_on (YYYY-MM-DD), uses (with spaces between), "
        "scan_sha256, vouched_by; and, where known, performer (prf_… or external_id:…) and valid_until. Each line "
        "is imported by itself; a line whose scan is there already is told and left.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--organization", required=True, help="org_…, whom the performers gave their consent")
    parser.add_argument("--side", choices=("live", "test"), required=True)
    options = parser.parse_args(list(arguments))
    made = open_registry()
    from consent.server.operating.prior_records import import_file  # noqa: PLC0415  # models exist only now

    imported = refused = 0
    for outcome in import_file(
        options.file, made.registry, organization=options.organization, livemode=options.side == "live"
    ):
        if outcome.record is not None:
            imported += 1
            print(f"line {outcome.line}: {outcome.record}")
        else:
            refused += 1
            print(f"line {outcome.line}: refused, {outcome.fault}", file=sys.stderr)
    print(f"{imported} imported, {refused} refused")
    return 1 if refused else 0
