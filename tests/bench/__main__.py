"""`python -m tests.bench` (`make bench`, `make bench-full`): measure, print a table, judge it, write bench.json.

The web process under test has the first core to itself; the load generator, the writer of changes and PostgreSQL
share the second. On a machine with one core they share it, and the numbers say less. Ratios compare what was
measured in the same run, in turns. The exit code is 1 when a ratio or an invariant is missed; with `--strict`, when
any goal is.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consent.server.demo.licensees import RESEARCH
from consent.server.embedded.errors import StartError
from tests.bench import deciding, local, log_reading, starting, where_time_goes
from tests.bench.loading import Loader
from tests.bench.machine import BUSY, Watch, describe, pin, two_cores
from tests.bench.peers.fetching import fetch
from tests.bench.place import Place, open_place, superuser_url
from tests.bench.report import Row, exit_code, not_measured, print_table, write_json
from tests.bench.single import Sizes
from tests.integration.running import new_folder

OUT = Path("bench.json")
SCALE_SIZES = (10_000, 200_000)  # seeding ten million takes half an hour: that is for the full run
Measure = Callable[[], Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    grants: int
    sizes: Sizes
    full: bool


DEFAULT = Plan(grants=1_000_000, sizes=Sizes(seconds=3, rounds=3, warm_up_s=20), full=False)
FULL = Plan(grants=1_000_000, sizes=Sizes(seconds=10, rounds=5, warm_up_s=60), full=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; the exit code."""
    options = _options(arguments)
    if not sys.platform.startswith("linux"):
        sys.stderr.write("bench: it pins processes to cores and reads /proc, so it runs on Linux only\n")
        return 1
    base = FULL if options.full else DEFAULT
    plan = Plan(grants=options.grants or base.grants, sizes=base.sizes, full=base.full)
    began, folder, watch = time.monotonic(), new_folder(), Watch()
    missing = fetch()
    try:
        rows = _measure(plan, folder, watch, missing, only=options.only)
    except StartError as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_table(rows)
    others = sorted(watch.shares)[len(watch.shares) // 2] if watch.shares else 0.0
    run = {
        "grants": plan.grants,
        "warm_up_s": plan.sizes.warm_up_s,
        "seconds": plan.sizes.seconds,
        "rounds": plan.sizes.rounds,
        "full": plan.full,
        "others_cores": round(others, 3),
        "quiet": watch.quiet,
        "took_s": round(time.monotonic() - began),
    }
    write_json(rows, OUT, machine=describe(), run=run)
    print(f"\n{run['took_s']} s; {plan.grants:,} grants, warm-up {plan.sizes.warm_up_s:.0f} s; also in {OUT}")
    if not watch.quiet:
        print(
            f"This machine was busy: others used {others:.2f} cores in the median (quiet is below {BUSY:.2f})."
        )
        print(
            "Absolute numbers say little, and ratios less than they could. Run it again on a quiet machine."
        )
    return exit_code(rows, strict=options.strict)


def _measure(
    plan: Plan, folder: Path, watch: Watch, missing: dict[str, str], *, only: Sequence[str]
) -> list[Row]:
    server_core, load_core = two_cores()
    rows: list[Row] = []

    def part(name: str, measure: Measure) -> None:
        if not only or name in only:
            began = time.monotonic()
            try:
                rows.extend(measure())
            except Exception as exc:  # noqa: BLE001  # the other parts still say something; this one fails the run
                rows.append(not_measured(name, f"{type(exc).__name__}: {exc}", missing=True))
            sys.stderr.write(f"bench: {name}, {time.monotonic() - began:.0f} s\n")

    part("starting", starting.measure)
    pin(server_core)
    part("deciding", lambda: deciding.measure(why_no_regorus=missing.get("regorus", "")))
    part("local", local.measure)
    part("log_reading", log_reading.measure)
    pin(server_core | load_core)
    began = time.monotonic()
    with open_place(
        folder / "registry", grants=plan.grants, server_core=server_core, load_core=load_core
    ) as place:
        # They need Django's models, which exist once the place is open.
        from consent.server.demo.operating import admit
        from tests.bench import (
            batches,
            limits,
            log,
            pages,
            receipts,
            revoking,
            scale,
            single,
            status_lists,
            transactions,
        )

        sys.stderr.write(f"bench: {plan.grants:,} consents, {time.monotonic() - began:.0f} s\n")
        loader = Loader(folder=folder, cores=load_core, watch=watch)
        plan_s, rounds = plan.sizes.seconds, plan.sizes.rounds
        why = missing.get("cerbos", "")
        part("single", lambda: single.measure(place, loader, plan.sizes, why_no_cerbos=why))
        part("batches", lambda: batches.measure(place, loader, seconds=plan_s, rounds=rounds))
        part("profile", lambda: where_time_goes.measure(place))
        part("receipts", lambda: receipts.measure(place, folder))
        part("revoking", lambda: revoking.measure(place))
        part("connected", lambda: _connected(place))
        counts = scale.FULL_SIZES if plan.full else SCALE_SIZES
        part("scale", lambda: scale.measure(superuser_url(place.stage, database=False), counts))
        part("limits", limits.measure)
        part("log", lambda: log.measure(superuser_url(place.stage, database=False)))
        part("status", lambda: status_lists.measure(superuser_url(place.stage, database=False)))
        part("transactions", lambda: transactions.measure(place.ports, place.organization))
        part("pages", lambda: pages.measure(place.stage, admit(place.ports, RESEARCH).organization))
    return rows


def _connected(place: Place) -> Sequence[Row]:
    """An organization of its own: a copy of the seeded one would hold a million pairs."""
    from consent.server.demo.operating import admit  # needs Django's models
    from tests.bench import connected

    admitted = admit(place.ports, RESEARCH)
    return connected.measure(place.stage, admitted.organization, admitted.secret)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="60 s of warm-up, longer runs, ten million grants"
    )
    parser.add_argument("--strict", action="store_true", help="fail on absolute goals, too")
    parser.add_argument("--grants", type=int, default=0, help="consents to seed instead of a million")
    parser.add_argument("--only", nargs="*", default=[], help="parts to measure instead of all")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
