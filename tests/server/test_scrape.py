"""A running registry, scraped: what it did is in its figures, under the names that the manual has, about nobody."""

import json
import re
import time
import urllib.error
import urllib.request
from typing import Any

from consent.log.families import FAMILIES
from tests.server.laptop import Laptop

ASKED = {
    "subject": {"type": "user", "id": "alice@example.com"},
    "action": {"name": "train.voice"},
    "resource": {"type": "performer", "id": "prf_test_allow"},
    "context": {"territory": "DE", "language": "de", "purpose": "audiobook"},
}


def _scrape(laptop: Laptop) -> dict[str, float]:
    with urllib.request.urlopen(laptop.url + "/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    assert [line for line in lines if lines.count(line) > 1] == []  # no sample stands twice
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


def _ask(laptop: Laptop, path: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
    key = laptop.client_environment()["CONSENT_API_KEY"]
    request = urllib.request.Request(
        laptop.url + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.headers, json.loads(exc.read())


def _when(laptop: Laptop, name: str) -> dict[str, float]:
    """The figures once this one is among them: what another process counted comes about a second later."""
    deadline = time.monotonic() + 30
    while name not in (found := _scrape(laptop)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert name in found, sorted(found)
    return found


def test_what_was_asked_and_answered_is_counted(laptop: Laptop) -> None:
    name = 'consent_http_requests_total{route="/access/v1/evaluation",method="POST",status="200"}'
    before = _scrape(laptop)
    status, headers, answer = _ask(laptop, "/access/v1/evaluation", ASKED, **{"X-Request-ID": "mine-7"})
    assert (status, answer["decision"], headers["X-Request-Id"]) == (200, True, "mine-7")
    denied = {**ASKED, "resource": {"type": "performer", "id": "prf_test_deny"}}
    status, _, answer = _ask(laptop, "/access/v1/evaluations", {"evaluations": [ASKED, denied, {}]})
    assert (status, [each["decision"] for each in answer["evaluations"]]) == (200, [True, False, False])
    after = _when(laptop, name)
    assert after[name] == before.get(name, 0) + 1
    buckets = {
        key: value
        for key, value in after.items()
        if key.startswith('consent_http_request_duration_seconds_bucket{route="/access/v1/evaluation",')
    }
    assert buckets[max(buckets, key=lambda key: buckets[key])] == after[name]
    for outcome, more in (("allow", 2), ("deny", 1)):
        key = f'consent_decisions_total{{side="test",outcome="{outcome}"}}'
        assert after[key] >= before.get(key, 0) + more
    assert after['consent_decision_reasons_total{side="test",reason="no_active_consent"}'] >= 1
    assert after['consent_check_freshness_age_seconds{side="test"}'] < 30
    assert after["consent_check_cells"] >= 1
    shipped = _when(laptop, "consent_ledger_shipped_timestamp_seconds")
    assert shipped["consent_ledger_shipped_timestamp_seconds"] > time.time() - 3600
    assert _when(laptop, 'consent_ledger_seals_total{outcome="sealed"}')["consent_ledger_gaps"] == 0
    committed = _when(laptop, "consent_ledger_committed_timestamp_seconds")
    assert committed["consent_ledger_committed_timestamp_seconds"] > time.time() - 3600
    assert "consent_ledger_uncommitted_oldest_seconds" in committed


def test_every_series_is_of_the_manual_and_says_nothing_of_anybody(laptop: Laptop) -> None:
    known = {family.name: family for family in FAMILIES}
    for series in _scrape(laptop):
        found = re.fullmatch(r"([a-z_]+?)(_bucket|_sum|_count)?(\{.*\})?", series)
        assert found is not None, series
        name = series.partition("{")[0] if series.partition("{")[0] in known else found[1]
        assert name in known, series
        labels = re.findall(r'([a-z]+)="', found[3] or "")
        assert [label for label in labels if label != "le"] == list(known[name].labels), series
        assert not re.search(r"(prf|org|grt|key|crk|dec)_[a-z0-9]", found[3] or ""), series


def test_the_configuration_of_authzen_names_this_registry(laptop: Laptop) -> None:
    with urllib.request.urlopen(laptop.url + "/.well-known/authzen-configuration", timeout=20) as answer:
        told = json.loads(answer.read())
        assert answer.headers["Content-Type"] == "application/json"
    assert told["policy_decision_point"] == laptop.url
    assert told["access_evaluation_endpoint"] == f"{laptop.url}/access/v1/evaluation"
