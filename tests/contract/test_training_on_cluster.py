"""A training on the workers of a Dask cluster gives as good a model as one on this machine."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from distributed import LocalCluster

from scoring.explain.prediction import predict_margin
from scoring.learning.dataset.split import split_by_time
from scoring.learning.errors import InvalidTraining
from scoring.learning.metrics.quality import average_precision
from scoring.learning.training.cross_fitting import rows_to_grow_on
from scoring.learning.training.fit import train_model
from scoring.learning.training.growing import choose_rounds, grow_rows
from scoring.learning.training.recipe import CLASS_WEIGHTS, CLUSTER, FOCAL_LOSS, Imbalance, TrainingConfig
from scoring.offline.errors import SchedulerUnreachable
from tests.unit.learning.made_up import training_set

# Without sampling, trees differ by the rounding of sums alone; fast ones soon stop improving.
HERE = TrainingConfig(
    trees=30, depth=3, learning_rate=0.6, patience=3, threads=1, subsample=1.0, colsample_bytree=1.0
)
SPREAD = replace(HERE, placement=CLUSTER)
WEIGHTS = np.where(np.arange(6_000) % 9 == 0, 2.0, 1.0)


@pytest.fixture
def workers(settings) -> Iterator[None]:
    """Two processes that are started once for several trainings; they use no database."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        settings.DASK_SCHEDULER = cluster.scheduler_address
        yield


def test_a_model_from_a_cluster_is_as_good(workers):
    data, later = replace(training_set(), weights=WEIGHTS), training_set(seed=1)
    slices = split_by_time(occurred_at=data.occurred_at, y=data.y, shares=HERE.shares, needs=HERE.needs)
    for imbalance in (Imbalance(), Imbalance(FOCAL_LOSS), Imbalance(CLASS_WEIGHTS)):
        chosen, quality = [], []
        for config in (replace(HERE, imbalance=imbalance), replace(SPREAD, imbalance=imbalance)):
            rounds = choose_rounds(data=data, slices=slices, config=config)
            booster, rate = grow_rows(data, rows_to_grow_on(slices), rounds=rounds, config=config)
            assert 5 < booster.num_boosted_rounds() == rounds < config.trees  # stopped early
            chosen.append(rounds)
            quality.append((average_precision(later.y, predict_margin(booster, later.X)), rate))
        (here, base_rate), (spread, same_rate) = quality
        assert spread == pytest.approx(here, abs=0.01)
        assert chosen[0] == chosen[1]
        assert same_rate == base_rate


def test_a_recipe_for_a_cluster_needs_one(settings):
    settings.DASK_SCHEDULER = ""
    with pytest.raises(InvalidTraining, match=r"placement: 'cluster' is not possible without DASK_SCHEDULER"):
        train_model(data=training_set(), config=SPREAD)


def test_a_cluster_that_does_not_answer_is_named(settings, monkeypatch):
    settings.DASK_SCHEDULER = "tcp://127.0.0.1:9"
    monkeypatch.setattr("scoring.offline.scheduler.CONNECT_WITHIN", "1s")
    with pytest.raises(SchedulerUnreachable, match=r"127\.0\.0\.1:9"):
        train_model(data=training_set(), config=SPREAD)
