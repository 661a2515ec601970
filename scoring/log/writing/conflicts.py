"""Constraint violations of the log as StreamConflict."""

import re
from collections.abc import Sequence

from django.db import IntegrityError

from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict

_TAKEN = re.compile(r"=\((?P<stream>.*), (?P<version>\d+)\)")
_WITHOUT_VERSION = re.compile(r"\(\d+, \d+, \d+, (?P<stream>.*?), null, ")


def conflict_of(error: IntegrityError, entries: Sequence[NewEntry]) -> StreamConflict | IntegrityError:
    """The StreamConflict behind a violated constraint of the log; any other error unchanged."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or diagnosis.table_name != "scoring_logentry":
        return error
    detail = diagnosis.message_detail or ""
    if taken := _TAKEN.search(detail):
        return StreamConflict(taken["stream"], int(taken["version"]) - 1)
    if diagnosis.column_name == "stream_version" and (row := _WITHOUT_VERSION.search(detail)):
        begun = row["stream"].removesuffix("...")  # the server cuts long values
        missing = (new for new in entries if new.expected_version and new.stream.startswith(begun))
        return refused(list(missing) or entries)
    return refused(entries) if diagnosis.column_name == "stream" else error


def refused(entries: Sequence[NewEntry]) -> StreamConflict:
    """The conflict to raise when it is unknown which entry was refused: the first one's."""
    return StreamConflict(entries[0].stream, entries[0].expected_version)
