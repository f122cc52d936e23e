"""`consent scan --local`: the same verdicts and exit codes, decided here."""

import json
from pathlib import Path

from consent.client.transport import TransportError
from tests.cli.command import Command
from tests.client.recorded_feed import RecordedFeed, grant, subject
from tests.client.recorded_registry import problem

MAPPING = (
    "--column", "performer=who", "--set", "use=train.voice", "--set", "territory=DE", "--set", "language=de",
    "--set", "purpose=audiobook", "--local",
)  # fmt: skip


def feed() -> RecordedFeed:
    registry = RecordedFeed(page_size=2)
    for name in ("ada", "bob", "eve"):
        registry.change(subject(f"prf_test_{name}", grant(f"grt_test_{name}"), external_ids=[name]))
    return registry


def manifest(folder: Path, *names: str) -> Path:
    path = folder / "m.csv"
    path.write_text("who\n" + "".join(f"{name}\n" for name in names))
    return path


def test_rows_that_are_all_allowed_exit_with_0_and_say_who_decided(tmp_path: Path) -> None:
    registry = feed()
    command = Command(registry).trusting(registry.trust, tmp_path)
    path = manifest(tmp_path, *["ada", "bob"] * 50)
    assert command.run("scan", path, *MAPPING, "--report", tmp_path / "r") == 0
    assert "every row is allowed" in command.out
    assert "no record" in command.err
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert (report["decided"], report["receipts"], report["counts"]["allow"]) == (["local"], {}, 100)
    assert report["as_of"].startswith("2027-03-01T12:")
    assert "decision_id" not in report["groups"][0]
    rows = (tmp_path / "r" / "rows.csv").read_text().splitlines()
    assert rows[:2] == ["line,verdict,reasons,question", "2,allow,,1"]
    assert all("/v1/changes" in request.url for request in registry.requests)


def test_a_row_that_is_not_allowed_exits_with_1(tmp_path: Path) -> None:
    registry = feed()
    command = Command(registry).trusting(registry.trust, tmp_path)
    path = manifest(tmp_path, "ada", "mallory", "")
    assert command.run("scan", path, *MAPPING, "--report", tmp_path / "r", "--json") == 1
    counts = json.loads(command.out)["counts"]
    assert counts == {"allow": 1, "deny": 0, "unknown subject": 1, "invalid": 0}


def test_the_copy_is_kept_for_the_next_scan(tmp_path: Path) -> None:
    registry = feed()
    command = Command(registry).trusting(registry.trust, tmp_path)
    path = manifest(tmp_path, "ada")
    for name in ("one", "two"):
        state = ("--state", tmp_path / "copy", "--report", tmp_path / name)
        assert command.run("scan", path, *MAPPING, *state) == 0
    assert registry.snapshots == 1


def test_without_a_trust_file_or_with_state_alone_it_is_a_wrong_call(tmp_path: Path) -> None:
    command = Command(feed())
    assert command.run("scan", manifest(tmp_path, "ada"), *MAPPING) == 2
    assert "consent trust fetch" in command.err
    without = [word for word in MAPPING if word != "--local"]
    assert command.run("scan", manifest(tmp_path, "ada"), *without, "--state", tmp_path / "s") == 2


def test_a_registry_that_does_not_answer_or_refuses_the_key_allows_nothing(tmp_path: Path) -> None:
    registry = feed()
    registry.steps.extend([problem(401, "key_invalid")])
    command = Command(registry).trusting(registry.trust, tmp_path)
    assert command.run("scan", manifest(tmp_path, "ada"), *MAPPING, "--report", tmp_path / "r") == 2
    assert "key_invalid" in command.err
    assert not (tmp_path / "r").exists()
    registry.steps.extend([TransportError("no connection")] * 200)
    assert command.run("scan", manifest(tmp_path, "ada"), *MAPPING, "--report", tmp_path / "r") == 3
    assert "no complete copy" in command.err
    assert not (tmp_path / "r").exists()


def test_a_consent_that_ends_while_rows_are_written_leaves_no_report(tmp_path: Path) -> None:
    from consent.client.errors import Unavailable
    from consent.client.manifests.columns import Columns
    from consent.client.manifests.scan import scan
    from consent.client.manifests.source import open_manifest
    from tests.client.recorded_feed import QUESTION

    registry = feed()
    stepped = registry.local()
    stepped.follow()

    def progress(text: str) -> None:
        if "questions answered" in text:
            registry.change(subject("prf_test_ada", ever_signed=True, external_ids=["ada"]), "grant.ended")
            stepped.follow()

    try:
        scan(
            open_manifest(manifest(tmp_path, "ada", "bob")),
            columns=Columns(mapped={"performer": "who"}, constants=QUESTION),
            registry=stepped.local,
            folder=tmp_path / "r",
            now=lambda: registry.at,
            progress=progress,
        )
    except Unavailable as exc:
        assert "1 answers ran out" in str(exc)
    else:
        raise AssertionError("the report was written")
    assert not (tmp_path / "r").exists()
