"""What the licensee and the performers would keep, as files."""

from collections.abc import Sequence
from pathlib import Path

from consent.server.demo.desk import Desk
from consent.server.demo.licensees import AUDIOBOOKS
from consent.server.demo.person import Ending, Person
from consent.server.demo.proofs import Evidence

PACKAGES = 12  # grant packages that are stored and verified


def collect(folder: Path, people: Sequence[Person], desk: Desk, endings: Sequence[Ending]) -> Evidence:
    """Store packages and acknowledgements in `folder`; the scans left their receipts there."""
    packages, acknowledgements = [], []
    grants = [person.grants[AUDIOBOOKS.name] for person in people if AUDIOBOOKS.name in person.grants]
    for grant in grants[:PACKAGES]:
        path = folder / "packages" / f"{grant}.grant.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(desk.package(grant))
        packages.append(path)
    for ending in endings:
        path = folder / "acknowledgements" / f"{ending.grant}.acknowledgement"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{ending.accepted.acknowledgement}\n")
        acknowledgements.append((path, ending.body_sha256))
    receipts = sorted(folder.glob("*/receipts/*.receipt"))
    return Evidence(receipts=receipts, packages=packages, acknowledgements=acknowledgements)
