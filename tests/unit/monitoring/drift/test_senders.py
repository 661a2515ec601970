"""Which sender changed what it sends, which fields, and since when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.drift.groups.own_weeks import GroupDrift, split_of
from monitoring.drift.groups.senders import compare_senders
from monitoring.models import ModelSenderWindow
from monitoring.windows.binning import Reference, pack
from monitoring.windows.model_windows import MILLION
from tests.integration.monitoring.made_up import reference

HOUR = timedelta(hours=1)
END = datetime(2026, 3, 29, tzinfo=UTC)
SINCE = END - timedelta(days=1)
BROKE = END - timedelta(hours=10)

Counts = NDArray[np.int64]


def made_up() -> Reference:
    found = Reference.of(reference())
    assert found is not None
    return found


def windows(
    source: str, counts_at: Callable[[datetime], Counts], *, days: int = 29, step: int = 1
) -> list[ModelSenderWindow]:
    """Hourly windows up to END of a sender whose vectors of an hour are counted as in a reference."""
    starts = [END - hours * HOUR for hours in range(24 * days, 0, -step)]
    counted = ((start, counts_at(start)) for start in starts)
    return [
        ModelSenderWindow(
            event_type="payment",
            model="payment-1",
            source=source,
            start=start,
            rows=int(counts[0].sum()),
            features=pack(counts),
            scores=pack(np.array([9, 1, 0])),
            contributions=pack(np.array([2, 1, 1]) * MILLION),
        )
        for start, counts in counted
    ]


def steady(seed: int, *, amounts: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)) -> Callable[[datetime], Counts]:
    """Twenty events an hour: amounts of these shares, even categories, and a third without `since_last`."""
    random = np.random.default_rng(seed)

    def counts_at(start: datetime) -> Counts:
        counts = np.zeros((3, 5), dtype=np.int64)
        counts[0, :4] = random.multinomial(20, amounts)
        counts[1, :3] = random.multinomial(20, [1 / 3] * 3)
        counts[2, [0, 1, 4]] = random.multinomial(20, [1 / 3] * 3)
        return counts

    return counts_at


def broken(seed: int) -> Callable[[datetime], Counts]:
    """The same until BROKE; from then on no amount has a value."""
    before = steady(seed)

    def counts_at(start: datetime) -> Counts:
        counts = before(start)
        if start >= BROKE:
            counts[0] = [0, 0, 0, 0, 20]
        return counts

    return counts_at


def compared(*senders: list[ModelSenderWindow]) -> list[GroupDrift]:
    ordered = sorted((window for each in senders for window in each), key=lambda window: window.start)
    return compare_senders(ordered, made_up(), specs={}, since=SINCE)


def test_the_sender_that_changed_is_named_with_its_field_and_the_first_hour() -> None:
    found = compared(windows("shop", steady(1)), windows("till", broken(2)))

    assert [sender.name for sender in found] == ["till", "shop"]
    [change] = found[0].changed
    assert (change.feature.name, change.since, found[0].since) == ("amount", BROKE, BROKE)
    assert change.feature.more_missing == pytest.approx(10 / 24)
    assert (found[0].rows, found[0].share) == (480, 0.5)
    assert found[1].changed == []


def test_a_sender_is_compared_with_itself_and_not_with_the_others() -> None:
    luxury = windows("luxury", steady(3, amounts=(0.0, 0.0, 0.1, 0.9)))
    assert [sender.changed for sender in compared(windows("shop", steady(1)), luxury)] == [[], []]


def test_nothing_is_said_of_a_sender_with_few_days_or_few_events() -> None:
    new, rare = windows("new", broken(1), days=6), windows("rare", broken(2), step=12)
    assert {sender.name: sender.report for sender in compared(new, rare)} == {"new": None, "rare": None}


@pytest.mark.parametrize(
    ("counts", "split"),
    [
        ([[10, 0], [9, 1], [0, 10], [1, 9]], 2),
        ([[10, 0], [0, 9], [0, 10], [1, 9]], 1),
        ([[10, 0], [0, 0], [0, 0], [1, 9]], 1),  # the first hour after the last ordinary one
        ([[3, 4]], 0),
    ],
)
def test_the_split_is_where_the_hours_before_and_after_are_most_unlike(
    counts: list[list[int]], split: int
) -> None:
    assert split_of(np.array(counts)) == split


def test_sixty_quiet_days_of_ten_senders_name_none() -> None:
    """Each day is compared with the four weeks before it: 600 comparisons of three fields."""
    senders = [windows(f"s{number}", steady(number), days=89) for number in range(10)]
    ordered = sorted((window for each in senders for window in each), key=lambda window: window.start)
    changed = 0
    for day in range(60):
        since = END - timedelta(days=day + 1)
        seen = [w for w in ordered if since - timedelta(weeks=4) <= w.start < since + timedelta(days=1)]
        found = compare_senders(seen, made_up(), specs={}, since=since)
        changed += sum(len(sender.changed) for sender in found)
    assert changed <= 1
