"""`consent evidence`: what was consented to at an instant of the past, as a file that stands by itself."""

import argparse
from datetime import datetime
from pathlib import Path

from consent.cli.connection import registry_from
from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json, safe
from consent.cli.question_options import assignment
from consent.client.asking import MEMBERS, Kind
from consent.client.described_bundle import Facts, describe_bundle
from consent.client.errors import ConfigurationError
from consent.client.evidence_bundles import KeptEvidence
from signing.errors import SigningError
from signing.instants import parse_instant

SHOWN = (
    "about", "creation_then", "creation_now", "publication_then", "publication_now", "consents", "signings_in_log",
    "activations_in_log", "fingerprint",
)  # fmt: skip
EPILOG = """\
The bundle holds the signed answer, every consent it rests on, log proofs, a PDF that a court can read, and VERIFY.md
with the commands to check all of it by hand. Creating and publishing are judged apart: then (what the registry knew at
that instant) and now (without consents that were voided since). `consent verify` reads it, offline.

  consent evidence --grant grt_…
  consent evidence --performer prf_… --use train.voice --use publish.stream \\
      --say territory=DE --say purpose=audiobook --at 2026-03-03T12:00:00Z

exit codes: 0 saved, 2 usage, 3 the registry cannot be asked; what the verdicts are is no error

environment: CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE), CONSENT_TRUST"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "evidence",
        help="save evidence of what was consented to at an instant",
        description="Save evidence of what was consented to at an instant, verified.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--grant", metavar="GRANT", help="grt_…: of this consent, as it names its uses itself")
    whom.add_argument("--performer", metavar="PERFORMER", help="prf_…: of everything they gave you")
    whom.add_argument("--external-id", metavar="ID", help="the same by your own name for the performer")
    parser.add_argument("--use", action="append", default=[], metavar="USE", help="what for; repeat it")
    parser.add_argument(
        "--say",
        action="append",
        default=[],
        metavar="MEMBER=VALUE",
        help="what else every question says, such as territory=DE; repeat it",
    )
    parser.add_argument(
        "--decision",
        action="append",
        default=[],
        metavar="DECISION",
        help="dec_…: enclose its receipt; repeat it",
    )
    add_saving(parser)
    parser.set_defaults(run=run)


def add_saving(parser: argparse.ArgumentParser) -> None:
    """The options that whoever saves a bundle has."""
    parser.add_argument(
        "--at",
        metavar="INSTANT",
        help="the instant, YYYY-MM-DDTHH:MM:SSZ, to the end of that second (default: now)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("evidence.zip"), metavar="FILE", help="default: evidence.zip"
    )
    parser.add_argument("--replace", action="store_true", help="replace a file that is there already")
    parser.add_argument("--json", action="store_true", help="print what was proven as JSON")


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Fetch, verify, save, show."""
    said = dict(assignment(each, "--say") for each in args.say)
    if said and not args.use:
        raise ConfigurationError("--say: expected it with --use, which it belongs to")
    kept = registry_from(context).evidence(
        [{"use": use, **{name: _typed(name, value) for name, value in said.items()}} for use in args.use],
        performer=args.performer,
        external_id=args.external_id,
        grant=args.grant,
        at=instant_of(args),
        decisions=args.decision,
    )
    return save(kept, args, context)


def instant_of(args: argparse.Namespace) -> datetime | None:
    """The instant of `--at`. Raises ConfigurationError for another form."""
    try:
        return None if args.at is None else parse_instant(args.at, pointer="--at")
    except SigningError as exc:
        raise ConfigurationError(f"--at: expected YYYY-MM-DDTHH:MM:SSZ, got {args.at[:60]!a}") from exc


def save(kept: KeptEvidence, args: argparse.Namespace, context: Context) -> Exit:
    """Write the file and say what it proves."""
    kept.save(args.out, replace=args.replace)
    context.note(f"saved {args.out}")
    proven = describe_bundle(kept.proven)
    if args.json:
        print_json(context, {"valid": True, **proven})
        return Exit.ALLOW
    context.say(f"valid evidence bundle{'' if proven['livemode'] else '  (test side)'}")
    print_fields(context, [(name.replace("_", " "), proven[name]) for name in SHOWN])
    print_questions(proven, context)
    return Exit.ALLOW


def print_questions(proven: Facts, context: Context) -> None:
    """Each question with both verdicts, one a line."""
    questions = proven.get("questions")
    for each in questions if isinstance(questions, list) else []:
        verdicts = [f"{when} {_words(each[when])}" for when in ("then", "now")]
        context.say(safe(f"{each['asked']['use']:<24} {', '.join(verdicts)}"))


def _words(verdict: dict[str, list[str]]) -> str:
    why = ", ".join(verdict["reasons"])
    return f"{verdict['decision']} ({why})" if why else str(verdict["decision"])


def _typed(name: str, value: str) -> object:
    """A member of a question as JSON has it."""
    match MEMBERS[name]:
        case Kind.FLAG if value in ("true", "false"):
            return value == "true"
        case Kind.COUNT if value.isascii() and value.isdigit():
            return int(value)
        case Kind.LIST:
            return value.split(",")
        case Kind.TEXT:
            return value
        case _:
            raise ConfigurationError(f"--say {name}: expected true, false or a number, got {value[:60]!a}")
