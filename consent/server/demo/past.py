"""Evidence of the past: of a consent that has ended since, was it given then, to whom, for what?"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.client.described_bundle import describe_bundle
from consent.client.evidence_bundles import KeptEvidence
from consent.client.registry import Registry
from consent.server.demo.expectation import DemoError, expect, expect_equal
from consent.server.demo.licensees import Licensee

LOGGED_S = 60.0  # until the publisher's checkpoint covers a consent; it takes one second
LOOK_EVERY_S = 0.5
_ELSEWHERE = """
import sys
class NotHere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "rest_framework", "psycopg", "typst"):
            raise ImportError(f"{name} is not on that machine")
sys.meta_path.insert(0, NotHere())
def no_network(event, _args):
    if event.startswith("socket."):
        raise OSError(f"that machine has no network: {event}")
sys.addaudithook(no_network)
from consent.cli.main import main
raise SystemExit(main(sys.argv[1:]))
"""
PUBLISHING = "publish.download"  # nobody in the demo agreed to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A bundle on disk, and its four verdicts by `creation_then` and so on."""

    path: Path
    verdicts: Mapping[str, object]


def make_evidence(
    registry: Registry, licensee: Licensee, folder: Path, *, external_id: str, before: datetime, decision: str
) -> tuple[Past, Past]:
    """Two bundles: of an instant before the performer ended the consent, and of today.

    Both ask about creating and about publishing; the first encloses the receipt of `decision`.

    Raises:
        DemoError: a verdict is not what happened, or the log does not prove it in time.
    """
    question = {name: value for name, value in licensee.question.items() if name != "external_id"}
    questions = [question, {**question, "use": PUBLISHING}]
    then = _in_the_log(registry, questions, external_id=external_id, at=before, decisions=[decision])
    now = _in_the_log(registry, questions, external_id=external_id, at=None, decisions=[])
    first = _kept(then, folder / "before-the-end.zip")
    second = _kept(now, folder / "after-the-end.zip")
    expect_equal("creating, before the end", got=first.verdicts["creation_then"], expected="allow")
    expect_equal("publishing, before the end", got=first.verdicts["publication_then"], expected="deny")
    expect_equal("creating, after the end", got=second.verdicts["creation_then"], expected="deny")
    return first, second


def verify_elsewhere(past: Past, *, trust_path: Path) -> None:
    """Verify with the command as on another machine: no Django, no network, no setting of this process.

    Raises:
        DemoError: test evidence was refused where it is allowed, or believed where it is not.
    """
    for options, expected in ((["--allow-test"], 0), ([], 1)):
        arguments = ["verify", *options, "--trust", str(trust_path), str(past.path)]
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-c", _ELSEWHERE, *arguments],
            env={name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
            capture_output=True,
            text=True,
            check=False,
        )
        what = " ".join(["consent", *arguments])
        expect(
            done.returncode == expected,
            f"Expected `{what}` to exit with {expected}, got {done.returncode}: {done.stdout or done.stderr}",
        )


def _in_the_log(
    registry: Registry,
    questions: Sequence[Mapping[str, object]],
    *,
    external_id: str,
    at: datetime | None,
    decisions: Sequence[str],
) -> KeptEvidence:
    deadline = time.monotonic() + LOGGED_S
    while time.monotonic() < deadline:
        kept = registry.evidence(questions, external_id=external_id, at=at, decisions=decisions)
        proven = describe_bundle(kept.proven)
        if proven["consents"] == proven["signings_in_log"] == proven["activations_in_log"] != 0:
            return kept
        time.sleep(LOOK_EVERY_S)
    raise DemoError(f"Expected the log to hold the consents within {LOGGED_S:.0f} s, and it does not yet.")


def _kept(kept: KeptEvidence, path: Path) -> Past:
    path.parent.mkdir(exist_ok=True)
    return Past(path=kept.save(path), verdicts=describe_bundle(kept.proven))
