"""Whether scores are all the same: told from few decisions, but not from what is usual."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.drift.constant_scores import MIN_ROWS, FullestBin, constant_text, fullest_bin
from monitoring.models import ModelWindow
from monitoring.windows.binning import Reference, pack

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EDGES = [0.01, 0.02, 0.1, 0.5]
TRAINED = [400, 300, 200, 60, 40]


def reference(scores: list[int]) -> Reference:
    return Reference(
        rows=sum(scores),
        names=(),
        edges=(),
        features=np.zeros((0, 1), dtype=np.int64),
        score_edges=np.array(EDGES),
        scores=np.array(scores),
        outcomes={},
        of_later_rows=np.zeros(0, dtype=np.bool_),
    )


def windows(*hours: list[int]) -> list[ModelWindow]:
    """Windows of the hours from noon on, with these counts of scores."""
    return [
        ModelWindow(model="payment-2", start=NOON + timedelta(hours=hour), scores=pack(np.array(counts)))
        for hour, counts in enumerate(hours)
    ]


def found(*hours: list[int], trained: list[int] = TRAINED) -> FullestBin:
    answer = fullest_bin(windows(*hours), reference(trained))
    assert answer is not None
    return answer


def test_one_score_for_everything_is_surely_more_than_usual() -> None:
    same = found([0, 0, 80, 0, 0])

    assert (same.rows, same.share, same.usual, same.since) == (80, 1.0, 0.2, NOON)
    assert same.excess(same.share) == 1.0
    assert same.excess(same.low) > 0.75
    assert constant_text("payment-2", same) == (
        "100\N{NO-BREAK SPACE}% of the last 80 scores of payment-2 are nearly the same: 2 to"
        " 10\N{NO-BREAK SPACE}%, where 20\N{NO-BREAK SPACE}% were in training. The model is broken, or its"
        " inputs are missing."
    )


def test_only_as_many_hours_count_as_are_needed() -> None:
    newest = found([50, 40, 30, 5, 5], [0, 0, 30, 0, 0], [0, 0, 40, 0, 0])

    assert (newest.rows, newest.share, newest.since) == (70, 1.0, NOON + timedelta(hours=1))


@pytest.mark.parametrize("counts", [TRAINED, [60, 20, 15, 3, 2], [0, 60, 20, 10, 10]])
def test_scores_of_several_bins_are_not_the_same(counts: list[int]) -> None:
    fullest = found(counts)

    assert fullest.excess(fullest.low) < 0.5


def test_a_bin_that_is_full_anyway_tells_nothing() -> None:
    fullest = found([100, 0, 0, 0, 0], trained=[800, 100, 50, 30, 20])

    assert (fullest.share, fullest.excess(fullest.share)) == (1.0, 0.0)


def test_few_decisions_tell_nothing() -> None:
    assert fullest_bin(windows([0, 0, MIN_ROWS - 1, 0, 0]), reference(TRAINED)) is None
