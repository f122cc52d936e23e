"""`consent check`: ask one question."""

import argparse
from pathlib import Path

from consent.cli.connection import UNVERIFIED, registry_from
from consent.cli.context import Context, Exit
from consent.cli.output import instant, print_fields, print_json
from consent.cli.question_options import add_question_options, question_of
from consent.client.decision import Decision

EPILOG = """\
exit codes: 0 allow, 1 deny, 2 usage, 3 no answer to rely on. So this is safe:
  consent check --performer demo --use train.voice --territory DE && python train.py

environment: CONSENT_URL, CONSENT_API_KEY (or CONSENT_API_KEY_FILE), and CONSENT_TRUST for --receipt"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "check",
        help="ask whether a use of a performer's voice or likeness is allowed",
        description="Ask one question. Prints the decision, its reasons and what would help.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_question_options(parser)
    how = parser.add_argument_group("how it is asked")
    how.add_argument(
        "--receipt", type=Path, metavar="FILE", help="have the answer signed now and save the receipt"
    )
    how.add_argument("--at-least", metavar="TOKEN", help="ct_…: the answer must include this position")
    how.add_argument("--explain", action="store_true", help="show every grant and constraint considered")
    how.add_argument("--json", action="store_true", help="print the decision as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Ask, save the receipt where one is wanted, print, and say by the exit code."""
    registry = registry_from(context)
    began = context.monotonic()
    decision = registry.check(
        receipt="inline" if args.receipt else "deferred",
        at_least=args.at_least,
        explain=args.explain,
        **question_of(args),  # type: ignore[arg-type]  # checked member by member by build_asking
    )
    took_s = context.monotonic() - began
    if args.receipt:
        decision.receipt().save(args.receipt)
        if not registry.verifies_receipts:
            context.note(UNVERIFIED)
    if args.json:
        print_json(context, decision.to_json())
    else:
        print_decision(decision, context, took_s=took_s)
    return Exit.ALLOW if decision else Exit.DENY


def print_decision(decision: Decision, context: Context, *, took_s: float) -> None:
    """The decision for a person. `took_s`: from asking to the answer, in seconds."""
    context.say(f"{decision.outcome}{'' if decision.livemode else '  (test side)'}")
    print_fields(
        context,
        [
            ("reasons", ", ".join(decision.reasons)),
            ("missing", ", ".join(decision.missing)),
            ("next step", decision.next_step),
            ("obligations", ", ".join(decision.obligations)),
            ("grants", ", ".join(decision.grants)),
            ("asked", ", ".join(f"{name}={value}" for name, value in sorted(decision.asked.items()))),
            ("answered in", f"{took_s * 1000:.0f} ms"),
            ("holds until", instant(decision.valid_until)),
            ("decision", decision.decision_id),
        ],
    )
    if decision.explanation is not None:
        print_json(context, decision.explanation)
