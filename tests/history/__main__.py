"""`make history`: a million checks under faults, fifty processes, then each wrong variant; non-zero when an
invariant fails, or when fewer checks were answered than were asked for.

python -m tests.history [--checks 1000000] [--seconds 1800] [--nodes 3] [--many 50] [--seed 1]
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

STANDBY_DELAY_S = 2.0  # longer than a denial waits
CONNECTIONS = 10  # of one process: its threads, and its feeder
PERFORMERS = 8  # who live at the same time: each ending is a chance to be wrong
FAULTS = ("kill", "freeze", "slow", "cut", "database crash")


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument(
        "--checks", type=int, default=1_000_000, help="to be answered under faults (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=1800.0, help="to take for them at most (default: %(default)s)"
    )
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument(
        "--many", type=int, default=50, help="processes of the crowded run (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what happens when (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=100, help="of a batch (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the nodes' logs")
    options = parser.parse_args()
    from tests.history.start import django_without_a_database

    django_without_a_database()
    from tests.history.model import Wrong, search
    from tests.history.place import build
    from tests.history.run import run
    from tests.history.wrong import STANDBY, VARIANTS

    failed = False
    for wrong in Wrong:
        states, stale = search(wrong)
        print(f"model, {wrong.value}: {states:,} states, {'a stale allow' if stale else 'no stale allow'}")
        failed |= stale != (wrong is not Wrong.NOTHING)
    folder = Path(tempfile.mkdtemp(prefix="consent-history-"))
    place = build(folder, standby=True, connections=100 + CONNECTIONS * options.many)

    def right(name: str, **options_: Any) -> int:
        """One run of what is built; how many checks were answered."""
        nonlocal failed
        outcome = run(place, seed=options.seed, rows=options.rows, performers=PERFORMERS, **options_)
        print(f"{name}: {outcome.line()}", flush=True)
        for each in outcome.violations[:20]:
            print(f"  {each}")
        failed |= bool(outcome.violations)
        return len(outcome.history.asked)

    def wrong(variant: str) -> None:
        """One variant that must be found out."""
        nonlocal failed
        place.stop_nodes()
        place.start_nodes(options.nodes, wrong=variant)
        outcome = run(place, seconds=300, seed=options.seed, rows=5, pipelines=6, until_caught=True)
        caught = any("stale allow" in each for each in outcome.violations)
        print(f"wrong, {variant}: {outcome.line()}: {'caught' if caught else 'NOT CAUGHT'}", flush=True)
        failed |= not caught

    half, most = options.checks // 2, options.seconds / 2
    try:
        place.delay_standby(STANDBY_DELAY_S)
        wrong(STANDBY)
        place.delay_standby(0)
        place.stop_nodes()
        if options.many:
            place.start_nodes(options.many)
            right(f"{options.many} processes", seconds=60, faults=("kill", "freeze"))
            place.stop_nodes()
        place.start_nodes(options.nodes)
        done = right("faults", seconds=most, checks=half, faults=FAULTS)
        done += right(
            "faults and a failover",
            seconds=most,
            checks=options.checks - done,
            faults=(*FAULTS, "failover"),
        )
        if done < options.checks:
            print(f"only {done:,} of {options.checks:,} checks were answered in {options.seconds:.0f} s")
            failed = True
        for variant in VARIANTS:
            wrong(variant)
    finally:
        place.close()
        if options.keep:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
