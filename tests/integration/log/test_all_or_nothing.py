"""All or nothing: no entry without its rows, no rows without their entry."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import IntegrityError

from scoring.intake.models import Event
from scoring.log.append import COPY_FROM, append, append_new
from scoring.log.entries import NewEntry
from scoring.log.models import LogEntry, VaultItem
from scoring.log.writing.alongside import Alongside
from scoring.log.writing.bulk import append_bulk
from scoring.registry.models import Route
from scoring.sql.statements import Sql
from tests.factories.log import NOW, received

pytestmark = pytest.mark.django_db(transaction=True)

Write = Callable[..., Any]

FEW, MANY = 2, COPY_FROM + 6
WITHOUT_ITS_ROW = NewEntry("route/payment", 0, "route.changed", {"event_type": "payment"})
KEEP_ONE = Sql(
    "INSERT INTO scoring_vaultitem (digest, kind, value, first_seen_at) VALUES ('a', '', '', now())"
)
KEEP_NOTHING = Sql("kept AS (INSERT INTO scoring_vaultitem (digest) SELECT NULL FROM written)")


def events(count: int) -> Sequence[NewEntry]:
    return [received(f"T-{number}") for number in range(count)]


@pytest.mark.parametrize("write", [append, append_new, append_bulk])
@pytest.mark.parametrize("count", [FEW, MANY])
def test_an_entry_whose_fold_fails_is_not_in_the_log(write: Write, count: int) -> None:
    with pytest.raises(KeyError, match="salt"):
        write([*events(count), WITHOUT_ITS_ROW], now=NOW)

    assert (LogEntry.objects.count(), Event.objects.count(), Route.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("write", [append, append_new, append_bulk])
@pytest.mark.parametrize("count", [FEW, MANY])
def test_entries_are_not_in_the_log_without_the_rows_alongside_them(write: Write, count: int) -> None:
    with pytest.raises(IntegrityError):
        write(events(count), now=NOW, alongside=Alongside(first=KEEP_ONE, clauses=(KEEP_NOTHING,)))

    assert (LogEntry.objects.count(), Event.objects.count(), VaultItem.objects.count()) == (0, 0, 0)
