"""`consent receipt proof`: make a receipt rest on the public log."""

import argparse
from pathlib import Path

from consent.cli.connection import registry_from
from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json
from consent.client.described import describe
from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded
from consent.client.receipt_proofs import SUFFIX
from signing.receipt import MAX_RECEIPT_BYTES

EPILOG = """\
A receipt rests on the registry's receipt key. Its proof rests on the public log, which witnesses see: it also holds
when that key is lost, and nobody can make one afterwards. The file encloses the receipt. `consent verify` reads it.

exit codes: 0 saved, 2 usage, 3 the log is not published so far, or the registry cannot be asked

environment: CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE), CONSENT_TRUST"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "receipt",
        help="get the log proof of a receipt",
        description="Get what proves a receipt from the public log alone.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    proof = actions.add_parser(
        "proof",
        help="fetch the log proof of a receipt, verify it, and save both as one file",
        description="Fetch the log proof of a receipt, verify it, and save both as one file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    proof.add_argument("receipt", type=Path, metavar="RECEIPT", help="the file of the receipt")
    proof.add_argument("--out", type=Path, metavar="FILE", help=f"default: RECEIPT{SUFFIX}")
    proof.add_argument("--replace", action="store_true", help="replace a file that is there already")
    proof.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait until it is published (0)",
    )
    proof.add_argument("--json", action="store_true", help="print what was proven as JSON")
    proof.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Fetch, verify, save, show."""
    if not 0 <= args.wait < float("inf"):
        raise ConfigurationError("--wait: expected a number of seconds, 0 or more")
    receipt = read_bounded(args.receipt, max_bytes=MAX_RECEIPT_BYTES, what="a receipt")
    out = args.out or args.receipt.with_name(args.receipt.name + SUFFIX)
    proof = registry_from(context).receipt_proof(receipt, wait_s=args.wait)
    proof.save(out, replace=args.replace)
    context.note(f"saved {out}")
    proven = describe(proof.proven, at=context.now(), compared=False)
    if args.json:
        print_json(context, {"valid": True, **proven})
        return Exit.ALLOW
    context.say(f"valid {proven['kind']}{'' if proven['livemode'] else '  (test side)'}")
    shown = ("receipt", "issued_at", "committed_at", "log", "log_index", "log_size", "log_root", "witnesses")
    print_fields(context, [(name.replace("_", " "), proven[name]) for name in shown])
    return Exit.ALLOW
