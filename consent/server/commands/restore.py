"""`consent-server restore`: bring a backup back into an empty place, or declare acknowledged history lost."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from consent.server.backup.choosing import age_words
from consent.server.backup.key_secret import backup_secret_of, restore_key_secret
from consent.server.backup.laptop_place import is_laptop, laptop_place
from consent.server.commands.registry_here import adopt_settings
from consent.server.django_setup import set_up_django
from consent.server.settings import Settings
from signing.instants import format_instant

if TYPE_CHECKING:
    from consent.server.backup.restoring import Missing, Restored

MAX_REASON_CHARS = 500
MAX_NAMES_SHOWN = 5
INCOMPLETE = 1  # restored, but every check answers 503 until the missing history is back


def run(arguments: Sequence[str]) -> int:
    """Restore; returns the exit status: 0 whole, 1 acknowledged history is missing."""
    parser = argparse.ArgumentParser(
        prog="consent-server restore",
        description=__doc__,
        epilog="Stop every process of the registry first. CONSENT_BACKUP_SECRET opens the files; the database and the "
        "stores are those of the other settings, and must be empty, except the object store.",
    )
    parser.add_argument(
        "--from", type=Path, dest="folder", metavar="FOLDER", help="restore its newest backup"
    )
    parser.add_argument(
        "--older-than-newest",
        action="store_true",
        dest="allow_older",
        help="take an older backup where the newest cannot be used; without it that is refused",
    )
    parser.add_argument(
        "--key-secret-to",
        type=Path,
        metavar="FILE",
        help="only write the backup's CONSENT_KEY_SECRET to a new file",
    )
    parser.add_argument(
        "--new-history",
        action="store_true",
        help="declare what is missing lost for ever: published, with a new database id and a new log origin",
    )
    parser.add_argument(
        "--lost-endings",
        action="store_true",
        help="only name the consents that count in the restored database and did not any more when it was lost",
    )
    parser.add_argument("--reason", help="what happened, for everybody to read; needed with --new-history")
    options = parser.parse_args(list(arguments))
    if options.lost_endings and (options.folder or options.key_secret_to or options.new_history):
        parser.error("--lost-endings stands alone: restore first, then `consent-server migrate`, then ask")
    alone = options.new_history or options.lost_endings
    if options.folder is None and (options.key_secret_to or not alone):
        parser.error(
            "expected --from FOLDER, or for a database that is restored already --new-history or --lost-endings"
        )
    if options.new_history and not 1 <= len((options.reason or "").strip()) <= MAX_REASON_CHARS:
        parser.error(
            f"--new-history needs --reason, 1 to {MAX_REASON_CHARS} characters that everybody will read"
        )
    if options.key_secret_to:
        restore_key_secret(
            backup_secret_of(os.environ),
            options.folder,
            target=options.key_secret_to,
            allow_older=options.allow_older,
        )
        print(f"Written: {options.key_secret_to}. Nothing was restored yet.")
        return 0
    laptop = is_laptop()
    with (
        laptop_place(options.folder, allow_older=options.allow_older) if laptop else contextlib.nullcontext()
    ):
        return _restore(options)


def _restore(options: argparse.Namespace) -> int:
    settings = adopt_settings()
    set_up_django()
    if options.lost_endings:
        return _say_lost_endings(settings)
    # Imported here: models exist only after the set-up.
    from consent.server.backup.restoring import (  # noqa: PLC0415
        missing_history,
        ports_of,
        restore,
    )

    now = datetime.now(UTC)
    if options.folder is not None:
        _tell(done := restore(settings, options.folder, now=now, allow_older=options.allow_older), now=now)
        missing = done.missing
    else:
        missing = missing_history(ports_of(settings))
    if options.new_history:
        _declare(settings, reason=options.reason.strip())
        return 0
    return _say_missing(missing)


def _tell(done: "Restored", *, now: datetime) -> None:
    header = done.header
    age = age_words(header.made_at, now=now)
    print(f"Restored the backup of {format_instant(header.made_at)}, {age}: {done.records} record keys.")
    for words in done.passed_over:
        print(f"NOT THE NEWEST. Passed over: {words}", file=sys.stderr)
    if done.objects:
        print(
            f"The object store was empty: {done.objects} objects put back. Erasures since then are not known here."
        )
    if done.missing_objects:
        shown = ", ".join(done.missing_objects[:MAX_NAMES_SHOWN])
        print(f"The object store lacks {len(done.missing_objects)} objects that were there: {shown} ...")
    for each in done.erasures:
        print(f"Erased at {format_instant(each.at)}, and not brought back: {len(each.records)} record keys.")
    print("Next: `consent-server migrate`, then start the processes.")


def _declare(settings: Settings, *, reason: str) -> None:
    from consent.log.new_history import declare_loss  # noqa: PLC0415
    from consent.server.backup.restoring import ports_of  # noqa: PLC0415
    from consent.server.preparing import prepare  # noqa: PLC0415

    for loss in declare_loss(ports_of(settings), reason=reason):
        lost = "unknown" if loss.lost is None else _range(loss.kept, loss.lost)
        print(f"{'live' if loss.livemode else 'test'}: history number {loss.generation + 1}; lost: {lost}.")
    # From here on the database answers: nobody who was erased since the backup may be in it when processes start.
    prepare(settings)
    _say_lost_endings(settings)
    print(
        "Declared. Everything acknowledged after the backup is lost, endings of consents among it. The statement is\n"
        "public at /docs/history. Start the processes, and tell performers and organizations."
    )


def _say_lost_endings(settings: Settings) -> int:
    """Status 0: every list tells, and no ending was lost. 1: see what is said."""
    # Imported here: models exist only after the set-up.
    from consent.server.backup.lost_endings import command, lost_endings  # noqa: PLC0415
    from consent.server.wiring import make_wiring  # noqa: PLC0415
    from signing.trust import parse_trust  # noqa: PLC0415

    wiring = make_wiring(settings)
    lost = lost_endings(wiring.registry, trust=parse_trust(wiring.trust()))
    for each in lost.found:
        ended = "paused" if each.paused else "ended"
        print(
            f"LOST ENDING {each.grant} counts here; by {format_instant(each.as_of)} it had {ended}. To do it again:"
        )
        print(f"  {command(each)}")
    for words in lost.unknown:
        print(f"What ended cannot be read from {words}.", file=sys.stderr)
    if not lost.found:
        print("No ending is known to be lost, as far as the last status lists tell.")
    return INCOMPLETE if lost.found or lost.unknown else 0


def _say_missing(missing: "Sequence[Missing]") -> int:
    for each in missing:
        side = "live" if each.livemode else "test"
        if each.lost is None:
            print(f"{side}: the object store does not say what was acknowledged after {each.kept}.")
        else:
            print(f"{side}: acknowledged history is missing: {_range(each.kept, each.lost)}.")
    if missing:
        print(
            "Every check answers 503 until it is back. Bring a newer backup, or the database's write-ahead log; if\n"
            "there is none, declare the loss: consent-server restore --new-history --reason '...'"
        )
        return INCOMPLETE
    print("No acknowledged history is missing.")
    return 0


def _range(kept: int, lost: int) -> str:
    return "nothing" if lost <= kept else f"positions {kept + 1} to {lost}"
