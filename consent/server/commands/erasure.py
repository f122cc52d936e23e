"""`consent-server erasure`: forget a performer who asked by other means, and see which erasures wait."""

import argparse
import getpass
from collections.abc import Sequence

from consent.server.commands.registry_here import open_registry

GROUNDS = ("operator", "order", "performer")  # as in the registry's model; "restored" is a restore's own


def run(arguments: Sequence[str]) -> int:
    """One act; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server erasure", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    begin = verbs.add_parser("begin", help="end every consent of a performer, then forget them, for good")
    begin.add_argument("who", help="a key (cre_… or thumbprint) or a consent (grt_…) of the performer")
    begin.add_argument(
        "--ground", choices=GROUNDS, required=True, help="they asked, an order, or your decision"
    )
    begin.add_argument(
        "--actor", default=getpass.getuser(), help="your account's name (default: %(default)s)"
    )
    begin.add_argument(
        "--yes", action="store_true", required=True, help="it cannot be undone, and you know it"
    )
    verbs.add_parser("list", help="erasures that are not complete, and from when they are")
    options = parser.parse_args(list(arguments))
    made = open_registry()
    from consent.server.operating import erasures  # noqa: PLC0415  # models exist only now

    for line in erasures.run(options, made.registry):
        print(line)
    return 0
