"""`consent-server demo`: the whole story, once, on real input."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from consent.server.demo import command


def run(arguments: Sequence[str]) -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server demo", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=command.FOLDER, help="where it plays; made anew (default: .demo)"
    )
    return command.run(parser.parse_args(list(arguments)).folder)
