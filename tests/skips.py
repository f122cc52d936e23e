"""Skips by name: a machine may lack a component, the build may not.

`@pytest.mark.needs("systemd-analyze")` skips a test where that program is not on PATH. With CI=true
a skip fails the run unless its reason is in ALLOWED_IN_CI.
"""

import os
import shutil

import pytest

# Reason prefix -> why the build machine may lack it.
ALLOWED_IN_CI: dict[str, str] = {
    "only root": "an ordinary user has nothing to drop; the same paths run undropped beside it",
    "needs curl": "a slim image may lack it; the same question is asked through the SDK beside it",
    "needs systemd-analyze": "a container image has no systemd; the unit files are also parsed as text",
}

_skipped: list[tuple[str, str]] = []


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that is not here, and say which."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program) is None:
                pytest.skip(f"needs {program}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember each skip with its reason."""
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped.append((report.nodeid, report.longrepr[2].removeprefix("Skipped: ")))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In the build a skip that nobody allowed fails the run."""
    if os.environ.get("CI") != "true":
        return
    refused = [(node, why) for node, why in _skipped if not why.startswith(tuple(ALLOWED_IN_CI))]
    for node, why in refused:
        print(f"\nskipped in CI, which is a failure: {node}: {why}")
    if refused:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
