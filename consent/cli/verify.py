"""`consent verify`: check evidence offline."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from consent.cli.context import Context, Exit
from consent.cli.evidence import print_questions
from consent.cli.log.opened import entry_of, load_policy
from consent.cli.output import print_fields, print_json, safe
from consent.cli.status_option import add_status, status_from, status_line, status_words
from consent.client.described import describe, receipt_in
from consent.client.errors import ConfigurationError
from consent.client.evidence import MAX_DOCUMENT_BYTES, Evidence, Expectations, verify_evidence
from consent.client.files import read_bounded
from consent.client.settings import trust_setting
from consent.client.trust_file import load_trust
from signing.errors import SigningError
from signing.instants import parse_instant
from signing.tlog_policy import Policy

SHOWN_DECISIONS = 20
EPILOG = """\
Verifies a receipt, a receipt with its log proof, a grant package, an evidence bundle, an acknowledgement, a proof file
or a checkpoint with nothing but a trust file; without --status no network is used. For each key it says who introduced
it: the performer, or the registry and its examiner. With --policy the document must rest on a log that the witnesses of
the policy cosigned; without it a log proof counts by the registry's own log key. That a document is valid says that it
is genuine; of an evidence bundle also that its verdicts follow from what is enclosed. Whether a consent still stands, a
check says at once; --status says it as of some minutes ago.

exit codes: 0 valid, 1 invalid, 2 usage; with --allowed also 1 when a decision is a deny, 3 when it ran out; with
--status also 1 when the consent does not stand, 3 when that cannot be told"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "verify",
        help="check a receipt, a grant package or other evidence, offline",
        description="Check evidence offline, and say what it proves.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the document, or - for standard input")
    parser.add_argument("--trust", type=Path, metavar="FILE", help="the trust file (default: CONSENT_TRUST)")
    parser.add_argument("--allow-test", action="store_true", help="accept documents of the test side")
    parser.add_argument(
        "--audience", metavar="ORG", help="the receipt must have been given to this organization"
    )
    parser.add_argument(
        "--statement", type=Path, metavar="FILE", help="the statement that an acknowledgement is of"
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE",
        help="demand a log proof under this trust policy (C2SP tlog-policy): logs, witnesses, quorum",
    )
    parser.add_argument("--entry", metavar="HEX", help="the entry that a proof file is of, in lower-case hex")
    parser.add_argument("--at", metavar="INSTANT", help="judge as of YYYY-MM-DDTHH:MM:SSZ (default: now)")
    parser.add_argument(
        "--allowed", action="store_true", help="also require that every decision is an allow and still holds"
    )
    add_status(parser)
    parser.add_argument("--json", action="store_true", help="print what was proven as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Verify, print, and say by the exit code."""
    trust_path = args.trust or trust_setting(context.environ)
    if trust_path is None:
        raise ConfigurationError(
            "expected a trust file: say --trust, or set CONSENT_TRUST; get one: consent trust fetch"
        )
    trust = load_trust(trust_path)
    data = _document(args.file, context)
    statement = None
    if args.statement:
        statement = read_bounded(args.statement, max_bytes=MAX_DOCUMENT_BYTES, what="a signed statement")
    policy = _policy(args.policy)
    try:
        at = parse_instant(args.at, pointer="--at") if args.at else context.now()
    except SigningError as exc:
        raise ConfigurationError(f"--at: expected YYYY-MM-DDTHH:MM:SSZ, got {args.at[:60]!a}") from exc
    expectations = Expectations(
        expected_audience=args.audience,
        expected_statement=statement,
        allow_test=args.allow_test,
        policy=policy,
        expected_entry=None if args.entry is None else entry_of(args.entry),
    )
    try:
        evidence = verify_evidence(data, trust=trust, at=at, expectations=expectations)
    except SigningError as exc:
        return _invalid(exc, args, context)
    status = status_from(evidence, args, context, trust=trust, at=at)
    described = describe(evidence, at=at, compared=statement is not None)
    proven = {**described, **status_words(evidence, status)}
    if args.json:
        print_json(context, {"valid": True, **proven})
    else:
        _print(proven, status_line(evidence, status), context)
    if status is not None and status.says != "valid":
        context.note(f"the consent does not stand: its status is {status.says}")
        return Exit.DENY
    return _verdict(evidence, args, context, fresh=proven.get("fresh") is True)


def _verdict(evidence: Evidence, args: argparse.Namespace, context: Context, *, fresh: bool) -> Exit:
    if not args.allowed:
        return Exit.ALLOW
    receipt = receipt_in(evidence)
    if receipt is None:
        raise ConfigurationError("--allowed: expected a receipt, got a document without a decision")
    if not all(item.allowed for item in receipt.items):
        context.note("not every decision in it is an allow")
        return Exit.DENY
    if not fresh:
        context.note("it ran out: it proves the answer, but is no permit any more")
        return Exit.UNAVAILABLE
    return Exit.ALLOW


def _policy(path: Path | None) -> Policy | None:
    return None if path is None else load_policy(path)


def _document(path: Path, context: Context) -> bytes:
    if str(path) != "-":
        return read_bounded(path, max_bytes=MAX_DOCUMENT_BYTES, what="a document to verify")
    data = context.stdin.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise ConfigurationError(
            f"expected a document of at most {MAX_DOCUMENT_BYTES} bytes, got a larger one"
        )
    return data


def _invalid(exc: SigningError, args: argparse.Namespace, context: Context) -> Exit:
    why = safe(exc)
    if args.json:
        print_json(context, {"valid": False, "why": why})
    else:
        context.say(f"invalid: {why}")
        if "allow_test" in why:
            context.note("it is of the test side: say --allow-test if that is what you expect")
    return Exit.DENY


def _print(proven: Mapping[str, object], status: str | None, context: Context) -> None:
    """What was proven, for a person: flat members as fields, then decisions or keys one a line."""
    side = "" if proven["livemode"] else "  (test side)"
    context.say(f"valid {proven['kind']}{side}")
    flat = [
        (name.replace("_", " "), _word(value))
        for name, value in proven.items()
        if name not in {"kind", "livemode", "decisions", "keys", "status", "questions"}
    ]
    if status is not None:
        flat.append(("status", status))
    print_fields(context, flat)
    print_questions(proven, context)
    decisions = _listed(proven.get("decisions"))
    for item in decisions[:SHOWN_DECISIONS]:
        reasons = ", ".join(map(str, _plain_list(item["reasons"])))
        row = f"{item['id']}: " if "id" in item else ""
        context.say(safe(f"decision    {row}{item['decision']}  {reasons or '-'}  {item['decision_id']}"))
    if len(decisions) > SHOWN_DECISIONS:
        context.say(f"… and {len(decisions) - SHOWN_DECISIONS} more decisions (--json shows all)")
    for place, key in enumerate(_listed(proven.get("keys")), start=1):
        by = "the performer" if key["introduced_by"] == "performer" else f"the registry ({key['examiner']})"
        context.say(safe(f"key {place}       {key['key']}  {key['kind']}, introduced by {by}"))


def _word(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _listed(value: object) -> Sequence[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _plain_list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
