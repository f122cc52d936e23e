"""The status lists of a running registry, read and verified as a stranger does."""

import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest

from consent.client.grant_status import fetch_status_list
from consent.client.transport import HttpTransport
from signing import jws
from signing.status_list import OUR_ENTRIES, verify_status_list
from signing.trust import parse_trust
from tests.server.laptop import Laptop


def _get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.headers, exc.read()


@pytest.mark.parametrize("side", ["live", "test"])
def test_a_stranger_reads_and_verifies_a_list(laptop: Laptop, side: str) -> None:
    uri = f"{laptop.url}/status/{side}/0"
    until = time.monotonic() + 60
    while (found := _get(uri))[0] != 200:
        assert found[0] == 404 and time.monotonic() < until, "nothing is issued"
        time.sleep(0.2)
    _, headers, _ = found
    assert headers["Content-Type"] == "application/statuslist+jwt" and headers["Vary"] is None
    assert headers["Access-Control-Allow-Origin"] == "*" and "max-age=15" in headers["Cache-Control"]
    trust = parse_trust(_get(f"{laptop.url}/.well-known/consent-registry")[2])
    token, now = fetch_status_list(uri, transport=HttpTransport()), datetime.now(UTC)
    key = trust.key(jws.read_kid(token), "status", side == "live", now)
    read = verify_status_list(token, expected_uri=uri, key=key, at=now)
    assert len(read.statuses) == OUR_ENTRIES
    assert {read.statuses.status(index) for index in range(0, OUR_ENTRIES, 1009)} == {0, 1, 2}
    assert _get(uri, **{"If-None-Match": headers["ETag"]})[0] in (200, 304)
    assert _get(f"{laptop.url}/status/{side}/1")[0] == 404


def test_the_figure_tells_how_old_they_are(laptop: Laptop) -> None:
    until = time.monotonic() + 60
    while True:
        lines = _get(f"{laptop.url}/metrics")[2].decode().splitlines()
        ages = [
            float(line.rpartition(" ")[2]) for line in lines if line.startswith("consent_status_list_age")
        ]
        if len(ages) == 2 and max(ages) < 300:
            return
        assert time.monotonic() < until, ages
        time.sleep(0.5)
