"""Figures add up over threads and processes, take no lock while they are counted, and break out of no label."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from consent.log.boot_clock import boot_clock_s
from consent.log.families import (
    CELLS,
    DECISIONS,
    EVICTED,
    FAMILIES,
    FETCHES,
    FRESHNESS,
    LOG_SEQ,
    REQUESTS,
    SECONDS,
)
from consent.log.figures import Family, Figures, Labels
from consent.server.metrics import Metrics, clear_folder


def _text(metrics: Metrics) -> list[str]:
    return metrics.exposition().decode().splitlines()


def test_requests_are_counted_by_route_and_bucket(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, Figures())
    metrics.request(route="/v1/check", method="POST", status=200, seconds=0.00006)
    metrics.request(route="/v1/check", method="POST", status=503, seconds=20.0)
    text = metrics.exposition([(LOG_SEQ, ("live",), 7)]).decode()
    assert 'consent_http_requests_total{route="/v1/check",method="POST",status="200"} 1' in text
    assert 'consent_http_request_duration_seconds_bucket{route="/v1/check",le="5e-05"} 0' in text
    assert 'consent_http_request_duration_seconds_bucket{route="/v1/check",le="0.0001"} 1' in text
    assert 'consent_http_request_duration_seconds_bucket{route="/v1/check",le="+Inf"} 2' in text
    assert 'consent_http_request_duration_seconds_count{route="/v1/check"} 2' in text
    assert 'consent_http_request_duration_seconds_sum{route="/v1/check"} 20.00006' in text
    assert 'consent_log_seq{side="live"} 7' in text
    assert text.count("# TYPE consent_http_requests_total counter") == 1


def test_a_value_at_a_buckets_bound_belongs_to_it(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, Figures())
    metrics.request(route="/a", method="GET", status=200, seconds=0.001)
    assert 'consent_http_request_duration_seconds_bucket{route="/a",le="0.001"} 1' in _text(metrics)
    assert 'consent_http_request_duration_seconds_bucket{route="/a",le="0.0005"} 0' in _text(metrics)


def test_a_label_cannot_break_out_of_its_quotes(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, Figures())
    metrics.request(route='x"} 1\nplanted', method="GET", status=200, seconds=0)
    assert "\nplanted" not in metrics.exposition().decode()


def test_a_figure_takes_the_labels_of_its_family_and_no_others() -> None:
    figures = Figures()
    with pytest.raises(ValueError, match="takes the labels"):
        figures.add(REQUESTS, ("/v1/check",))
    with pytest.raises(ValueError, match="takes the labels"):
        figures.observe(SECONDS, (), 1.0)
    assert figures.counted().counters == {}


def test_nothing_is_lost_between_threads_and_after_their_end() -> None:
    figures = Figures()

    def work() -> None:
        for number in range(5000):
            figures.add(DECISIONS, ("live", "allow"))
            figures.observe(FETCHES, (), number / 1000)

    for _ in range(3):  # threads come and go; what they counted stays, and none is counted twice
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures.counted()
    counted = figures.counted()
    assert counted.counters == {(DECISIONS.name, ("live", "allow")): 60_000}
    assert sum(counted.histograms[(FETCHES.name, ())][:-1]) == 60_000


def test_a_forked_child_begins_at_nothing_and_its_parent_keeps_what_it_has(tmp_path: Path) -> None:
    figures = Figures()
    figures.add(DECISIONS, ("live", "deny"))
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # no assertion here: the parent reads what the child found
        found = len(figures.counted().counters)
        figures.add(DECISIONS, ("live", "deny"))
        os.write(write_end, bytes([found, len(figures.counted().counters)]))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 2) == b"\x00\x01"
    os.close(read_end)
    os.close(write_end)
    assert figures.counted().counters[(DECISIONS.name, ("live", "deny"))] == 1


def test_whoever_is_scraped_answers_for_its_siblings(tmp_path: Path) -> None:
    one, other = Metrics(tmp_path, Figures()), Metrics(tmp_path, Figures())
    for metrics in (one, other, other):
        metrics.request(route="/a", method="GET", status=200, seconds=0.02)
    (tmp_path / "2.json").write_text("half wri")
    (tmp_path / "3.json").write_text('{"pid": 3, "at": 0, "counters": [["from_another_version", [], 5]]}')
    other.write()
    assert 'consent_http_requests_total{route="/a",method="GET",status="200"} 3' in _text(one)
    assert 'consent_http_request_duration_seconds_count{route="/a"} 3' in _text(one)
    other.write()
    assert 'consent_http_requests_total{route="/a",method="GET",status="200"} 3' in _text(one)
    clear_folder(tmp_path)
    assert 'consent_http_requests_total{route="/a",method="GET",status="200"} 1' in _text(one)


def _watching(*values: tuple[Family, Labels, float]) -> Figures:
    figures = Figures()
    figures.watch(lambda: iter(values))
    return figures


def test_gauges_of_processes_are_summed_or_the_greatest_is_told(tmp_path: Path) -> None:
    one = Metrics(tmp_path, _watching((CELLS, (), 10), (FRESHNESS, ("live",), 0.02), (EVICTED, (), 4)))
    other = Metrics(tmp_path, _watching((CELLS, (), 5), (FRESHNESS, ("live",), 900.0), (EVICTED, (), 1)))
    other.write()
    text = one.exposition().decode()
    assert "\nconsent_check_cells 15\n" in text
    assert "\nconsent_check_cells_evicted_total 5\n" in text  # a running total that is kept elsewhere
    (age,) = [line for line in text.splitlines() if line.startswith("consent_check_freshness_age_seconds{")]
    assert float(age.split()[1]) >= 900.0


def test_facts_of_a_process_that_hangs_grow_older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Metrics(tmp_path, _watching((FRESHNESS, ("live",), 0.02)))
    other.write()
    later = boot_clock_s() + 7
    monkeypatch.setattr("consent.server.metrics.boot_clock_s", lambda: later)
    text = Metrics(tmp_path, Figures()).exposition().decode()
    (age,) = [line for line in text.splitlines() if line.startswith("consent_check_freshness_age_seconds{")]
    assert float(age.split()[1]) > 7


def test_an_ended_process_leaves_its_counts_and_none_of_its_gauges(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        metrics = Metrics(tmp_path, _watching((CELLS, (), 5)))
        metrics.request(route="/a", method="GET", status=200, seconds=0)
        metrics.write()
        os._exit(0)
    os.waitpid(child, 0)
    text = Metrics(tmp_path, Figures()).exposition().decode()
    assert 'consent_http_requests_total{route="/a",method="GET",status="200"} 1' in text
    assert "consent_check_cells" not in text


def test_a_full_disk_keeps_no_request_from_its_answer(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    metrics = Metrics(blocked, Figures())
    metrics.mail(outcome="sent")
    assert 'consent_outbox_notices_total{outcome="sent"} 1' in _text(metrics)


def test_every_family_is_named_as_prometheus_wants_it() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert family.name.startswith("consent_")
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert bool(family.bounds) == (family.kind == "histogram"), family.name
        assert list(family.bounds) == sorted(set(family.bounds))
        assert not {"performer", "organization", "grant", "caller"} & set(family.labels)


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """Metrics that write themselves quickly."""
    figures = Figures()
    yield SimpleNamespace(metrics=Metrics(tmp_path, figures), figures=figures, folder=tmp_path)


def test_what_is_counted_reaches_the_disk_without_another_request(
    writing: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent.server.metrics.WRITE_EVERY_S", 0.01)
    writing.metrics.start()
    writing.metrics.start()  # once is enough
    writing.metrics.request(route="/late", method="GET", status=200, seconds=0)
    other = Metrics(writing.folder, Figures())
    for _ in range(500):
        if 'route="/late"' in other.exposition().decode():
            break
        time.sleep(0.01)
    assert 'consent_http_requests_total{route="/late",method="GET",status="200"} 1' in _text(other)
    assert sum(thread.name == "figures" for thread in threading.enumerate()) == 1
