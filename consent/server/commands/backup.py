"""`consent-server backup`: two encrypted files, data and keys, made while the registry runs."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from consent.server.backup.finding import backup_files, prune
from consent.server.commands.registry_here import open_registry
from signing.instants import format_instant


def run(arguments: Sequence[str]) -> int:
    """Make a backup, or tend a folder of them; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="consent-server backup",
        description=__doc__,
        epilog="CONSENT_BACKUP_SECRET encrypts both files. Files of keys end after seven days: --to and prune remove "
        "those that have ended.",
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="make a backup in this folder")
    parser.add_argument(
        "--with-objects", action="store_true", help="copy the object store too; without it only its names"
    )
    verbs = parser.add_subparsers(dest="verb")
    for name, words in (
        ("list", "what each file says of itself"),
        ("prune", "remove files of keys that ended"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("--in", type=Path, dest="folder", metavar="FOLDER", required=True)
    options = parser.parse_args(list(arguments))
    if (options.verb is None) == (options.to is None):
        parser.error("expected --to FOLDER, or one of: list, prune")
    match options.verb:
        case "list":
            _list(options.folder)
        case "prune":
            _prune(options.folder)
        case _:
            _make(options.to, with_objects=options.with_objects)
    return 0


def _make(folder: Path, *, with_objects: bool) -> None:
    wiring = open_registry()
    # Imported here: models exist only after the set-up.
    from consent.server.backup.making import make_backup  # noqa: PLC0415

    made = make_backup(wiring, folder.absolute(), with_objects=with_objects)
    heads = ", ".join(f"{side} {seq}" for side, seq in sorted(made.header.heads.items()))
    print(f"Backed up and read back, up to {heads}:\n  {made.data}\n  {made.keys}")
    if (until := replace(made.header, kind="keys").expires_at) is not None:
        print(f"The keys can be restored until {format_instant(until)}.")
    _prune(folder)


def _list(folder: Path) -> None:
    for file in backup_files(folder):
        header = file.header
        heads = " ".join(f"{side}={seq}" for side, seq in sorted(header.heads.items()))
        ends = f"  until {format_instant(header.expires_at)}" if header.expires_at else ""
        print(f"{file.path.name}  {heads}  consent-registry {header.version}{ends}")


def _prune(folder: Path) -> None:
    for path in prune(folder, now=datetime.now(UTC)):
        print(f"Removed, because its seven days are over: {path}")
