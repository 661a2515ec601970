"""NDCG of queues, against scikit-learn. No database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from reviews.quality.order import QueueOrder, RankedLoss, ndcg, orders_of

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@given(st.lists(st.floats(0, 20), min_size=2, max_size=30).filter(lambda gains: max(gains) > 1e-6))
def test_it_is_that_of_scikit_learn(gains: list[float]) -> None:
    places = list(range(len(gains), 0, -1))  # the order given, without ties
    assert ndcg(gains) == pytest.approx(ndcg_score([gains], [places]))


def test_it_is_not_known_without_a_loss() -> None:
    assert ndcg([]) is None
    assert ndcg([0, 0]) is None


def test_the_order_of_a_queue_is_the_mean_of_its_days() -> None:
    cases = [
        RankedLoss("large", MONDAY, 2.0, 7.0),
        RankedLoss("large", MONDAY, 1.0, 0.0),
        RankedLoss("large", TUESDAY, 1.0, 7.0),  # behind the one without a loss
        RankedLoss("large", TUESDAY, 2.0, 0.0),
        RankedLoss("", MONDAY, 1.0, 0.0),
    ]
    default, large = orders_of("payment", cases)
    assert default == QueueOrder("payment", "", None, 0, 1, 0)
    assert large[1:] == ("large", pytest.approx((1 + 0.6309297535714575) / 2), 2, 4, 2)
