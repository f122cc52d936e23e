"""The commands of VERIFY.md, run exactly as they stand there by a plain shell, accept what is true and nothing else."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOOLS = ("openssl", "python3", "sha256sum", "unzip")
GUIDE = Path(__file__).parents[2] / "templates" / "evidence" / "VERIFY.md"


@pytest.fixture(scope="module")
def made(database: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle with a passkey's consent, a second key's, and their log proofs."""
    from tests.evidence.bundles import bundle
    from tests.evidence.published import own_world, publish

    with own_world(postgres_server, tmp_path_factory.mktemp("log")) as world:
        organization, person = world.organization(), world.person(passkey=True)
        world.grant(organization, person)
        software = world.person()
        world.grant(organization, software)
        publish(world)
        world.clock.forward(hours=1)
        return bundle(world, organization, person, "train.voice", "publish.stream")


def follow(
    bundle: bytes, folder: Path, bend: Callable[[Path], None] = lambda _folder: None
) -> tuple[int, str]:
    """Unpack, let something be bent, and run every block of the guide that came in the bundle, in one shell."""
    (folder / "evidence.zip").write_bytes(bundle)
    subprocess.run(["unzip", "-q", "evidence.zip", "-d", "evidence"], cwd=folder, check=True, timeout=60)
    bend(folder / "evidence")
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    done = subprocess.run(
        ["sh", "-e", "-c", "".join(blocks)],
        cwd=folder / "evidence",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "TMPDIR": str(folder)},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.needs(*TOOLS)
def test_the_guide_accepts_a_bundle_with_all_its_proofs(made: bytes, tmp_path: Path) -> None:
    code, said = follow(made, tmp_path)
    assert code == 0, said
    for what in ("seal", "-key1", "-performer", "-registry", "-log-checkpoint", "-active-checkpoint"):
        assert re.search(rf"verified \S*{what}$", said, re.MULTILINE), (what, said)
    assert "LIVE https://registry.example/live" in said
    assert (tmp_path / "evidence" / "VERIFY.md").read_bytes() == GUIDE.read_bytes()
