"""`consent-server operator`: what the people who run a registry decide. Each act is an event in the history."""

import argparse
import getpass
import re
from collections.abc import Sequence

from consent.server.commands.registry_here import open_registry

_THUMBPRINT = re.compile(r"-[A-Za-z0-9_-]{42}")  # begins with a hyphen, which would make it an option
METHODS = ("document", "document_and_live", "phrase", "self_attested")  # as in the registry's model


def run(arguments: Sequence[str]) -> int:
    """One act; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server operator", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    _identity(verbs.add_parser("identity", help="who waits for an identity check; approve or refuse"))
    invite = verbs.add_parser("invite", help="print a link that works once and makes its holder an operator")
    invite.add_argument("--name", default="", help="whom it is for; they can change it (default: nobody yet)")
    link = verbs.add_parser(
        "link", help="print one more such link for an operator: a new device, or a lost one"
    )
    link.add_argument("operator", help="opr_…")
    verbs.add_parser("list", help="who runs this registry, and with how many passkeys")
    removed = verbs.add_parser("remove", help="end an operator's part; at once, on every page")
    removed.add_argument("operator", help="opr_…")
    for verb, words in (
        ("hold", "pause a grant for the registry, a court or a guild"),
        ("release", "lift such a pause"),
        ("void", "declare that a grant never was one: impostor, minor, coercion, forgery"),
        ("end", "end a grant because the performer asked by other means, or a court did"),
    ):
        act = verbs.add_parser(verb, help=words)
        act.add_argument("grant", help="grt_…")
        act.add_argument("--side", choices=("live", "test"), required=True)
        if verb in ("hold", "release"):
            act.add_argument(
                "--holder",
                default="operator",
                help="operator, order:NAME or guild:NAME (default: %(default)s)",
            )
        else:
            act.add_argument(
                "--actor", default=getpass.getuser(), help="your account's name (default: %(default)s)"
            )
        if verb != "release":
            act.add_argument("--reason", required=True, help="kept sealed; no company ever reads it")
    options = parser.parse_args([f" {word}" if _THUMBPRINT.fullmatch(word) else word for word in arguments])
    made = open_registry()
    if options.verb in ("invite", "link", "list", "remove"):
        from consent.server.operating import operators  # noqa: PLC0415  # models exist only now

        for line in operators.run(options, made.registry):
            print(line)
        return 0
    if options.verb == "identity":
        from consent.server.operating import identity  # noqa: PLC0415  # as above

        return identity.run(options, made.registry)
    from consent.server.operating import grants  # noqa: PLC0415  # as above

    print(grants.run(options, made.registry))
    return 0


def _identity(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="identity_verb", required=True)
    listing = verbs.add_parser("list", help="keys that wait for somebody to check their holder")
    listing.add_argument("--side", choices=("live", "test"), help="default: both")
    for verb, words in (
        ("approve", "you saw a document: they are who they say, and 18 or older"),
        ("refuse", "they are not, or you cannot tell; the key is switched off"),
    ):
        act = verbs.add_parser(verb, help=words)
        act.add_argument(
            "credential", type=str.strip, help="cre_… or the key's thumbprint, as `identity list` shows it"
        )
        act.add_argument("--examiner", required=True, help="the name of the person who examined")
        act.add_argument(
            "--method",
            choices=METHODS,
            default="document" if verb == "approve" else "self_attested",
            help="how (default: %(default)s)",
        )
        evidence = act.add_mutually_exclusive_group()
        evidence.add_argument("--evidence", metavar="FILE", help="what you keep; only its digest is recorded")
        evidence.add_argument(
            "--evidence-sha256", metavar="HEX", help="its SHA-256, where the file is elsewhere"
        )
        if verb == "approve":
            act.add_argument("--yes", action="store_true", help="do not ask")
