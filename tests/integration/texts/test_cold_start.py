"""Public comments in time order with verdicts a day later: the first models already tell spam."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.moderation_steps import load, read_comments, table_lines, walk
from tests.factories.catalog import catalog_with

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def catalog() -> Iterator[None]:
    """The product's own event types."""
    with catalog_with():
        yield


def test_a_hundred_comments_are_enough_to_find_most_spam_among_the_next(test_data: Path) -> None:
    rows = read_comments(str(test_data / "comments" / "tubespam.csv")).head(300)
    assert load(rows, now=NOW) == 300
    early, late = walk(rows, (100, 200), now=NOW)
    assert (early.judged, late.judged) == (100, 100)
    for step in (early, late):
        assert step.why_not == ""
        assert step.average_precision > 0.95
        assert step.recall > 0.85
    assert len(table_lines([early, late])) == 3
