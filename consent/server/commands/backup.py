"""`consent-server backup`: two encrypted files, data and keys, made while the registry runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from consent.server.backup.finding import DamagedFile, backup_files
from consent.server.backup.health import DEFAULT_MAX_AGE_HOURS, look
from consent.server.backup.key_secret import backup_secret_of
from consent.server.backup.pruning import MIN_KEEP_DAYS, prune
from consent.server.commands.registry_here import open_registry
from signing.instants import format_instant

UNHEALTHY = 1


def run(arguments: Sequence[str]) -> int:
    """Make a backup, or tend a folder of them; returns the exit status: `check` says 1 of a folder in a bad state."""
    parser = argparse.ArgumentParser(
        prog="consent-server backup",
        description=__doc__,
        epilog="CONSENT_BACKUP_SECRET encrypts both files. Files of keys end after seven days: --to and prune remove "
        "those that have ended. A backup that fails removes nothing.",
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="make a backup in this folder")
    parser.add_argument(
        "--with-objects", action="store_true", help="copy the object store too; without it only its names"
    )
    _add_keep_days(parser, default=None)
    verbs = parser.add_subparsers(dest="verb")
    for name, words in (
        ("list", "what each file says of itself"),
        ("check", "is the newest backup young and whole; opens it to its last byte"),
        ("prune", "remove files of keys that ended"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("--in", type=Path, dest="folder", metavar="FOLDER", required=True)
        if name == "check":
            verb.add_argument(
                "--max-age-hours",
                type=int,
                default=DEFAULT_MAX_AGE_HOURS,
                metavar="HOURS",
                help="how old the newest one may be (default: %(default)s)",
            )
        if name == "prune":
            # Suppressed: a default here would overwrite what stands before the verb.
            _add_keep_days(verb, default=argparse.SUPPRESS)
    options = parser.parse_args(list(arguments))
    if (options.verb is None) == (options.to is None):
        parser.error("expected --to FOLDER, or one of: list, check, prune")
    if options.keep_days is not None and options.keep_days < MIN_KEEP_DAYS:
        parser.error(f"--keep-days takes {MIN_KEEP_DAYS} or more: keys of younger files have not ended")
    match options.verb:
        case "list":
            return _list(options.folder)
        case "check":
            return _check(options.folder, max_age_hours=options.max_age_hours)
        case "prune":
            _prune(options.folder, keep_days=options.keep_days)
        case _:
            _make(options.to, with_objects=options.with_objects, keep_days=options.keep_days)
    return 0


def _add_keep_days(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    parser.add_argument(
        "--keep-days",
        type=int,
        metavar="DAYS",
        default=default,
        help="remove files of data older than this, once a younger whole backup is there (default: keep them all)",
    )


def _make(folder: Path, *, with_objects: bool, keep_days: int | None) -> None:
    wiring = open_registry()
    # Imported here: models exist only after the set-up.
    from consent.server.backup.making import make_backup  # noqa: PLC0415

    made = make_backup(wiring, folder.absolute(), with_objects=with_objects)
    heads = ", ".join(f"{side} {seq}" for side, seq in sorted(made.header.heads.items()))
    print(f"Backed up and read back, up to {heads}:\n  {made.data}\n  {made.keys}")
    if (until := replace(made.header, kind="keys").expires_at) is not None:
        print(f"The keys can be restored until {format_instant(until)}.")
    # After it, and never without it: what is old is removed when there is something new.
    _prune(folder, keep_days=keep_days)


def _list(folder: Path) -> int:
    damaged = 0
    for file in backup_files(folder):
        if isinstance(file, DamagedFile):
            damaged += 1
            print(f"DAMAGED {file.why}", file=sys.stderr)
            continue
        header = file.header
        heads = " ".join(f"{side}={seq}" for side, seq in sorted(header.heads.items()))
        ends = f"  until {format_instant(header.expires_at)}" if header.expires_at else ""
        print(f"{file.path.name}  {heads}  consent-registry {header.version}{ends}")
    return UNHEALTHY if damaged else 0


def _check(folder: Path, *, max_age_hours: int) -> int:
    health = look(
        folder, secret=backup_secret_of(os.environ), now=datetime.now(UTC), max_age_hours=max_age_hours
    )
    print(health.words)
    for wrong in health.wrong:
        print(f"WRONG {wrong}", file=sys.stderr)
    return UNHEALTHY if health.wrong else 0


def _prune(folder: Path, *, keep_days: int | None) -> None:
    for path in prune(folder, now=datetime.now(UTC), keep_days=keep_days):
        why = "its seven days are over" if path.suffix != ".data" else f"it is older than {keep_days} days"
        print(f"Removed, because {why}: {path}")
