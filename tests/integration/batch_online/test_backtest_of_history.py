"""A backtest of history reads the batch values that the views' schedules would have published."""

from datetime import UTC, datetime

import numpy as np
import pytest

from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.rules.backtest.changes import RuleChange
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.run import run_backtest
from tests.factories.rules import store_rule
from tests.factories.sales import DAY, NOON
from tests.integration.batch_online.conftest import Shop

pytestmark = pytest.mark.usefixtures("shop")


def test_a_rule_on_a_batch_value_matches_where_the_value_that_training_reads_does(shop: Shop) -> None:
    assert shop.count
    vectors = read_vectors("sale", vocabulary={})
    values = vectors.X[:, vectors.feature_names.index("habits_sales")]
    limit = float(np.nanmax(values)) - 5.0
    store_rule(event_type="sale", expression=f"habits_sales > {limit:.1f}", outcome="block")
    request = BacktestRequest("sale", RuleChange("velocity", 1), NOON - 20 * DAY, NOON)
    result = run_backtest(request, now=datetime.now(UTC))
    assert 0 < result.hit_events == int((values > limit).sum()) < len(values)
    assert result.unknown == int(np.isnan(values).sum())
