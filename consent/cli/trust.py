"""`consent trust fetch | show`: the keys that verification rests on."""

import argparse
from pathlib import Path

from consent.cli.context import Context, Exit
from consent.cli.output import instant, print_fields, print_json, print_table
from consent.client.errors import ConfigurationError
from consent.client.exchange import Exchange
from consent.client.files import write_whole
from consent.client.settings import address_setting, trust_setting
from consent.client.trust_file import fetch_trust, load_trust
from signing.trust import Trust, write_trust

EPILOG = """\
A trust file fetched from a registry is as good as the connection it came over. Compare the thumbprints with those
that the registry publishes elsewhere, then keep the file: everything `consent verify` says rests on it."""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb."""
    parser = verbs.add_parser(
        "trust",
        help="fetch or show the registry's published keys",
        description="Fetch or show the trust file: whose keys speak for the registry, in which role, since when.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser(
        "fetch",
        help="fetch the trust file from CONSENT_URL and save it",
        description="Fetch the trust file from CONSENT_URL, save it, and show what it says.",
    )
    fetch.add_argument(
        "--out", type=Path, default=Path("trust.json"), metavar="FILE", help="default: trust.json"
    )
    fetch.add_argument("--replace", action="store_true", help="replace a file that is there already")
    fetch.set_defaults(run=run_fetch)
    show = actions.add_parser(
        "show", help="show a trust file", description="Show the keys, origins and validity of a trust file."
    )
    show.add_argument("file", type=Path, nargs="?", help="default: the file that CONSENT_TRUST names")
    show.set_defaults(run=run_show)
    for action in (fetch, show):
        action.add_argument("--json", action="store_true", help="print it as JSON")


def run_fetch(args: argparse.Namespace, context: Context) -> Exit:
    """Fetch, save, show."""
    exchange = Exchange(
        address=address_setting(context.environ),
        authorize=None,
        transport=context.transport(),
        monotonic=context.monotonic,
        sleep=context.sleep,
    )
    data, trust = fetch_trust(exchange)
    write_whole(args.out, data, replace=args.replace)
    context.note(f"saved {args.out}; set CONSENT_TRUST={args.out} to use it")
    _print(trust, args, context)
    return Exit.ALLOW


def run_show(args: argparse.Namespace, context: Context) -> Exit:
    """Show a file."""
    path = args.file or trust_setting(context.environ)
    if path is None:
        raise ConfigurationError(
            "expected a trust file: name it, or set CONSENT_TRUST; get one: consent trust fetch"
        )
    _print(load_trust(path), args, context)
    return Exit.ALLOW


def _print(trust: Trust, args: argparse.Namespace, context: Context) -> None:
    if args.json:
        print_json(context, write_trust(trust))
        return
    print_fields(
        context,
        [
            ("live issuer", trust.issuers.get(True)),
            ("test issuer", trust.issuers.get(False)),
            *[
                ("signing origin", ", ".join(sorted(each.rp.signing_origins)))
                for each in trust.relying_parties
            ],
        ],
    )
    context.say()
    print_table(
        context,
        ["thumbprint", "role", "side", "from", "until"],
        [
            [
                each.kid,
                each.role,
                "live" if each.livemode else "test",
                instant(each.not_before),
                instant(each.not_after),
            ]
            for each in trust.keys
        ],
    )
