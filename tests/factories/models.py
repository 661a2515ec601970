"""Small models, trained by the product's own code on simulated history."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote as put_in_charge
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.registry import loaded_models
from scoring.registry.models import ModelVersion
from tests.factories.history import load_history
from tests.factories.snapshots import once

END = datetime(2026, 2, 25, tzinfo=UTC)  # before the first payment of `tests.factories.payments`


def train_small_models(
    *trees: int,
    end: datetime = END,
    thresholds: Mapping[str, float] | None = None,
    fraud_share: float = 0.12,
) -> list[str]:
    """Load a small history and train a version on it for each number of trees. None is promoted."""
    loaded_models.load_model.cache_clear()
    now = end + timedelta(days=2)
    request = TrainingRequest("payment", as_of=end, matures_after=timedelta(days=14))
    stated = tuple((thresholds or {}).items())
    configs = [
        TrainingConfig(trees=count, depth=4, minimum_positives=4, explicit_thresholds=stated)
        for count in trees
    ]

    def train() -> list[str]:
        load_history(end=end, now=now, fraud_share=fraud_share)
        return [run_training(request, config=config, actor="tests", now=now).name for config in configs]

    return list(once(("models", end, fraud_share, *configs), train))


def approved(name: str) -> str:
    """The model's name, after approval by another user than its author regardless of its checks."""
    if ModelVersion.objects.get(name=name).status != ModelVersion.Status.APPROVED:
        approve(name, actor="user/approver", note="for a test", forced=True, now=datetime.now(UTC))
    return name


def promote(name: str) -> None:
    """Approve the model, unless it is approved, and make it the champion."""
    put_in_charge(approved(name), actor="tests", now=datetime.now(UTC))
