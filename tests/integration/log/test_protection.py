"""The database itself refuses to change the log."""

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from scoring.log.append import append
from scoring.log.models import LogEntry
from tests.factories.log import NOW, received

REFUSED = (InternalError, ProgrammingError)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scoring_logentry SET data = '{}'",
        "UPDATE scoring_logentry SET recorded_at = now() WHERE stream_version = 1",
        "DELETE FROM scoring_logentry",
        "TRUNCATE scoring_logentry",
        "TRUNCATE scoring_event, scoring_logentry CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    [event] = append([received("T-1")], now=NOW)

    with pytest.raises(REFUSED, match=r"(?i)cannot (update|truncate)"), transaction.atomic():
        _execute(statement)

    assert LogEntry.objects.get().position == event.position


@pytest.mark.django_db
def test_an_upsert_cannot_change_the_log_either() -> None:
    append([received("T-1")], now=NOW)

    with pytest.raises(REFUSED, match=r"(?i)cannot update"), transaction.atomic():
        _execute(
            "INSERT INTO scoring_logentry"
            " (epoch, stream, stream_version, type, schema_version, data, metadata, recorded_at)"
            " SELECT epoch, stream, stream_version, type, schema_version, '{}', metadata, recorded_at"
            " FROM scoring_logentry ON CONFLICT (stream, stream_version) DO UPDATE SET data = '{}'"
        )


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
