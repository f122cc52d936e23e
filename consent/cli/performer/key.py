"""`consent performer key | enrol | status`: the key and the account."""

import argparse

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.output import print_fields, print_json, print_table
from consent.cli.performer.account_options import (
    account_from,
    add_json_option,
    add_key_options,
    key_path,
    load_key,
    passphrase_of,
)
from consent.client.errors import ConfigurationError
from consent.client.performer.key_file import create_key_file
from consent.core.wire.performers import Me


def add_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    key = verbs.add_parser(
        "key",
        help="make your key, or show which one you have",
        description="Make an Ed25519 key in your sole control, or print the thumbprint of the one that is there. "
        "The registry never sees the secret half: whoever loses the file cannot sign any more.",
    )
    add_key_options(key)
    key.add_argument(
        "--plain", action="store_true", help="no passphrase; the file is readable by you alone (0600)"
    )
    key.set_defaults(run=run_key)

    enrol = verbs.add_parser(
        "enrol",
        help="open your account with this key",
        description="Open an account with this key as its first. It can sign once a named examiner has checked "
        "that you are you, and 18 or older. Your name, birth date and address are sealed; no company sees them.",
    )
    add_key_options(enrol)
    enrol.add_argument("--side", choices=["live", "test"], required=True, help="the live or the test side")
    enrol.add_argument(
        "--stage-name", action="append", required=True, metavar="NAME", help="public name; repeat it"
    )
    enrol.add_argument("--legal-name", required=True, metavar="NAME", help="as in your document; sealed")
    enrol.add_argument(
        "--birth-date", required=True, metavar="YYYY-MM-DD", help="as in your document; sealed"
    )
    enrol.add_argument("--email", required=True, metavar="ADDRESS", help="for notices only; sealed")
    enrol.add_argument("--label", default="command line", metavar="WORDS", help="your own name for this key")
    add_json_option(enrol)
    enrol.set_defaults(run=run_enrol)

    status = verbs.add_parser(
        "status", help="your account: keys, names, identity check", description="Show your account."
    )
    add_key_options(status)
    add_json_option(status)
    status.set_defaults(run=run_status)


def run_key(args: argparse.Namespace, context: Context) -> Exit:
    """Make the key where there is none, and name it."""
    path = key_path(args, context)
    if path.exists():
        key = load_key(args, context)
    else:
        passphrase = None
        if not args.plain:
            passphrase = passphrase_of(args, context, prompt=f"New passphrase for {path}: ")
            if not args.passphrase_file and context.ask_secret("The same again: ") != passphrase:
                raise ConfigurationError("the two passphrases differ; no key was made")
        key = create_key_file(path, passphrase=passphrase)
        context.note(f"made {path}; keep a copy somewhere safe: nobody else has one")
    context.say(key.public.thumbprint)
    return Exit.ALLOW


def run_enrol(args: argparse.Namespace, context: Context) -> Exit:
    """Open the account."""
    identity = {"legal_name": args.legal_name, "birth_date": args.birth_date, "email": args.email}
    me = account_from(args, context).enrol(
        livemode=args.side == "live", stage_names=args.stage_name, identity=identity, label=args.label
    )
    _print_me(me, args, context)
    return Exit.ALLOW


def run_status(args: argparse.Namespace, context: Context) -> Exit:
    """Show the account."""
    _print_me(account_from(args, context).me(), args, context)
    return Exit.ALLOW


def _print_me(me: Me, args: argparse.Namespace, context: Context) -> None:
    if args.json:
        print_json(context, msgspec.to_builtins(me))
        return
    identity = me.identity
    print_fields(
        context,
        [
            ("side", "live" if me.livemode else "test"),
            ("stage names", ", ".join(me.stage_names)),
            (
                "identity",
                identity.state if identity.state == "verified" else "waiting for an examiner's check",
            ),
            ("examiner", identity.examiner),
            ("checked", identity.checked_at),
            ("limits", f"version {me.limits_version}" if me.limits_version else "none"),
        ],
    )
    context.say()
    print_table(
        context,
        ["key", "kind", "state", "introduced by", "label"],
        [
            [each.thumbprint, each.kind, each.state, each.introduced_by or "-", each.label]
            for each in me.credentials
        ],
    )
