"""`consent-server up`: a whole registry on this machine, in one folder, until Ctrl-C."""

import argparse
from collections.abc import Sequence

from consent.server.commands.run import stop_event
from consent.server.laptop.machine import Machine


def run(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status."""
    argparse.ArgumentParser(
        prog="consent-server up",
        description=__doc__,
        epilog="Settings: CONSENT_PORT, CONSENT_DATA_DIR (default ./.state); CONSENT_DATABASE_URL uses a PostgreSQL "
        "of yours instead of the embedded one.",
    ).parse_args(list(arguments))
    return Machine().run(stop_event())
