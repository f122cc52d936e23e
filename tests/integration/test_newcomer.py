"""Somebody follows the banner without a browser: every line of it is true."""

import re
import subprocess
import urllib.request

import pytest

from tests.integration.running import Running

ENROL = (
    "--side", "test", "--stage-name", "Nova Lark", "--legal-name", "Nora Larkin",
    "--birth-date", "1990-05-04", "--email", "nora@example.org",
)  # fmt: skip
MILLISECONDS = re.compile(r"^answered in +\d+ ms$", re.MULTILINE)


@pytest.mark.needs("bash")
def test_each_line_of_the_banner_is_true(own_registry: Running) -> None:
    own_registry.start()
    lines = _banner(own_registry)
    invitation, operator = _link(lines[1]), _link(lines[2])
    assert _page(own_registry, invitation).count("<h1") == 1
    assert "You run this registry" in _page(own_registry, operator)
    for path in re.findall(r": (/[a-z/]+)", lines[6]):
        assert "<html" in _page(own_registry, own_registry.url + path), path
    with urllib.request.urlopen(f"http://localhost:{own_registry.port + 1}/readyz", timeout=20) as answer:
        assert answer.status == 200

    before = _as_printed(own_registry, lines[4])
    assert before.returncode == 1 and before.stdout.startswith("deny") and MILLISECONDS.search(before.stdout)
    grant = _sign(own_registry, invitation.rpartition("/")[2])
    allowed = _as_printed(own_registry, lines[4])
    assert allowed.returncode == 0 and allowed.stdout.startswith("allow"), allowed.stdout + allowed.stderr
    own_registry.consent("performer", "end", grant, "--yes", *_key(own_registry))
    denied = _as_printed(own_registry, lines[4])
    assert denied.returncode == 1 and "no_active_consent" in denied.stdout
    assert MILLISECONDS.search(denied.stdout)

    own_registry.stop()
    own_registry.start()
    again = _banner(own_registry)
    assert _link(again[1]).startswith(f"{own_registry.url}/requests/off_")
    (waiting,) = [
        offer
        for offer in own_registry.consent_json("performer", "offers", *_key(own_registry))["data"]
        if offer["state"] in ("offered", "viewed")
    ]
    assert _link(again[1]).endswith(waiting["id"])
    assert _link(again[2]) != operator
    assert "You run this registry" in _page(own_registry, _link(again[2]))


def _banner(registry: Running) -> list[str]:
    """The lines of the newest banner."""
    text = (registry.folder / "up.log").read_text()
    lines = text[text.rindex("Consent registry ") :].splitlines()[:7]
    assert [line[:3] for line in lines[1:5]] == [" 1 ", " 2 ", " 3 ", " 4 "]
    return lines


def _link(line: str) -> str:
    found = re.search(r"http://\S+", line)
    assert found is not None, line
    return found[0]


def _page(registry: Running, url: str) -> str:
    assert url.startswith(registry.url)
    asked = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return str(answer.read().decode())


def _as_printed(registry: Running, line: str) -> subprocess.CompletedProcess[str]:
    """Line 4 in a shell that knows nothing yet."""
    source, question = re.fullmatch(r" 4 Be the pipeline +(source .+?) +then: (.+)", line).groups()  # type: ignore[union-attr]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(registry.folder)}
    return subprocess.run(
        ["bash", "-c", f"{source}\n{question}"],
        cwd=registry.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _key(registry: Running) -> tuple[str, str]:
    return ("--key", str(registry.folder / "newcomer.key"))


def _sign(registry: Running, code: str) -> str:
    """The performer's part at the command line, with the operator's between; the grant."""
    mine = _key(registry)
    registry.consent("performer", "key", *mine, "--plain")
    registry.consent("performer", "enrol", *mine, *ENROL)
    (credential,) = re.findall(r"cre_[a-z2-7]{26}", registry.operator("operator", "identity", "list"))
    words = ("--examiner", "A. Examiner", "--method", "document")
    registry.operator("operator", "identity", "approve", credential, *words)
    registry.consent("performer", "accept", code, *mine)
    (offer,) = registry.consent_json("performer", "offers", *mine)["data"]
    return str(registry.consent_json("performer", "sign", offer["id"], "--yes", *mine)["grant"])
