"""Errors that say the database cannot be used, so that only a later retry helps."""

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from scoring.log.consumers.outages import is_outage
from scoring.log.errors import LogAheadOfCluster


class RaisedByTheDriver(Exception):
    def __init__(self, code: str) -> None:
        self.pgcode = code


def caused_by(error: Exception, code: str) -> Exception:
    error.__cause__ = RaisedByTheDriver(code)
    return error


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (OperationalError("server closed the connection"), True),
        (InterfaceError("connection already closed"), True),
        (LogAheadOfCluster(txid=7, next_txid=3), True),
        (caused_by(InternalError("read-only transaction"), "25006"), True),
        (caused_by(InternalError("current transaction is aborted"), "25P02"), False),
        (InternalError("without a cause"), False),
        (IntegrityError("duplicate key"), False),
        (DataError("value too long"), False),
        (DatabaseError("whatever"), False),
        (ValueError("cannot handle T-1"), False),
    ],
)
def test_outages_are_told_apart_from_bad_entries(error: Exception, is_one: bool) -> None:
    assert is_outage(error) is is_one
