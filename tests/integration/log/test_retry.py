"""An append is retried after another writer came first."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.log.retry import ATTEMPTS, append_retrying

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Busy:
    """Appends to its own stream, then raises a conflict the first `conflicts` times."""

    def __init__(self, conflicts: int) -> None:
        self.conflicts, self.runs = conflicts, 0

    def __call__(self) -> int:
        self.runs += 1
        append([NewEntry("test/own", 0, "test.happened", {"run": self.runs})], now=NOW)
        if self.runs <= self.conflicts:
            raise StreamConflict("test/shared", 3)
        return self.runs


@pytest.mark.parametrize("conflicts", [0, 1, ATTEMPTS - 1])
def test_a_step_is_retried_until_it_succeeds_and_leaves_one_entry(conflicts):
    assert append_retrying(Busy(conflicts)) == conflicts + 1
    assert [entry.data for entry in read_stream("test/own")] == [{"run": conflicts + 1}]


def test_the_last_conflict_is_raised_and_nothing_is_written(transactional_db):
    step = Busy(ATTEMPTS)
    with pytest.raises(StreamConflict):
        append_retrying(step)
    assert step.runs == ATTEMPTS
    assert read_stream("test/own") == []


def test_a_conflict_on_the_final_stream_is_raised_at_once():
    step = Busy(1)
    with pytest.raises(StreamConflict):
        append_retrying(step, final="test/shared")
    assert step.runs == 1


def test_the_callers_transaction_survives_a_conflict():
    with transaction.atomic():
        append([NewEntry("test/caller", 0, "test.happened", {})], now=NOW)
        append_retrying(Busy(2))
    assert len(read_stream("test/caller")) == len(read_stream("test/own")) == 1
