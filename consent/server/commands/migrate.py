"""`consent-server migrate`: bring the database, its keys and both histories to this version. Safe to repeat."""

import argparse
from collections.abc import Sequence

from consent.server.commands.registry_here import adopt_settings
from consent.server.django_setup import set_up_django


def run(arguments: Sequence[str]) -> int:
    """Prepare; returns the exit status."""
    argparse.ArgumentParser(prog="consent-server migrate", description=__doc__).parse_args(list(arguments))
    settings = adopt_settings()
    set_up_django()
    from consent.server.preparing import prepare  # noqa: PLC0415  # models exist only after the set-up

    wiring = prepare(settings)
    keys = len(wiring.ring.index().keys)
    print(f"The database is at this version; {keys} signing keys in {settings.storage.keys}.")
    return 0
