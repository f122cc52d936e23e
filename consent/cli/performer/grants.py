"""`consent performer grants | package`: what the performer has signed, and the proof of it."""

import argparse
from pathlib import Path

import msgspec

from consent.cli.context import Context, Exit
from consent.cli.evidence import add_saving, instant_of, save
from consent.cli.output import print_json, print_table
from consent.cli.performer.account_options import account_from, add_json_option, add_key_options
from consent.client.files import write_whole
from consent.client.settings import trust_setting
from consent.client.trust_file import load_trust


def add_parsers(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verbs."""
    grants = verbs.add_parser(
        "grants", help="list what you signed", description="List your grants, newest first."
    )
    add_key_options(grants)
    add_json_option(grants)
    grants.set_defaults(run=run_grants)
    package = verbs.add_parser(
        "package",
        help="save the proof of one grant",
        description="Save a grant package: body, signatures, key chain and the registry's countersignature. "
        "Anybody can check it with `consent verify`.",
    )
    package.add_argument("grant", help="grt_…")
    package.add_argument("--out", type=Path, metavar="FILE", help="where to (default: <grant>.grant.json)")
    add_key_options(package)
    package.set_defaults(run=run_package)
    evidence = verbs.add_parser(
        "evidence",
        help="save evidence of what one grant allowed at an instant",
        description="Save evidence of what one grant of yours allowed at an instant, verified.",
    )
    evidence.add_argument("grant", help="grt_…")
    evidence.add_argument(
        "--trust", type=Path, metavar="FILE", help="the trust file (default: CONSENT_TRUST)"
    )
    evidence.add_argument("--allow-test", action="store_true", help="accept evidence of the test side")
    add_saving(evidence)
    add_key_options(evidence)
    evidence.set_defaults(run=run_evidence)


def run_grants(args: argparse.Namespace, context: Context) -> Exit:
    """List the grants."""
    grants = list(account_from(args, context).grants())
    if args.json:
        print_json(context, {"data": [msgspec.to_builtins(grant) for grant in grants]})
    elif not grants:
        context.say("you have signed nothing")
    else:
        print_table(
            context,
            ["grant", "state", "since", "licensee", "uses", "until"],
            [
                [
                    each.id,
                    each.state,
                    each.state_since,
                    each.licensee.get("legal_name", "-"),
                    ", ".join(each.uses),
                    each.valid_until,
                ]
                for each in grants
            ],
        )
    return Exit.ALLOW


def run_evidence(args: argparse.Namespace, context: Context) -> Exit:
    """Save what a grant allowed."""
    path = args.trust or trust_setting(context.environ)
    trust = None if path is None else load_trust(path)
    kept = account_from(args, context).evidence(
        args.grant, trust=trust, at=instant_of(args), allow_test=args.allow_test
    )
    return save(kept, args, context)


def run_package(args: argparse.Namespace, context: Context) -> Exit:
    """Save one package as it came."""
    data = account_from(args, context).package(args.grant)
    path = args.out or Path(f"{args.grant}.grant.json")
    write_whole(path, data)
    context.say(str(path))
    return Exit.ALLOW
