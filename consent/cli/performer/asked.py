"""`consent performer asked`: who asked about the performer, day by day, and what they were told."""

import argparse

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_json, print_table
from consent.cli.performer.account_options import account_from, add_json_option, add_key_options


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "asked",
        help="see who asked about you",
        description="Each day of the last 90 (UTC) on which a company asked about you: how often it was allowed, and "
        "how often not. Answers are counted some seconds after they were given.",
    )
    add_key_options(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Show the days, newest first."""
    found = account_from(args, context).asked()
    if args.json:
        print_json(context, msgspec.to_builtins(found))
    elif not found.days:
        context.say("nobody asked about you in the last 90 days")
    else:
        rows = [[each.day, each.legal_name, each.allowed, each.denied] for each in found.days]
        print_table(context, ["day", "company", "allowed", "denied"], rows)
    return Exit.ALLOW
