"""The bin of the reference in which a value is counted, above all on an edge."""

import numpy as np

from monitoring.models import ModelWindow
from monitoring.windows.binning import Reference
from monitoring.windows.model_windows import sum_contributions
from scoring.learning.metrics.reference import SCORE_EDGES, count_bins, describe_column
from tests.integration.monitoring.made_up import reference


def made_up() -> Reference:
    found = Reference.of(reference())
    assert found is not None
    return found


def bins_of(feature: int, *values: float) -> list[int]:
    """The bins of one feature after these values of it, missing values last."""
    vectors = np.full((len(values), 3), np.nan)
    vectors[:, feature] = values
    return made_up().bins(feature, made_up().count_vectors(vectors)).tolist()


def test_a_value_on_an_edge_is_in_the_bin_above_it() -> None:
    assert bins_of(0, 999.99, 1_000, 5_000, 20_000, 20_000.01) == [1, 1, 1, 2, 0]


def test_missing_values_have_their_own_bin() -> None:
    assert bins_of(0, np.nan, 500, np.nan) == [1, 0, 0, 0, 2]
    assert bins_of(1, 0, 1, 2) == [1, 1, 1, 0]
    assert bins_of(2, 60, np.nan) == [0, 1, 1]


def test_scores_of_exactly_0_and_1_and_on_an_edge_are_counted() -> None:
    assert made_up().count_scores(np.array([0.0, 0.0999, 0.1, 0.4999, 0.5, 1.0])).tolist() == [2, 2, 2]


def test_current_values_are_counted_in_the_bins_of_training() -> None:
    """Otherwise a feature whose values all lie on edges would seem to have moved."""
    scores = np.sort(np.array([*SCORE_EDGES, 0.0, 1.0]))
    then = {"edges": list(SCORE_EDGES), "counts": count_bins(scores, SCORE_EDGES)}
    column = np.repeat(np.arange(20, dtype=np.float32), 5)
    stored = {
        "rows": 100,
        "features": [{"name": "code", **describe_column(column, is_code=True)}],
        "score": then,
        "outcomes": {},
    }
    found = Reference.of(stored)
    assert found is not None
    assert found.count_scores(scores).tolist() == then["counts"]
    assert found.count_vectors(column[:, None]).tolist() == found.features.tolist()


def test_single_days_are_told_with_their_distance_from_the_end_of_training() -> None:
    counts = {"day": "2026-03-01", "counts": [[5, 0, 0, 1], [2, 1, 0, 3], [4, 1, 1]]}
    days = {
        "until": "2026-03-02T12:00:00Z",
        "features": [counts, counts | {"day": "2026-03-03"}],
        "scores": [{"day": "2026-03-04", "counts": [4, 1, 1]}],
    }
    found = Reference.of({**reference(), "days": days})
    assert found is not None
    assert (found.days.ages.tolist(), found.score_days.ages.tolist()) == ([-0.5, 1.5], [2.5])
    assert found.days.counts[1].tolist() == [[5, 0, 0, 0, 1], [2, 1, 0, 0, 3], [4, 1, 0, 0, 1]]
    assert found.score_days.counts.tolist() == [[4, 1, 1]]
    assert (len(made_up().days), made_up().until) == (0, None)


def test_a_version_older_than_references_has_none() -> None:
    assert Reference.of({}) is None


def test_the_missing_share_is_over_all_values_of_all_features() -> None:
    found = made_up()
    counts = found.count_vectors(np.array([[500, 0, np.nan], [500, np.nan, np.nan]]))
    assert found.missing_share(counts.tobytes()) == 0.5
    single = ModelWindow(features=found.count_vectors(np.empty((0, 3))).tobytes())
    assert found.missing_share(single.features) == 0


def test_absolute_contributions_are_summed_without_the_bias() -> None:
    assert sum_contributions(np.array([[0.25, -1.0, 9.0], [-0.25, 0.0, 9.0]])).tolist() == [
        500_000,
        1_000_000,
    ]
