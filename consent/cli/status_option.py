"""`--status` and `--status-list`: whether the consent of a package still stands, by its registry's status list."""

import argparse
from datetime import datetime
from pathlib import Path

from consent.cli.context import Context
from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.evidence import Evidence
from consent.client.files import read_bounded
from consent.client.grant_status import GrantStatus, fetch_status_list, grant_status
from signing import jws
from signing.errors import SigningError
from signing.instants import format_instant
from signing.package import VerifiedPackage
from signing.trust import Trust


def add_status(parser: argparse.ArgumentParser) -> None:
    """Whether to look, and where."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--status",
        action="store_true",
        help="also fetch the status list that a grant package names, and demand that the consent stands",
    )
    which.add_argument(
        "--status-list", type=Path, metavar="FILE", help="the same with a list that was fetched before"
    )


def status_from(
    evidence: Evidence, args: argparse.Namespace, context: Context, *, trust: Trust, at: datetime
) -> GrantStatus | None:
    """What the list says of the consent; None where nobody asked.

    Raises:
        ConfigurationError: the document names no place in a list, or the file cannot be read.
        Unavailable: the list cannot be had, or is not to be relied on.
    """
    if not args.status and args.status_list is None:
        return None
    if not isinstance(evidence, VerifiedPackage):
        raise ConfigurationError("--status: expected a grant package, got a document without a status")
    recorded = evidence.countersignature
    if args.status_list is None:
        token = fetch_status_list(recorded.status_uri, transport=context.transport())
    else:
        data = read_bounded(args.status_list, max_bytes=jws.MAX_TOKEN_BYTES, what="a status list")
        token = data.strip().decode("ascii", errors="replace")
    try:
        return grant_status(token, countersignature=recorded, trust=trust, at=at)
    except SigningError as exc:
        raise UnreliableAnswer(f"the status list cannot be relied on: {exc}") from exc


def status_words(evidence: Evidence, found: GrantStatus | None) -> dict[str, object]:
    """A package's member `status` for machines: the place, and what the list says there if it was asked."""
    if not isinstance(evidence, VerifiedPackage):
        return {}
    recorded = evidence.countersignature
    said: dict[str, object] = {
        "uri": recorded.status_uri,
        "idx": recorded.status_idx,
        "checked": found is not None,
    }
    if found is not None:
        said |= {"says": found.says, "issued_at": format_instant(found.issued_at)}
    return {"status": said}


def status_line(evidence: Evidence, found: GrantStatus | None) -> str | None:
    """The same for a person; None for a document that has no status."""
    if not isinstance(evidence, VerifiedPackage):
        return None
    if found is None:
        return "not checked: --status asks the list, `consent check` the registry"
    return f"{found.says}, as of {format_instant(found.issued_at)}"
