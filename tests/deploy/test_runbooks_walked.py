"""The runbooks are walked as they are written: each command of each page, on one registry that is lost on the way."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.backup_place import Place, empty_place, terms_of_now

TOP = Path(__file__).parents[2]
RUNBOOKS = TOP / "deploy" / "runbooks"
OTHER = "the other key secret, of more than thirty-two characters"
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(page: str) -> list[str]:
    """The lines of a page's blocks, in order."""
    text = (RUNBOOKS / page).read_text()
    return [line.strip() for block in _BLOCK.findall(text) for line in block.splitlines() if line.strip()]


@dataclass
class Operator:
    """Somebody with the page in hand and the settings in the environment; paths are of this machine."""

    place: Place
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def walk(self, page: str, *, statuses: Mapping[str, int] | None = None, **instead: str) -> dict[str, str]:
        """Call every line; what each said. `statuses` other than 0 by line, `instead` what stands for a placeholder."""
        said = {}
        for line in commands(page):
            expected = (statuses or {}).get(line, 0)
            said[line] = self.call(line, expected=expected, **instead)
        assert said, page
        assert set(statuses or ()) <= set(said), page
        return said

    def call(self, line: str, *, expected: int = 0, **instead: str) -> str:
        """One line as it is written, with this machine's paths."""
        words = [self._here(instead.get(word, word)) for word in shlex.split(line)]
        if words[0] in ("systemctl", "install"):
            return ""  # of the machine, which is none of ours; test_runbooks looks at them
        program = {"consent-server": [sys.executable, "-m", "consent.server"], "python3": [sys.executable]}
        others = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
        done = subprocess.run(
            [*program[words[0]], *words[1:]],
            cwd=TOP,
            env={**others, **self.place.environment(), **self.settings},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expected, (line, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def _here(self, word: str) -> str:
        for written, here in (
            ("/var/backups/consent", "backups"),
            ("/mnt/copy/consent", "copy"),
            ("/etc/consent", "etc"),
        ):
            word = word.replace(written, str(self.folder / here))
        return word


@pytest.fixture
def operator(database: str, postgres_server: str, tmp_path: Path) -> Iterator[Operator]:
    """With a prepared registry."""
    from consent.server.preparing import prepare

    (tmp_path / "etc").mkdir()
    with empty_place(postgres_server, tmp_path / "first", objects=tmp_path / "objects") as place:
        prepare(place.settings())
        yield Operator(place=place, folder=tmp_path)


def _world(place: Place) -> Any:
    from consent.server.wiring import make_wiring
    from tests.registry.world import Clock, World

    return World(ports=make_wiring(place.settings()).registry, clock=Clock())


@pytest.mark.timeout(1200)
def test_a_registry_is_backed_up_upgraded_lost_and_declared_by_the_pages_alone(
    operator: Operator, postgres_server: str
) -> None:
    world = _world(operator.place)
    organization, person = world.organization(), world.person()
    first, second = (world.grant(organization, person, terms_of_now()).grant for _ in range(2))
    (operator.folder / "copy").mkdir()
    statuses = {"consent-server backup check --in /mnt/copy/consent": 1}  # nobody has copied anything yet
    said = operator.walk("back-up.md", statuses=statuses)
    assert len(said["python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"].strip()) == 64
    shutil.copytree(operator.folder / "backups", operator.folder / "copy", dirs_exist_ok=True)
    assert "Whole: " in operator.walk("back-up.md")["consent-server backup check --in /mnt/copy/consent"]
    operator.walk("upgrade.md")
    assert "no gap" in operator.walk("failover.md")["consent-server ledger gaps"].lower()
    declare = next(line for line in commands("fork-of-the-log.md") if "--new-history" in line)
    assert "nothing is missing" in operator.walk("fork-of-the-log.md", statuses={declare: 3})[declare]
    # After the last backup: one consent ends, and the list says so.
    _end_and_publish(world, person, first)
    with empty_place(
        postgres_server,
        operator.folder / "second",
        objects=operator.place.objects,
        secrets_of=operator.place,
    ) as place:
        operator.place = place
        restore = "consent-server restore --from /var/backups/consent"
        again = f"{restore} --older-than-newest"  # for a reader whose newest was damaged; here it is restored already
        said = operator.walk("restore.md", statuses={restore: 1, again: 1})
        key_secret = (operator.folder / "etc" / "key-secret").read_text().strip()
        assert key_secret == place.secrets["CONSENT_KEY_SECRET"]
        assert "acknowledged history is missing" in said[restore] and "already" in said[again]
        lost = "consent-server restore --lost-endings"
        words = {"grt_01h2xcejqtf2nbrexx3vqjhp41": first}
        hold = next(line for line in commands("rolled-back-database.md") if "operator hold" in line)
        said = operator.walk("rolled-back-database.md", statuses={lost: 1, hold: 1}, **words)
        assert first in said[lost] and second not in said[lost]
        assert "ended" in said[hold]  # by the line before it
        assert "No ending is known" not in said[lost]


def _end_and_publish(world: Any, person: Any, grant: str) -> None:
    from consent.registry.status_lists.issuing import StatusIssuer

    world.say("revocation", grant, person.key)
    for side in (True, False):
        StatusIssuer(world.ports, livemode=side, decoy_key=bytes(32)).turn()


@pytest.mark.timeout(900)
def test_secrets_and_keys_are_rotated_and_ended_by_the_pages_alone(operator: Operator) -> None:
    from consent.registry.operations.read_package import read_package
    from signing.errors import UntrustedError
    from signing.package import verify_package
    from signing.trust import parse_trust

    world = _world(operator.place)
    organization, person = world.organization(), world.person()
    grant = world.grant(organization, person, terms_of_now()).grant
    package = read_package(world.ports, livemode=True, grant=grant, organization=organization)
    verify_package(package, trust=parse_trust(_trust(operator)), at=_soon())
    old = operator.place.secrets["CONSENT_KEY_SECRET"]
    operator.place.secrets["CONSENT_KEY_SECRET"] = OTHER
    operator.settings["CONSENT_KEY_SECRET_ALSO"] = old
    said = operator.walk("rotation.md")
    assert "Encrypted anew" in said["consent-server keys rewrap"]
    del operator.settings["CONSENT_KEY_SECRET_ALSO"]
    assert "receipt" in operator.call("consent-server keys list")
    operator.call("consent-server backup --to /var/backups/consent")
    listed = operator.call("consent-server keys list").splitlines()
    kid = next(line.split()[2] for line in listed if line.startswith("live registry"))
    before = "2027-03-01T09:00:00Z"  # as the page writes it; here it is a moment before the consent
    operator.walk("key-loss.md", **{"KID": kid, before: _moment_before(world, grant)})
    # As the page says: an end in the past takes countersignatures that were made after it.
    with pytest.raises(UntrustedError, match="not valid at"):
        verify_package(package, trust=parse_trust(_trust(operator)), at=_soon())


def _trust(operator: Operator) -> bytes:
    from consent.server.wiring import make_wiring

    return make_wiring(operator.place.settings()).trust()


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def _moment_before(world: Any, grant: str) -> str:
    from consent.registry.models import Grant
    from signing.instants import format_instant

    return format_instant(Grant.objects.get(id=grant).signed_at.replace(microsecond=0))
