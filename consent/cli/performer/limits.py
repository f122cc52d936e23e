"""`consent performer limits`: what the performer never allows, whatever they grant."""

import argparse

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_json, safe
from consent.cli.performer.account_options import (
    account_from,
    add_json_option,
    add_key_options,
    confirmed,
    key_path,
    load_key,
)
from consent.client.errors import ConfigurationError
from consent.client.performer import statements
from consent.client.performer.papers import Papers

EPILOG = """\
example: never undressing edits, and never politics
  consent performer limits --never uses=edit.undress --never purposes=political

What you set replaces the whole list. Several selectors of one --never are joined by a comma and must all
match; several words of one selector by a plus: --never uses=infer.voice+infer.singing,purposes=political"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "limits",
        help="show or set what you never allow",
        description="Show your standing prohibitions, or set them. They bind every consent you gave or will give.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--never", action="append", metavar="SELECTORS", help="one prohibition; repeat it")
    change.add_argument("--clear", action="store_true", help="no limits any more")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_key_options(parser)
    add_json_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, context: Context) -> Exit:
    """Show the limits, or sign the next version of them."""
    wanted = [_selectors(text) for text in args.never or []]
    key = load_key(args, context)
    account = account_from(args, context, key)
    current = account.limits()
    if not wanted and not args.clear:
        print_json(context, msgspec.to_builtins(current))
        return Exit.ALLOW
    for item in wanted:
        context.note("never: " + "; ".join(f"{name} {', '.join(words)}" for name, words in item.items()))
    if not confirmed(args, context, question="Replace your limits by these?", word="yes"):
        context.note("nothing was changed")
        return Exit.DENY
    body = statements.limits(current, wanted, key=key)
    envelope = statements.sign(body, key)
    accepted = account.submit(envelope)
    Papers(key_path(args, context)).keep_statement(str(body["id"]), envelope)
    if args.json:
        print_json(context, msgspec.to_builtins(accepted))
    else:
        context.say(
            f"limits version {body['version']}, enforced at {safe(accepted.enforced_at or 'once recorded')}"
        )
    return Exit.ALLOW


def _selectors(text: str) -> dict[str, list[str]]:
    """`uses=edit.undress+edit.alter,purposes=political` as a selector object."""
    found: dict[str, list[str]] = {}
    for part in text.split(","):
        name, equals, words = part.partition("=")
        name = name.strip()
        listed = [word.strip() for word in words.split("+") if word.strip()]
        if not equals or not name or not listed or name in found:
            raise ConfigurationError(
                f"--never: expected selectors such as uses=edit.undress, each once; got {text[:60]!a}"
            )
        found[name] = listed
    return found
