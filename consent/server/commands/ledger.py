"""`consent-server ledger`: is the record of decisions whole, and did every allow rest on a consent that stood."""

import argparse
from collections.abc import Sequence
from datetime import timedelta

from consent.server.commands.registry_here import open_registry

DAYS = 30
MAX_DAYS = 3660
WHOLE = "Nothing is missing, nothing is damaged."
NO_GAP = "No gap in what was shipped. What the object store holds was not looked at; --read does it."


def run(arguments: Sequence[str]) -> int:
    """Look; returns the exit status: 0 whole, 1 something is missing or damaged, 3 a store does not answer."""
    parser = argparse.ArgumentParser(prog="consent-server ledger", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    gaps = verbs.add_parser("gaps", help="what is missing or damaged; status 1 if anything is")
    gaps.add_argument("--days", type=int, default=DAYS, help="how far back (default: %(default)s)")
    gaps.add_argument(
        "--read",
        action="store_true",
        help="also read every segment and every list that the history committed to, and compare; takes long",
    )
    audit = verbs.add_parser(
        "audit",
        help="hold every allow against the history of the consents it relied on; status 1 if one came too late",
    )
    audit.add_argument("--days", type=int, default=DAYS, help="how far back (default: %(default)s)")
    options = parser.parse_args(list(arguments))
    if not 1 <= options.days <= MAX_DAYS:
        parser.error(f"--days takes 1 to {MAX_DAYS}")
    back = timedelta(days=options.days)
    return _audit(back) if options.verb == "audit" else _gaps(back, read=options.read)


def _gaps(back: timedelta, *, read: bool) -> int:
    made = open_registry()
    # Imported here: models exist only after the set-up.
    from consent.check.ledger.folder import side_name  # noqa: PLC0415
    from consent.check.ledger.inspecting import (  # noqa: PLC0415
        damaged_commitments,
        damaged_here,
        damaged_in_store,
    )
    from consent.registry.queries.ledger import ledger_gaps  # noqa: PLC0415

    now = made.registry.clock()
    since = now - back
    found = 0
    for gap in ledger_gaps(now=now, since=since):
        found += 1
        print(
            f"{side_name(gap.livemode)} {gap.boot}: before segment {gap.segment} "
            f"{_missing(gap.missing_segments, gap.missing_records)}"
        )
    log = made.registry.log
    damages = [*damaged_here(made.ledger_folder), *damaged_commitments(log, since=since, read=read)]
    if read:
        damages += damaged_in_store(log.objects, since=since)
    for damage in damages:
        found += 1
        print(f"{damage.place}: {damage.why}")
    print(f"{found} found." if found else WHOLE if read else NO_GAP)
    return 1 if found else 0


def _audit(back: timedelta) -> int:
    made = open_registry()
    # Imported here: models exist only after the set-up.
    from consent.check.ledger.allows import allows_since  # noqa: PLC0415
    from consent.check.ledger.folder import side_name  # noqa: PLC0415
    from consent.check.ledger.inspecting import Damage  # noqa: PLC0415
    from consent.evidence.late_allows import Judged, late_allows  # noqa: PLC0415

    registry, damages, judged = made.registry, list[Damage](), Judged()
    allows = allows_since(
        registry.log, made.ledger_folder, since=registry.clock() - back, damaged=damages.append
    )
    late = 0
    for each in late_allows(registry, allows, judged):
        late += 1
        print(
            f"{side_name(each.allow.livemode)} {each.allow.decision}: allowed at position {each.allow.seq} "
            f"by {each.grant}, but {each.why}"
        )
    for damage in damages:
        print(f"{damage.place}: {damage.why}")
    print(f"{judged.allows} allows were held against the history; {late} should have been denials.")
    if judged.unknown:
        print(
            f"{judged.unknown} rely on consents of people who were forgotten: nothing can be said of those."
        )
    return 1 if late or damages else 0


def _missing(segments: int, records: int) -> str:
    if segments <= 0 and records <= 0:
        return "the chain does not fit"
    return f"{segments} segments with {records} records are missing"
