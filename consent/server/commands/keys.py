"""`consent-server keys`: list the registry's signing keys, and make successors."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from consent.server.commands.registry_here import adopt_settings
from consent.server.keys.errors import KeysError
from consent.server.keys.index import KeyEntry, read_index
from consent.server.keys.make import OVERLAP, SIDES, rotate_keys
from consent.server.settings import Settings
from signing.instants import format_instant
from signing.trust import PUBLISHED_ROLES


def run(arguments: Sequence[str]) -> int:
    """List or rotate; returns the exit status."""
    parser = argparse.ArgumentParser(prog="consent-server keys", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="every key that is published, and which of them signs")
    rotate = verbs.add_parser(
        "rotate", help="make successors; they are published at once and sign after the overlap"
    )
    rotate.add_argument("--role", choices=PUBLISHED_ROLES, action="append", help="default: all roles")
    rotate.add_argument("--side", choices=("live", "test"), help="default: both")
    rotate.add_argument(
        "--overlap-hours",
        type=int,
        default=int(OVERLAP.total_seconds() // 3600),
        help="how long verifiers have to fetch the trust file before a new key signs (default: %(default)s)",
    )
    options = parser.parse_args(list(arguments))
    settings = adopt_settings()
    if options.verb == "list":
        _list(settings)
        return 0
    if not 0 <= options.overlap_hours <= 720:
        parser.error("--overlap-hours takes 0 to 720")
    made = rotate_keys(
        settings.storage.keys,
        secret=settings.secrets.key_secret,
        at=datetime.now(UTC),
        roles=options.role or PUBLISHED_ROLES,
        sides=SIDES if options.side is None else (options.side == "live",),
        overlap=timedelta(hours=options.overlap_hours),
    )
    for entry in made:
        print(f"made {_words(entry)}, signs from {format_instant(entry.signs_from)}")
    return 0


def _list(settings: Settings) -> None:
    index = read_index(settings.storage.keys)
    if index is None:
        raise KeysError(f"there are no keys in {settings.storage.keys}: run `consent-server migrate` first")
    now = datetime.now(UTC)
    for entry in index.keys:
        signing = index.signing(entry.role, livemode=entry.livemode, at=now) == entry
        if signing:
            state = "signs"
        elif entry.signs_from > now:
            state = f"signs from {format_instant(entry.signs_from)}"
        else:
            state = "verifies only"
        print(f"{_words(entry)}  until {format_instant(entry.not_after)}  {state}")


def _words(entry: KeyEntry) -> str:
    return f"{'live' if entry.livemode else 'test'} {entry.role:<8} {entry.kid}"
