"""`consent-server fsck`: is the published log what the database says it is."""

import argparse
from collections.abc import Sequence

from consent.server.commands.registry_here import open_registry

SIDES = {"live": (True,), "test": (False,), "both": (True, False)}


def run(arguments: Sequence[str]) -> int:
    """Compare; returns the exit status: 0 whole, 1 something is missing, damaged or changed."""
    parser = argparse.ArgumentParser(prog="consent-server fsck", description=__doc__)
    parser.add_argument("--side", choices=SIDES, default="both", help="which log (default: %(default)s)")
    options = parser.parse_args(list(arguments))
    made = open_registry()
    # Imported here: models exist only after the set-up.
    from consent.log.publishing.inspecting import inspect_log  # noqa: PLC0415
    from consent.log.verify import verify_history  # noqa: PLC0415
    from consent.server.publishing import log_keys, origin_here  # noqa: PLC0415

    found = 0
    for livemode in SIDES[options.side]:
        origin = origin_here(made, livemode=livemode)
        position = verify_history(livemode)
        print(f"{origin}: the history folds to position {position.seq}")
        for fault in inspect_log(
            origin, objects=made.registry.log.objects, keys=log_keys(made, origin, livemode=livemode)
        ):
            found += 1
            print(f"{fault.place}: {fault.why}")
    print(f"{found} found. See /docs/publishing." if found else "The log is whole.")
    return 1 if found else 0
