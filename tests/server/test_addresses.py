"""What a running registry serves besides its API, and how it fails."""

import http.client
import json
import re
import urllib.error
import urllib.request
from itertools import pairwise
from typing import Any

import pytest

from consent.core.resources import templates
from consent.core.wire.problem_kinds import KINDS
from signing.trust import parse_trust
from tests.server.laptop import Laptop

MAX_BODY_BYTES = 16 << 20  # the middleware's bound; importing it would need the models
GONE = ["/nothing", "/v1/nothing", "/docs/nothing", "/docs/problems/nothing", "/%00", "/docs/../x"]
PAGES = sorted(path.stem for path in templates("docs").glob("*.md"))


def _get(laptop: Laptop, path: str) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(laptop.url + path, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.headers, exc.read()


def test_it_says_that_it_lives_and_that_it_can_decide(laptop: Laptop) -> None:
    assert _get(laptop, "/healthz")[::2] == (200, b"ok\n")
    status, headers, body = _get(laptop, "/readyz")
    assert (status, json.loads(body), headers["Cache-Control"]) == (
        200,
        {"ready": True, "missing": {}},
        "no-store",
    )


def test_its_figures_are_in_prometheus_form_and_name_no_id(laptop: Laptop) -> None:
    _get(laptop, "/v1/offers/off_aaaaaaaaaaaaaaaaaaaaaaaaaa")
    _, headers, body = _get(laptop, "/metrics")
    text = body.decode()
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'route="/v1/offers/{offer}"' in text and "off_aaaa" not in text
    line = re.compile(r'(#.*|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+)')
    assert all(line.fullmatch(each) for each in text.splitlines())
    assert 'consent_log_seq{side="test"}' in text


@pytest.mark.parametrize("path", ["/docs/start", "/readyz", "/v1/check", "/nothing", "/static/style.css"])
def test_every_answer_carries_the_security_headers(laptop: Laptop, path: str) -> None:
    headers = _get(laptop, path)[1]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/nothing", "/docs/nothing", "/docs/problems/nothing", "/%00", "/docs/../x"]
)
def test_an_address_that_does_not_exist_is_a_problem(laptop: Laptop, path: str) -> None:
    status, headers, body = _get(laptop, path)
    assert status == 404 and headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["code"] == "not_found" and problem["request_id"] == headers["X-Request-Id"]


def test_an_address_that_does_not_exist_is_a_page_for_a_browser(laptop: Laptop) -> None:
    request = urllib.request.Request(laptop.url + "/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    with refused.value as answer:
        assert answer.code == 404 and b"There is nothing here" in answer.read()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_an_id_that_a_client_sends_is_not_taken_over(laptop: Laptop) -> None:
    request = urllib.request.Request(laptop.url + "/healthz", headers={"X-Request-Id": "req_planted"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["X-Request-Id"] != "req_planted"


def test_a_body_that_no_operation_takes_is_refused_before_it_is_read(laptop: Laptop) -> None:
    connection = http.client.HTTPConnection("localhost", laptop.port, timeout=20)
    connection.putrequest("POST", "/v1/check")
    connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
    connection.endheaders()
    connection.send(b"{")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "body_too_large")
    connection.close()


def test_the_root_is_the_first_page_and_leads_to_the_documentation(laptop: Laptop) -> None:
    with urllib.request.urlopen(laptop.url + "/") as answer:
        assert b'href="/docs/start"' in answer.read()


@pytest.mark.parametrize("page", [*PAGES, "api", "problems", "cli"])
def test_every_page_is_whole_html_without_scripts_or_strangers(laptop: Laptop, page: str) -> None:
    status, headers, body = _get(laptop, f"/docs/{page}")
    text = body.decode()
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in text and "<main" in text and text.count("<h1") == 1
    assert "<script" not in text and " style=" not in text and " onclick" not in text
    loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]*)"', text)
    assert all(each.startswith("/") for each in loaded), loaded
    inner = set(re.findall(r'href="#([^"]+)"', text))
    assert inner <= set(re.findall(r'id="([^"]+)"', text))


def test_headings_never_skip_a_level(laptop: Laptop) -> None:
    for page in (*PAGES, "api", "problems", "cli"):
        levels = [int(level) for level in re.findall(r"<h([1-6])", _get(laptop, f"/docs/{page}")[2].decode())]
        assert levels[0] == 1, page
        assert all(after <= before + 1 for before, after in pairwise(levels)), page


def test_every_problem_has_the_page_that_its_type_names(laptop: Laptop) -> None:
    for kind in KINDS.values():
        status, _, body = _get(laptop, f"/docs/problems/{kind.slug}")
        assert status == 200 and kind.code.encode() in body, kind.code


def test_the_reference_shows_every_route_of_the_published_document(laptop: Laptop) -> None:
    document = json.loads(_get(laptop, "/v1/openapi.json")[2])
    page = _get(laptop, "/docs/api")[2].decode()
    for path, methods in document["paths"].items():
        assert path in page, path
        for operation in methods.values():
            assert operation["operationId"] in page


def test_the_stylesheet_is_small_and_knows_the_dark(laptop: Laptop) -> None:
    body = _get(laptop, "/static/style.css")[2]
    assert len(body) < 25_000 and b"prefers-color-scheme: dark" in body.replace(
        b"scheme:dark", b"scheme: dark"
    )
    assert b"url(" not in body and b"@import" not in body


def test_the_trust_file_on_disk_is_the_one_that_is_published(laptop: Laptop) -> None:
    trust = parse_trust((laptop.state / "trust.json").read_bytes())
    assert trust.issuers == {True: laptop.url, False: f"{laptop.url}/test"}
    assert len(trust.keys) == 8 and trust.relying_parties[0].rp.rp_id == "localhost"
