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
    assert found["at"].endswith("Z")


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


@pytest.mark.parametrize(("status", "traced"), [(400, False), (403, False), (404, False), (500, True)])
def test_a_client_error_has_no_traceback(status: int, traced: bool) -> None:
    assert (
        "Traceback" in line_with_error(ValueError("no"), name="django.request", status_code=status)
    ) is traced
