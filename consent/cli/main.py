"""The `consent` command: finds the verb, runs it, and turns every error into one sentence and an exit code."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from consent.cli import check, evidence, receipt, scan, trust, verify
from consent.cli.context import Context, Exit
from consent.cli.log import verbs as log
from consent.cli.output import safe_block
from consent.cli.performer import asked, ending, erasing, grants, key, limits, offers, sign
from consent.cli.witness import verbs as witness
from consent.client.errors import ConsentError, Denied, RefusedToSign, Unavailable

DESCRIPTION = "Signed, revocable consent for voice and likeness cloning: ask, scan, verify, sign, end."
EPILOG = """\
exit codes, everywhere: 0 allow or valid, 1 deny or invalid, 2 usage, 3 unavailable or stale

environment: CONSENT_URL (the registry's address), CONSENT_API_KEY or CONSENT_API_KEY_FILE (an organization's key),
CONSENT_TRUST (a trust file), CONSENT_PERFORMER_KEY (a performer's key file)"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="consent",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"consent-registry {_version()}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check.add_parser(verbs)
    scan.add_parser(verbs)
    verify.add_parser(verbs)
    receipt.add_parser(verbs)
    evidence.add_parser(verbs)
    trust.add_parser(verbs)
    log.add_parser(verbs)
    witness.add_parser(verbs)
    performer = verbs.add_parser(
        "performer",
        help="the performer's own side: key, offers, signing, ending",
        description="Read what is offered to you, sign it with a key that only you have, and end it.",
    )
    actions = performer.add_subparsers(dest="action", required=True, metavar="ACTION")
    key.add_parsers(actions)
    offers.add_parsers(actions)
    sign.add_parser(actions)
    ending.add_parsers(actions)
    grants.add_parsers(actions)
    limits.add_parser(actions)
    asked.add_parser(actions)
    erasing.add_parsers(actions)
    return parser


def main(argv: Sequence[str] | None = None, context: Context | None = None) -> int:
    """Run one command line; the exit code. Usage faults exit with 2 through argparse."""
    context = context or Context()
    args = build_parser().parse_args(argv)
    try:
        code: Exit = args.run(args, context)
        context.out.flush()
    except ConsentError as exc:
        context.note(f"consent: {safe_block(str(exc))}")
        return _exit_code(exc)
    except KeyboardInterrupt:
        context.note("consent: stopped")
        return 130  # as shells report SIGINT: neither an allow nor a deny
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away; say nothing more into its pipe
        return Exit.UNAVAILABLE
    return int(code)


def _exit_code(exc: ConsentError) -> Exit:
    if isinstance(exc, Unavailable):
        return Exit.UNAVAILABLE
    return Exit.DENY if isinstance(exc, Denied | RefusedToSign) else Exit.USAGE


def _version() -> str:
    try:
        return version("consent-registry")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    raise SystemExit(main())
