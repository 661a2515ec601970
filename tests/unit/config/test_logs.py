import json
import logging
import sys

import pytest

from config.status.logs import LineFormatter


def test_a_record_is_one_line_of_json_with_its_extra_fields() -> None:
    record = logging.makeLogRecord(
        {"name": "scoring.lanes", "levelname": "INFO", "msg": "lane %s", "args": ("commerce",), "seq": 7}
    )
    line = LineFormatter().format(record)
    found = json.loads(line)
    assert (found["message"], found["logger"], found["seq"]) == ("lane commerce", "scoring.lanes", 7)
    assert list(found) == ["at", "level", "logger", "message", "seq"]


def test_the_time_is_in_utc_to_the_microsecond() -> None:
    record = logging.makeLogRecord({"msg": "ready", "created": 1_767_225_600.25})
    assert json.loads(LineFormatter().format(record))["at"] == "2026-01-01T00:00:00.250000Z"


def test_a_line_takes_any_value_and_no_other_attribute_of_the_record() -> None:
    record = logging.makeLogRecord({"msg": "ready", "extra": {1: {"a"}, "é": ValueError("no")}})
    line = LineFormatter().format(record)
    assert json.loads(line)["extra"] == {"1": "{'a'}", "é": "no"}
    assert "é" in line
    assert set(json.loads(line)) == {"at", "level", "logger", "message", "extra"}


def test_a_traceback_stays_on_one_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    line = LineFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["error"]


def line_with_error(error: Exception, **about: object) -> str:
    """The log line of a record with this error."""
    try:
        raise error
    except type(error):
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info(), **about})
    return LineFormatter().format(record)


def test_values_quoted_by_postgres_are_not_logged() -> None:
    message = (
        'duplicate key value violates "vault"\nDETAIL:  Key (value)=(ann@example.org) already exists.\n'
        'CONTEXT:  COPY vault, line 7, column value: "ann@example.org"\n'
        "LINE 1: INSERT INTO vault VALUES ('ann@example.org')\n                                  ^"
    )
    line = line_with_error(ValueError(message))
    assert "duplicate key value violates" in line
    assert "ann@example.org" not in line


def test_an_error_that_another_process_formatted_is_logged_without_values() -> None:
    record = logging.makeLogRecord({"msg": "failed", "exc_text": "duplicate key\nDETAIL:  (ann@example.org)"})
    assert json.loads(LineFormatter().format(record))["error"] == (
        "duplicate key\nDETAIL: left out, as it quotes values"
    )


@pytest.mark.parametrize(("status", "traced"), [(400, False), (403, False), (404, False), (500, True)])
def test_a_client_error_has_no_traceback(status: int, traced: bool) -> None:
    assert (
        "Traceback" in line_with_error(ValueError("no"), name="django.request", status_code=status)
    ) is traced
