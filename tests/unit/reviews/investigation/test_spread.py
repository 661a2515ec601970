"""Steps of a timeline, groups of files to merge, and numbers as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from reviews.investigation.results.spread import MAX_BUCKETS, STEPS, step_of
from reviews.investigation.store.merging import MAX_SMALL_FILES, SMALL_ROWS, groups_of, without_old_days
from reviews.pages.investigations.panels import change_text, number_text
from scoring.offline.store import Manifest, StoredFile

NOW = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (timedelta(hours=1), timedelta(minutes=1)),
        (timedelta(days=1), timedelta(minutes=30)),
        (timedelta(days=7), timedelta(hours=3)),
        (timedelta(days=90), timedelta(days=2)),
    ],
)
def test_a_timeline_has_at_most_sixty_steps(length: timedelta, step: timedelta) -> None:
    assert step_of(length) == step
    assert length / step <= MAX_BUCKETS
    shorter = [each for each in STEPS if each < step]
    assert all(length / each > MAX_BUCKETS for each in shorter)


def files(partition: str, *rows: int) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(f"{partition}/{number}.parquet", each) for number, each in enumerate(rows))


def test_only_partitions_with_many_small_files_are_merged_and_each_merge_is_bounded() -> None:
    few = files("decided/type=a/day=2026-03-01", *[10] * (MAX_SMALL_FILES - 1))
    large = files("decided/type=b/day=2026-03-01", *[SMALL_ROWS] * 20)
    many = files("decided/type=c/day=2026-03-01", *[90_000] * MAX_SMALL_FILES)
    found = groups_of(Manifest(files=(*few, *large, *many)))
    assert [(partition, len(group)) for partition, group in found] == [
        ("decided/type=c/day=2026-03-01", 2)
    ] * 4


def test_days_past_the_retention_are_left_out_and_files_without_a_day_stay() -> None:
    old, new = files("decided/type=a/day=2026-03-01", 5), files("decided/type=a/day=2026-03-09", 5)
    latest = files("latest/type=a", 5)
    kept = without_old_days(Manifest(files=(*old, *new, *latest)), now=NOW, days=5)
    assert kept.files == (*new, *latest)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (1234.5, "1,234.5"),
        (0.123456789, "0.123457"),
        (1e-9, "1e-09"),
        (1e20, "1e+20"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert number_text(number) == text


def test_a_change_is_relative_to_the_period_before() -> None:
    assert change_text(120, 100) == "+20\N{NO-BREAK SPACE}% against the period before"
    assert change_text(0, 100).startswith("-100")
    assert change_text(3, 0) == "none in the period before"
