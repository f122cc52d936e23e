"""A bundle verifies on a machine without Django and without network; the demo does the same with its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from signing.trust import parse_trust

ROOT = Path(__file__).parents[2]
# Importing anything of the server, or opening a socket, fails; so does reading a setting of this machine.
BARE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "rest_framework", "psycopg", "typst", "celery", "boto3"):
            raise ImportError(f"{name} is not on this machine")
sys.meta_path.insert(0, Refuse())
def no_network(event, _args):
    if event.startswith("socket."):
        raise OSError(f"this machine has no network: {event}")
sys.addaudithook(no_network)
from consent.cli.main import main
raise SystemExit(main(sys.argv[1:]))
"""


def elsewhere(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`consent` with these arguments on such a machine."""
    return subprocess.run(
        [sys.executable, "-c", BARE, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def kept(database: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a test-side bundle and the trust file, as a lawyer would have them."""
    from tests.evidence.bundles import bundle, trust_of
    from tests.evidence.published import own_world

    folder = tmp_path_factory.mktemp("kept")
    with own_world(postgres_server, tmp_path_factory.mktemp("log")) as live:
        world = live.other_side()
        organization, person = world.organization(), world.person()
        world.grant(organization, person)
        world.clock.forward(hours=1)
        (folder / "evidence.zip").write_bytes(
            bundle(world, organization, person, "train.voice", "publish.stream")
        )
        (folder / "trust.json").write_bytes(trust_of(world.ports))
    assert parse_trust((folder / "trust.json").read_bytes()).keys
    return folder


def test_it_verifies_without_django_and_without_network(kept: Path) -> None:
    at = ("--at", "2099-01-01T00:00:00Z")
    done = elsewhere(kept, "verify", "--allow-test", "--trust", "trust.json", *at, "evidence.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("valid evidence bundle  (test side)")
    assert "introduced by the registry (Examiner Eins)" in done.stdout
    assert "publish.stream" in done.stdout and "out_of_scope" in done.stdout


def test_test_evidence_counts_only_where_it_is_allowed(kept: Path) -> None:
    at = ("--at", "2099-01-01T00:00:00Z")
    done = elsewhere(kept, "verify", "--trust", "trust.json", *at, "evidence.zip")
    assert done.returncode == 1 and "allow_test" in done.stdout
    assert "--allow-test" in done.stderr


def test_one_changed_byte_anywhere_is_refused(kept: Path, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from consent.client.evidence_bundles import verify_whole
    from signing.errors import SigningError

    data = (kept / "evidence.zip").read_bytes()
    trust = parse_trust((kept / "trust.json").read_bytes())
    at = datetime(2099, 1, 1, tzinfo=UTC)
    verify_whole(data, trust=trust, at=at, expected_organization=None, allow_test=True)
    for place in [*range(64), *range(64, len(data), len(data) // 300), *range(len(data) - 64, len(data))]:
        bent = bytearray(data)
        bent[place] ^= 0x20
        with pytest.raises(SigningError):
            verify_whole(bytes(bent), trust=trust, at=at, expected_organization=None, allow_test=True)


def test_json_says_the_four_verdicts(kept: Path) -> None:
    import json

    at = ("--at", "2099-01-01T00:00:00Z")
    done = elsewhere(kept, "verify", "--json", "--allow-test", "--trust", "trust.json", *at, "evidence.zip")
    said = json.loads(done.stdout)
    assert said["valid"] is True and said["kind"] == "evidence bundle"
    assert (said["creation_then"], said["publication_then"]) == (
        said["creation_now"],
        said["publication_now"],
    )
    assert said["publication_then"] == "deny" and len(said["fingerprint"]) == 64
    assert said["on_the_registrys_word"]
