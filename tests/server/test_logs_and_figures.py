"""Logs say what happened by id and never what a person sent; figures add up over processes."""

import io
import json
import logging
from pathlib import Path

from consent.server.logs import JsonFormatter, set_up_logs
from consent.server.metrics import Metrics


def test_a_log_line_is_one_json_object_with_its_request() -> None:
    record = logging.makeLogRecord({"name": "consent", "levelname": "INFO", "msg": "did %d", "args": (3,)})
    record.request_id = "req_x"
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["request_id"], line["level"]) == ("did 3", "req_x", "info")


def test_an_exception_is_logged_by_type_and_place_without_its_text() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        set_up_logs(stream)
        try:
            raise ValueError("born 1990-05-04, Nora Larkin")
        except ValueError:
            logging.getLogger("consent.x").exception("a step failed")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    said = stream.getvalue()
    assert "Larkin" not in said and "1990" not in said
    line = json.loads(said)
    assert line["exception"] == "ValueError"
    assert any("test_logs_and_figures.py" in place for place in line["at"])


def test_requests_are_counted_by_route_and_bucket(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.request(route="/v1/check", method="POST", status=200, seconds=0.02)
    metrics.request(route="/v1/check", method="POST", status=503, seconds=20.0)
    text = metrics.exposition([("consent_log_seq", "Last.", {"side": "live"}, 7)]).decode()
    assert 'consent_http_requests_total{route="/v1/check",method="POST",status="200"} 1' in text
    assert 'consent_http_request_duration_seconds_bucket{route="/v1/check",le="0.025"} 1' in text
    assert 'consent_http_request_duration_seconds_bucket{route="/v1/check",le="+Inf"} 2' in text
    assert 'consent_http_request_duration_seconds_count{route="/v1/check"} 2' in text
    assert 'consent_log_seq{side="live"} 7' in text
    assert text.count("# TYPE consent_http_requests_total counter") == 1


def test_a_label_cannot_break_out_of_its_quotes(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.request(route='x"} 1\nplanted', method="GET", status=200, seconds=0)
    assert "\nplanted" not in metrics.exposition().decode()


def test_whoever_is_scraped_answers_for_its_siblings(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('[["consent_http_requests_total", "{route=\\"/a\\"}", 5]]')
    (tmp_path / "2.json").write_text("half wri")
    metrics = Metrics(tmp_path)
    assert b'consent_http_requests_total{route="/a"} 5' in metrics.exposition()
    metrics.clear_folder()
    assert b'route="/a"' not in metrics.exposition()
