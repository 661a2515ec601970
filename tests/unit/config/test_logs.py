import json
import logging
import sys

from config.logs import LineFormatter


def test_a_record_is_one_line_of_json_with_what_came_with_it() -> None:
    record = logging.makeLogRecord(
        {"name": "scoring.lanes", "levelname": "INFO", "msg": "lane %s", "args": ("commerce",), "seq": 7}
    )
    line = LineFormatter().format(record)
    found = json.loads(line)
    assert (found["message"], found["logger"], found["seq"]) == ("lane commerce", "scoring.lanes", 7)
    assert found["at"].endswith("Z")


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    line = LineFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["error"]
