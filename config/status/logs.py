"""Log lines: one JSON object per line, with tracebacks but without database values."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

import orjson

# The attributes of every record; others come from `extra=` and belong in the line.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# The details that PostgreSQL adds to an error quote rows and statements, including personal values.
QUOTING = re.compile(r"^(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*(?:\n\s+\^)?$", re.MULTILINE)


class LineFormatter(logging.Formatter):
    """`{"at": ..., "level": ..., "logger": ..., "message": ..., <extra>, "error": <traceback>}`"""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info and not is_refusal(record):
            line["error"] = without_values(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z).decode()


def is_refusal(record: logging.LogRecord) -> bool:
    """Whether the record reports a refused request: a client error, to which a traceback adds nothing."""
    of_django = str(record.name).startswith("django.")
    return of_django and 400 <= getattr(record, "status_code", 500) < 500


def without_values(text: str) -> str:
    """An error's text without the lines in which PostgreSQL quotes values.

    >>> print(without_values("duplicate key value\nDETAIL:  Key (value)=(a@example.org) already exists."))
    duplicate key value
    DETAIL: left out, as it quotes values
    """
    return QUOTING.sub(lambda found: f"{found[1].split()[0]}: left out, as it quotes values", text)
