"""Local mode against the registry as its user starts it: real server, real PostgreSQL, real feed, real packages."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.client.errors import Unavailable
from consent.client.local.registry import LocalRegistry
from consent.client.registry import Registry
from tests.integration.running import Running, descendants

QUESTION: dict[str, Any] = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}
PATIENCE_S = 60.0


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def local_of(registry: Running, **options: Any) -> LocalRegistry:
    return Registry.local_from_env(registry.client_environment(), **options)


def actors() -> list[str]:
    return [
        f"prf_test_{name}" for name in ("allow", "deny", "suspended", "expired", "out_of_scope", "nobody")
    ]


def test_it_decides_as_the_registry_for_every_actor(registry: Running) -> None:
    online = Registry.from_env(registry.client_environment())
    with local_of(registry) as local:
        for performer in actors():
            for use in ("train.voice", "infer.voice"):
                here = local.check(performer=performer, **(QUESTION | {"use": use}))
                there = online.check(performer=performer, **(QUESTION | {"use": use}))
                assert (here.outcome, here.reasons, here.grants, here.obligations, here.asked) == (
                    there.outcome, there.reasons, there.grants, there.obligations, there.asked,
                )  # fmt: skip
        allowed = local.require(performer="prf_test_allow", **QUESTION)
        receipt = allowed.receipt().verify(allow_test=True)
        assert receipt.item.allowed


def test_with_the_performers_own_signatures_verified_it_allows_the_same(registry: Running) -> None:
    with local_of(registry, verify="performer") as local:
        eventually(lambda: bool(local.check(performer="prf_test_allow", **QUESTION)))
        assert not local.check(performer="prf_test_deny", **QUESTION)
        assert not local.check(performer="prf_test_suspended", **QUESTION)
        eventually(lambda: local.status().unproven == 0)


def test_a_manifest_is_scanned_from_a_copy_that_is_kept(registry: Running) -> None:
    manifest = registry.folder / "local.csv"
    manifest.write_text("who\n" + "prf_test_allow\n" * 500 + "prf_test_deny\nstranger\n")
    state = registry.folder / "copy"
    for name in ("first", "second"):
        done = registry.consent(
            "scan", str(manifest), "--local", "--state", str(state), "--column", "performer=who",
            *(each for member, value in QUESTION.items() for each in ("--set", f"{member}={value}")),
            "--report", name, "--json", code=1,
        )  # fmt: skip
        report = json.loads(done.stdout)
        assert report["counts"] == {"allow": 500, "deny": 1, "unknown subject": 1, "invalid": 0}
        assert (report["decided"], report["receipts"]) == (["local"], {})
        assert "no record" in done.stderr
    assert state.exists()


def test_a_server_that_stands_still_is_refused_when_the_facts_are_too_old(
    own_registry: Running, tmp_path: Path
) -> None:
    own_registry.start()
    process = own_registry.process
    assert process is not None
    with local_of(own_registry, file=tmp_path / "copy", max_staleness=4.0) as local:
        local.ready()
        assert local.check(performer="prf_test_allow", **QUESTION)
        everybody = descendants(process.pid)
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        stopped_at = time.monotonic()
        try:
            with pytest.raises(Unavailable):
                while time.monotonic() - stopped_at < PATIENCE_S:
                    assert local.check(performer="prf_test_allow", **QUESTION)
                    time.sleep(0.05)
        finally:
            for pid in reversed(everybody):
                os.kill(pid, signal.SIGCONT)
        eventually(lambda: local.status().answers_outputs)
        assert local.check(performer="prf_test_allow", **QUESTION)
        own_registry.kill()
        own_registry.start()
        eventually(lambda: local.status().answers_outputs and (local.status().age_s or 9) < 2)
        assert local.check(performer="prf_test_allow", **QUESTION)
