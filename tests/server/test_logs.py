"""Logs say what happened by id and never what a person sent."""

import io
import json
import logging

from consent.server.logs import JsonFormatter, set_up_logs


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
    assert any("test_logs.py" in place for place in line["at"])
