"""`consent-server keys`: list the registry's signing keys, make successors, end one, encrypt all anew."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from consent.server.commands.registry_here import adopt_settings
from consent.server.keys.derivation import keep_derivation_secret
from consent.server.keys.errors import KeysError
from consent.server.keys.index import KeyEntry, read_index
from consent.server.keys.make import OVERLAP, SIDES, end_key, rewrap_keys, rotate_keys
from consent.server.settings import Settings
from consent.server.stores import open_key_archive, open_sealer
from signing.errors import SigningError
from signing.instants import format_instant, parse_instant
from signing.trust import PUBLISHED_ROLES


def run(arguments: Sequence[str]) -> int:
    """List, rotate, end or rewrap; returns the exit status."""
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
    end = verbs.add_parser("end", help="end a key's time: for one that somebody else may have")
    end.add_argument("kid", metavar="KID", help="its name, as `list` tells it")
    end.add_argument("--at", type=_instant, required=True, help="when, such as 2027-03-01T09:00:00Z")
    verbs.add_parser(
        "rewrap", help="encrypt under CONSENT_KEY_SECRET what is still under CONSENT_KEY_SECRET_ALSO"
    )
    options = parser.parse_args(list(arguments))
    settings = adopt_settings()
    match options.verb:
        case "list":
            _list(settings)
        case "rotate":
            _rotate(settings, options, parser)
        case "end":
            ended = end_key(settings.storage.keys, options.kid, at=options.at, now=datetime.now(UTC))
            print(f"ended {_words(ended)}, at {format_instant(ended.not_after)}")
        case _:
            _rewrap(settings)
    return 0


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except SigningError as exc:
        raise argparse.ArgumentTypeError(
            f"expected an instant such as 2027-03-01T09:00:00Z, got {text!r}"
        ) from exc


def _rewrap(settings: Settings) -> None:
    """Key files, the derivation secret, then every record key; each step is safe to repeat."""
    also = settings.secrets.key_secret_also
    if not also:
        raise KeysError(
            "CONSENT_KEY_SECRET_ALSO is not set: set it to the former CONSENT_KEY_SECRET, and restart every process"
        )
    folder, secret = settings.storage.keys, settings.secrets.key_secret
    files = rewrap_keys(folder, secret=secret, former=also)
    keep_derivation_secret(folder, secret=secret, opens=settings.secrets.opening)
    archive = open_key_archive(settings)
    records = open_sealer(settings).rewrap(archive)
    print(
        f"Encrypted anew: {files} key files, {records} record keys. Once no process needs the other secret, remove it."
    )


def _rotate(settings: Settings, options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
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
