"""Money saved under the policy in use, of every contender that has thresholds."""

from collections.abc import Mapping

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.folds.contenders import Learned
from scoring.learning.training.money import money_of_scores


def money_by_model(
    test: TrainingSet, learned: Mapping[str, Learned], days: float
) -> dict[str, dict[str, float | None]]:
    """The metrics of money by name, all on the same sample of the test's events, which cover so many days.

    Baselines have none: without thresholds, policies that leave them to the model say nothing. {} for event
    types without amounts and costs.
    """
    money = money_of_scores(test, [each.score for each in learned.values()], days=days)
    if money is None:
        return {}
    return {
        name: money.measured(each.score, each.thresholds)
        for name, each in learned.items()
        if each.thresholds is not None
    }
