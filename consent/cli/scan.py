"""`consent scan`: check every row of a training manifest."""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from consent.cli.connection import UNVERIFIED, local_from, registry_from
from consent.cli.context import Context, Exit
from consent.cli.output import print_json, print_table
from consent.cli.question_options import assignment
from consent.client.errors import ConfigurationError, Unavailable
from consent.client.local.registry import LocalRegistry
from consent.client.manifests.columns import Columns
from consent.client.manifests.report import ScanReport
from consent.client.manifests.scan import scan
from consent.client.manifests.source import FORMATS, open_manifest, spooled
from consent.client.manifests.verdicts import Verdict

COPY_STEP_S = (
    10.0  # a first copy takes minutes for a million consents; one that stands still so long is given up
)
SHOWN_GROUPS = 20  # rows of the table; report.json has them all
EPILOG = """\
example:
  consent scan manifest.csv --column external_id=speaker_id --set use=train.voice \\
      --set territory=DE --set language=de --set purpose=audiobook

Every row is `allow`, `deny`, `unknown subject` or `invalid`. Each distinct question is asked once; where
outputs count (infer.*, edit.*, publish.*), for as many outputs as rows ask it. A list in one cell is
separated by `;`. The report folder holds report.json, rows.csv (a verdict for every line) and the signed
receipts. With --local it is decided on this machine, on a verified copy of your consents: fast for millions of
rows, needs CONSENT_TRUST, and leaves no record and no receipts. --state keeps the copy for the next scan.

exit codes: 0 every row is allowed, 1 some row is not, 2 usage, 3 no answer to rely on"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "scan",
        help="check every row of a training manifest (CSV or JSON Lines)",
        description="Check every row of a manifest and keep a signed report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "manifest", type=Path, help="a .csv, .tsv, .jsonl or .ndjson file, or - for standard input"
    )
    parser.add_argument(
        "--column", action="append", default=[], metavar="MEMBER=COLUMN",
        help="take a member of the question from a column (external_id=speaker_id); repeat it",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="MEMBER=VALUE", dest="constants",
        help="the same member for every row (use=train.voice); repeat it",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=FORMATS, default="", help="the file's format, where its name does not say"
    )
    parser.add_argument(
        "--delimiter", default="", metavar="CHAR", help="what separates columns (default: a comma)"
    )
    parser.add_argument(
        "--encoding", default="utf-8", metavar="NAME", help="the text's encoding (default: utf-8)"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="where the report goes (default: beside you)"
    )
    parser.add_argument(
        "--local", action="store_true", help="decide on this machine, on a verified copy; no receipts"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="with --local: keep the copy in this file for the next time",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Scan, print, and say by the exit code."""
    columns = Columns(
        mapped=_assignments(args.column, "--column"), constants=_assignments(args.constants, "--set")
    )
    if args.state is not None and not args.local:
        raise ConfigurationError("--state: expected it with --local, got it alone")
    with ExitStack() as stack:
        registry = stack.enter_context(_local(args, context)) if args.local else registry_from(context)
        piped = str(args.manifest) == "-"
        path = stack.enter_context(spooled(context.stdin)) if piped else args.manifest
        manifest = open_manifest(
            path,
            format_name=args.format or ("csv" if piped else ""),
            delimiter=args.delimiter,
            encoding=args.encoding,
            name="stdin" if piped else "",
        )
        folder = args.report or _default_folder(manifest.name, context)
        report = scan(
            manifest,
            columns=columns,
            registry=registry,
            folder=folder,
            now=context.now,
            progress=lambda text: None if args.quiet else context.note(f"scan: {text}"),
        )
    if args.json:
        print_json(context, report.to_json())
    else:
        print_report(report, context)
    if args.local:
        context.note("decided on this machine: the registry has no record of it, and there are no receipts")
    elif not report.receipts_verified:
        context.note(UNVERIFIED)
    context.note(f"report: {folder}")
    return Exit.ALLOW if report.allowed else Exit.DENY


def print_report(report: ScanReport, context: Context) -> None:
    """The report for a person: totals, then who is behind them, most rows first, allowed ones last."""
    context.say(
        f"{report.manifest}: {report.rows} rows, {len(report.groups)} questions, sha256 {report.sha256}"
        f"{'' if report.livemode else '  (test side)'}"
    )
    print_table(
        context, ["verdict", "rows"], [[verdict.value, count] for verdict, count in report.counts.items()]
    )
    shown = sorted(
        report.groups, key=lambda group: (group.verdict is Verdict.ALLOW, -group.rows, group.number)
    )
    if shown:
        context.say()
        print_table(
            context,
            ["rows", "verdict", "subject", "reasons", "missing"],
            [
                [
                    group.rows,
                    group.verdict.value,
                    group.subject,
                    " ".join(group.reasons) or group.why or "-",
                    " ".join(group.missing) or "-",
                ]
                for group in shown[:SHOWN_GROUPS]
            ],
        )
    if len(shown) > SHOWN_GROUPS:
        context.say(f"… and {len(shown) - SHOWN_GROUPS} more in report.json")
    for line, why in report.faults[:SHOWN_GROUPS]:
        context.say(f"line {line}: {why}")
    if report.unreadable > len(report.faults[:SHOWN_GROUPS]):
        context.say(f"… and {report.unreadable - SHOWN_GROUPS} more unreadable rows in rows.csv")
    context.say()
    context.say(
        "every row is allowed"
        if report.allowed
        else "not every row is allowed: do not train on this manifest"
    )


def _local(args: argparse.Namespace, context: Context) -> LocalRegistry:
    """A local registry with its first complete copy."""
    local = local_from(context, file=args.state, online_fallback=False)
    try:
        _wait_for_copy(local, lambda text: None if args.quiet else context.note(f"scan: {text}"))
    except BaseException:
        local.close()
        raise
    if problem := local.status().file_problem:
        context.note(problem)
    return local


def _wait_for_copy(local: LocalRegistry, progress: Callable[[str], None]) -> None:
    """Wait for the first complete copy as long as more of it comes. Raises Unavailable."""
    read = -1
    while True:
        try:
            local.ready(COPY_STEP_S)
        except Unavailable:
            reading = local.status().reading
            if reading <= read or reading == 0:
                raise
            read = reading
            progress(f"the facts of {read} performers read")
        else:
            return


def _assignments(texts: list[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, value = assignment(text, option)
        if name in found:
            raise ConfigurationError(f"{option}: expected {name} once, got it twice")
        found[name] = value
    return found


def _default_folder(name: str, context: Context) -> Path:
    """A folder of this scan's own in the current directory: a report is never overwritten."""
    return Path(f"{name}.{context.now():%Y%m%dT%H%M%SZ}.consent")
