"""The documentation's commands for checking evidence with standard tools, run as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "templates" / "docs" / "verify.md").read_text().partition("## By hand")[2]
CORPUS = ROOT / "tests" / "vectors" / "verify"
VERIFIED = "Signature Verified Successfully"


def run(folder: Path, *, receipt: str = "allow.receipt", consent: str = "log-witnessed.grant.json") -> str:
    """What all the commands of the page print, one block after the other."""
    shutil.copy(CORPUS / "trust.json", folder / "trust.json")
    shutil.copy(CORPUS / "files" / receipt, folder / "voice.receipt")
    shutil.copy(CORPUS / "files" / consent, folder / "voice.grant.json")
    script = "\n".join(re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    return done.stdout


@pytest.mark.needs("openssl", "jq", "sed", "base64", "od", "sha256sum")
def test_the_commands_accept_what_is_true(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert said.count(VERIFIED) == 3
    digest = re.search(r'"grant_sha256": "([0-9a-f]{64})"', said)
    assert digest is not None and f"\n{digest[1]}  -\n" in said
    *_, computed, signed = said.strip().splitlines()
    assert computed == signed


@pytest.mark.needs("openssl", "jq", "sed", "base64", "od", "sha256sum")
def test_the_commands_refuse_what_is_not(tmp_path: Path) -> None:
    assert run(tmp_path, receipt="payload.receipt").count(VERIFIED) == 2
    changed = run(tmp_path, consent="body-name.grant.json")
    digest = re.search(r'"grant_sha256": "([0-9a-f]{64})"', changed)
    assert digest is not None and f"\n{digest[1]}  -\n" not in changed
    *_, computed, signed = run(tmp_path, consent="log-salt.grant.json").strip().splitlines()
    assert computed != signed
