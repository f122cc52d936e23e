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


def _flip(name: str) -> Callable[[Path], None]:
    """One letter in the middle of a file becomes another."""

    def bend(folder: Path) -> None:
        path = next(folder.glob(name))
        data = bytearray(path.read_bytes())
        place = next(at for at in range(len(data) // 2, len(data)) if chr(data[at]).isalnum())
        data[place] = ord("A") if data[place] != ord("A") else ord("B")
        path.write_bytes(bytes(data))

    return bend


@pytest.mark.needs(*TOOLS)
@pytest.mark.parametrize(
    "name",
    [
        "answer.json", "evidence.pdf", "VERIFY.md", "trust.json", "policy", "checkpoint", "seal.jwt",
        "grants/*.md", "grants/*.grant.json", "events/*.active.json",
    ],
)  # fmt: skip
def test_one_letter_changed_in_any_file_is_noticed(made: bytes, tmp_path: Path, name: str) -> None:
    code, said = follow(made, tmp_path, _flip(name))
    assert code != 0, said


@pytest.mark.needs(*TOOLS)
def test_a_file_more_and_a_file_less_are_noticed(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "less").mkdir()
    code, said = follow(
        made, tmp_path / "more", lambda folder: (folder / "note.txt").write_text("x") and None
    )
    assert code != 0 and "one too many" in said
    code, said = follow(made, tmp_path / "less", lambda folder: (folder / "policy").unlink())
    assert code != 0 and "missing" in said


def _sealed_anew(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """What a registry could do that has no key of the performer: change a file and say so in its seal."""
    import base64
    import hashlib
    import json

    path = next(folder.glob(name))
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    head, body, signature = (folder / "seal.jwt").read_text().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["files"][str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    forged = base64.urlsafe_b64encode(json.dumps(claims, sort_keys=True, separators=(",", ":")).encode())
    (folder / "seal.jwt").write_text(f"{head}.{forged.decode().rstrip('=')}.{signature}")


@pytest.mark.needs(*TOOLS)
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("grants/*.md", b"e", b"3"),
        ("grants/*.grant.json", b"train.voice", b"infer.video"),
        ("grants/*.grant.json", b'"introduced_by":"registry"', b'"introduced_by":"performer"'),
        ("events/*.active.json", b'"state":"active"', b'"state":"signed"'),
    ],
)
def test_changed_and_sealed_with_a_broken_seal_it_is_noticed_too(
    made: bytes, tmp_path: Path, name: str, old: bytes, new: bytes
) -> None:
    code, said = follow(made, tmp_path, lambda folder: _sealed_anew(folder, name, old, new))
    assert code != 0, said
    assert "OK" in said  # the digests fit: something deeper noticed it
