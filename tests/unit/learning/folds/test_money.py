"""Money of contenders: whose is measured, and on what."""

import numpy as np
import pytest

from scoring.learning.folds import money
from scoring.learning.folds.contenders import Learned
from tests.unit.learning.made_up import training_set

TEST = training_set(rows=20)
SCORE = np.linspace(0, 1, 20)


class FixedMoney:
    def measured(self, score, thresholds):
        return {"money_saved_a_day": float((score >= thresholds["review"]).sum())}


def test_baselines_have_no_thresholds_and_so_no_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "money_of_scores", lambda data, scores, *, days: FixedMoney())
    learned = {"recipe": Learned(SCORE, {"review": 0.5}), "logistic": Learned(SCORE)}
    assert money.money_by_model(TEST, learned, 2.0) == {"recipe": {"money_saved_a_day": 10.0}}


def test_there_is_none_for_event_types_without_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "money_of_scores", lambda data, scores, *, days: None)
    assert money.money_by_model(TEST, {"recipe": Learned(SCORE, {"review": 0.5})}, 2.0) == {}
