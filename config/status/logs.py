"""Log lines: one JSON object per line, with tracebacks but without database values."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from scoring.log.writing.request_ids import request_metadata

# The fields of every line, by their names in the record.
FIELDS = {"asctime": "at", "levelname": "level", "name": "logger", "message": "message"}

# The details that PostgreSQL adds to an error quote rows and statements, including personal values.
QUOTING = re.compile(r"^(DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):.*(?:\n\s+\^)?$", re.MULTILINE)


class LineFormatter(OrjsonFormatter):
    """`{"at": ..., "level": ..., "logger": ..., "message": ..., "request_id": <id>, "error": <traceback>}`

    `request_id` is left out outside of requests, `error` without a traceback; extra fields follow.
    """

    def __init__(self) -> None:
        super().__init__(list(FIELDS), rename_fields=FIELDS | {"exc_info": "error"}, json_default=str)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Adds the record's fields, the error among them where a traceback adds something."""
        error = message_dict.pop("exc_info", None)
        if error and not is_refusal(record):
            message_dict["exc_info"] = without_values(str(error))
        super().add_fields(log_data, record, {**request_metadata(), **message_dict})


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
