"""`consent-server organization`: let organizations and their members in, and give them API keys."""

import argparse
from collections.abc import Sequence

from consent.core.wire.keys import SCOPES
from consent.server.commands.registry_here import open_registry

ROLES = ("owner", "developer", "producer", "desk")  # as in the registry's model
CONTEXT = ("territory", "language", "purpose", "base_model")


def run(arguments: Sequence[str]) -> int:
    """One act; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server organization", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every organization and its sides")
    create = verbs.add_parser("create", help="record an organization and open one side")
    create.add_argument("--legal-name", required=True)
    create.add_argument("--country", required=True, help="ISO 3166-1, two letters")
    create.add_argument("--contact", required=True, help="the address that performers read")
    create.add_argument("--side", choices=("live", "test"), required=True)
    opened = verbs.add_parser("open", help="open an organization's other side")
    opened.add_argument("organization", help="org_…")
    opened.add_argument("--side", choices=("live", "test"), required=True)
    _members(verbs)
    _key(verbs.add_parser("key", help="make, limit, list and revoke API keys"))
    options = parser.parse_args(list(arguments))
    made = open_registry()
    from consent.server.operating import organizations  # noqa: PLC0415  # models exist only now

    for line in organizations.run(options, made.registry):
        print(line)
    return 0


def _members(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    invite = verbs.add_parser(
        "invite-member", help="add a member; prints and mails the link that lets them in once"
    )
    invite.add_argument("organization", help="org_…")
    invite.add_argument("--email", required=True, help="the link is mailed there; kept sealed")
    invite.add_argument("--role", choices=ROLES, required=True)
    invite.add_argument("--name", required=True, help="as their colleagues see it")
    members = verbs.add_parser("members", help="who acts for an organization")
    members.add_argument("organization", help="org_…")
    link = verbs.add_parser(
        "member-link", help="another link for a member whose first ran out or device is lost"
    )
    link.add_argument("member", help="mem_…")


def _key(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="key_verb", required=True)
    create = verbs.add_parser("create", help="make a key; its secret is shown once")
    create.add_argument("--name", required=True, help="what it is for")
    create.add_argument(
        "--scope", action="append", choices=SCOPES, help="repeat it; default: check and receipts"
    )
    for name in CONTEXT:
        create.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="VALUE",
            help="standing context of its questions",
        )
    create.add_argument(
        "--capability", action="append", default=[], help="an obligation they can meet; repeat it"
    )
    limits = verbs.add_parser("limits", help="change how much may be asked with a key")
    limits.add_argument("key", help="key_…")
    for each in (create, limits):
        each.add_argument("--daily-quota", metavar="ROWS", help="rows in one UTC day; `none` for any number")
        each.add_argument("--rate-per-s", metavar="ROWS", help="rows in one second; `none` for any number")
    listing = verbs.add_parser("list", help="an organization's keys")
    revoke = verbs.add_parser("revoke", help="switch a key off for good")
    revoke.add_argument("key", help="key_…")
    for each in (create, limits, listing, revoke):
        each.add_argument("--organization", required=True, help="org_…")
        each.add_argument("--side", choices=("live", "test"), required=True)
