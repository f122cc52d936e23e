"""`consent log watch`: a monitor, for anybody who wants to know if a log ever contradicts itself."""

import argparse
from pathlib import Path

from consent.cli.context import Context, Exit
from consent.cli.log.fsck import refuse
from consent.cli.log.opened import add_log, reader_from
from consent.cli.output import print_json, safe
from consent.client.errors import ConfigurationError
from consent.client.transparency.watched import Watched
from consent.client.transparency.watching import Contradiction, Step, Watcher
from signing.base64_lines import b64
from signing.errors import SigningError

EPILOG = """\
Follows the log's checkpoints and proves each to be a continuation of the one before. The last is kept in the state
file, so a monitor that was stopped goes on where it was. Ends with exit code 1 when two signed checkpoints do not fit
together (both are kept beside the state file: they are the proof), and with 3 when the log shows nothing fresh for
longer than --silence. Run it under a supervisor that tells you when it ends."""


def add_parser(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = actions.add_parser(
        "watch",
        help="follow a log, and end with an alarm on a fork or on silence",
        description="Follow a log, and end with an alarm on a fork or on silence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_log(parser)
    parser.add_argument(
        "--state", type=Path, required=True, metavar="FILE", help="where the last proven checkpoint is kept"
    )
    parser.add_argument(
        "--silence", type=float, default=900.0, metavar="SECONDS", help="how long it may be silent (900)"
    )
    parser.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="how often it is looked at (10)"
    )
    parser.add_argument("--once", action="store_true", help="look once; 3 if the log cannot be read")
    parser.add_argument("--json", action="store_true", help="print each step as a JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Look until something is wrong, or once."""
    if not (0 < args.every < float("inf") and 0 < args.silence < float("inf")):
        raise ConfigurationError("--every and --silence: expected a number of seconds above 0")
    watcher = Watcher(
        reader_from(args, context), Watched(args.state), silence_s=args.silence, now=context.now
    )
    shown: Step | None = None
    while True:
        try:
            step = watcher.look()
        except Contradiction as exc:
            context.say(f"FORK: {safe(exc)}")
            return Exit.DENY
        except SigningError as exc:
            return refuse(exc, args, context)
        if step is not None and (shown is None or step.grown_by):
            _print(step, args, context)
            shown = step
        if args.once:
            return Exit.ALLOW if step is not None else Exit.UNAVAILABLE
        context.sleep(args.every)


def _print(step: Step, args: argparse.Namespace, context: Context) -> None:
    head = step.head.checkpoint
    if args.json:
        print_json(
            context,
            {
                "origin": head.origin,
                "size": head.size,
                "root": b64(head.root),
                "grown_by": step.grown_by,
                "witnesses": sorted(each.key.name for each in step.head.cosignatures),
            },
        )
    else:
        context.say(safe(f"{head.origin}  size {head.size}  +{step.grown_by}  root {b64(head.root)}"))
    context.out.flush()
