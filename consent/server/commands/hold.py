"""`consent-server hold`: legal holds. What there is about a performer is kept until a day, whatever they ask."""

import argparse
import getpass
from collections.abc import Sequence
from datetime import UTC, date, datetime

from consent.server.commands.registry_here import open_registry


def run(arguments: Sequence[str]) -> int:
    """One act; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server hold", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    place = verbs.add_parser("place", help="begin a hold; the performer reads its ground and its day")
    place.add_argument("who", help="a key (cre_… or thumbprint) or a consent (grt_…) of the performer")
    place.add_argument("--ground", required=True, help="why, in words that the performer can understand")
    place.add_argument(
        "--until", required=True, type=_day, metavar="YYYY-MM-DD", help="the first day without it"
    )
    lift = verbs.add_parser("lift", help="end a hold before its day")
    lift.add_argument("hold", help="hld_…")
    for act in (place, lift):
        act.add_argument(
            "--actor", default=getpass.getuser(), help="your account's name (default: %(default)s)"
        )
    listing = verbs.add_parser("list", help="holds that stand")
    listing.add_argument("--all", action="store_true", help="also those that are over")
    options = parser.parse_args(list(arguments))
    made = open_registry()
    from consent.server.operating import holds  # noqa: PLC0415  # models exist only now

    for line in holds.run(options, made.registry):
        print(line)
    return 0


def _day(text: str) -> datetime:
    """The beginning of a day, UTC."""
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
