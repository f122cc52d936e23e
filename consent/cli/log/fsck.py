"""`consent log fsck`: derive a whole log again from its entries."""

import argparse

from consent.cli.context import Context, Exit
from consent.cli.log.opened import add_log, reader_from
from consent.cli.output import print_fields, print_json, safe
from consent.client.transparency.fsck import FsckReport, fsck
from signing.base64_lines import b64
from signing.errors import SigningError

PROGRESS_EVERY = 1 << 17


def add_parser(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = actions.add_parser(
        "fsck",
        help="derive a whole log again from its entries, and compare",
        description="Fetch every entry of a log, compute every tile and the root again, and compare.",
        epilog="exit codes: 0 everything fits, 1 something does not, 2 usage, 3 the log cannot be read",
    )
    add_log(parser)
    parser.add_argument(
        "--commitments-only",
        action="store_true",
        help="also require that every entry is a registry's 33-byte commitment and nothing else",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Check, print, and say by the exit code."""
    reader = reader_from(args, context)

    def progress(done: int, size: int) -> None:
        if done % PROGRESS_EVERY == 0:
            context.note(f"{done:,} of {size:,} entries")

    try:
        report = fsck(reader, commitments_only=args.commitments_only, progress=progress)
    except SigningError as exc:
        return refuse(exc, args, context)
    _print(report, args, context)
    return Exit.ALLOW if report.is_whole else Exit.DENY


def refuse(exc: SigningError, args: argparse.Namespace, context: Context) -> Exit:
    """Say why what the log shows is not accepted."""
    if args.json:
        print_json(context, {"valid": False, "why": safe(exc)})
    else:
        context.say(f"invalid: {safe(exc)}")
    return Exit.DENY


def _print(report: FsckReport, args: argparse.Namespace, context: Context) -> None:
    head = report.head.checkpoint
    witnesses = sorted(each.key.name for each in report.head.cosignatures)
    if args.json:
        print_json(
            context,
            {
                "valid": report.is_whole,
                "origin": head.origin,
                "size": head.size,
                "root": b64(head.root),
                "witnesses": witnesses,
                "entries": report.entries,
                "tiles": report.tiles,
                "faults": report.faults,
            },
        )
        return
    context.say("the log is whole" if report.is_whole else "the log is broken")
    print_fields(
        context,
        [
            ("origin", head.origin),
            ("size", head.size),
            ("root", b64(head.root)),
            ("witnesses", ", ".join(witnesses)),
            ("entries", f"{report.entries} derived again"),
            ("tiles", f"{report.tiles} compared"),
        ],
    )
    for fault in report.faults:
        context.say(f"fault: {safe(fault)}")
