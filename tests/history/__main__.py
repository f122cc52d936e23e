"""`make history`: minutes of checks under faults, then each wrong variant; non-zero when an invariant fails.

python -m tests.history [--seconds 600] [--nodes 3] [--seed 1]
"""

import argparse
import shutil
import tempfile
from pathlib import Path

FAULTS = ("kill", "freeze", "slow", "cut", "database crash")


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=600.0, help="of the run under faults (default: %(default)s)"
    )
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of what happens when (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=100, help="of a batch (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the nodes' logs")
    options = parser.parse_args()
    from tests.history.start import django_without_a_database

    django_without_a_database()
    from tests.history.model import Wrong, search
    from tests.history.place import build
    from tests.history.run import run
    from tests.history.wrong import VARIANTS

    failed = False
    for wrong in Wrong:
        states, stale = search(wrong)
        print(f"model, {wrong.value}: {states:,} states, {'a stale allow' if stale else 'no stale allow'}")
        failed |= stale != (wrong is not Wrong.NOTHING)
    folder = Path(tempfile.mkdtemp(prefix="consent-history-"))
    place = build(folder, standby=True)
    try:
        place.start_nodes(options.nodes)
        half = options.seconds / 2
        for name, faults in (("faults", FAULTS), ("faults and a failover", (*FAULTS, "failover"))):
            outcome = run(place, seconds=half, seed=options.seed, rows=options.rows, faults=faults)
            print(f"{name}: {outcome.line()}", flush=True)
            for each in outcome.violations[:20]:
                print(f"  {each}")
            failed |= bool(outcome.violations)
        for variant in VARIANTS:
            place.stop_nodes()
            place.start_nodes(options.nodes, wrong=variant)
            outcome = run(place, seconds=60, seed=options.seed, rows=5, pipelines=6, until_caught=True)
            caught = any("stale allow" in each for each in outcome.violations)
            print(f"wrong, {variant}: {outcome.line()}: {'caught' if caught else 'NOT CAUGHT'}", flush=True)
            failed |= not caught
    finally:
        place.close()
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
