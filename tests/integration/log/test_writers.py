"""The transaction that readers of the log wait for is reported with its remedy."""

import pytest
from django.db import connection, transaction

from scoring.log.append import append
from scoring.log.consumers.writers import oldest_writer
from tests.factories.log import NOW, open_append, received

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_oldest_open_transaction_is_named() -> None:
    assert oldest_writer() is None
    with open_append([received("first")]), open_append([received("second")]) as [second]:
        append([received("own")], now=NOW)
        writer = oldest_writer()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid::text, xact_start FROM pg_stat_activity WHERE backend_xid = %s::text::xid",
                [second.txid - 1],
            )
            [name, since] = cursor.fetchone()

    assert writer is not None
    assert (writer.name, writer.since, writer.prepared) == (name, since, False)
    assert writer.seconds > 0
    assert f"process {name} of PostgreSQL" in writer.in_words
    assert f"pg_terminate_backend({name})" in writer.remedy
    assert oldest_writer() is None


def test_the_sessions_own_transaction_is_not_reported() -> None:
    with transaction.atomic():
        append([received("own")], now=NOW)
        assert oldest_writer() is None
