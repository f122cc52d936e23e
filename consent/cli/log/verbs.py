"""The verbs of `consent log`."""

import argparse

from consent.cli.log import fsck, proof, watch


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the verb and those below it."""
    parser = verbs.add_parser(
        "log",
        help="check a transparency log: whole, followed, or one entry",
        description="Check a transparency log as a stranger would; any log in the C2SP tlog-tiles form.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fsck.add_parser(actions)
    watch.add_parser(actions)
    proof.add_parsers(actions)
