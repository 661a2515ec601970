"""Threads and the processes of a Dask cluster fold a lane like one thread, bit for bit."""

# ruff: noqa: F811 (fixtures of another module are arguments here)

import os

import numpy as np
import pytest
from distributed import LocalCluster

from scoring.features.compile.plan import lane_plan
from scoring.lanes.order import read_head
from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.log.append import append
from scoring.offline import backfill
from scoring.offline.backfill import fold_lane
from scoring.offline.cluster import fold_on_cluster, states_on_cluster
from scoring.offline.errors import SchedulerUnreachable
from scoring.states.rebuild import rebuild_lane
from scoring.states.store import OnlineStore
from tests.contract.test_columns_equal_items import (  # noqa: F401 (fixtures)
    LANE,
    NOW,
    VOCABULARY,
    fold_columns,
    payment,
    sequence,
    store,
)

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = 300  # a batch: several of them


@pytest.fixture
def worker_environment(process_environment, monkeypatch) -> None:
    """Processes started from here work on the test's own database."""
    for name, value in process_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cluster(worker_environment):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


def vectors_of(history) -> bytes:
    return b"".join(output.tobytes() for _, rows in history for _, output in rows)


def test_threads_fold_a_lane_to_the_bytes_of_one(store, settings):
    plan = lane_plan(LANE, VOCABULARY)
    expected, _, _ = fold_columns(plan, store=store)
    for settings.BACKFILL_THREADS in (1, 2):
        assert vectors_of(fold_lane(plan, store=store)) == expected


def test_a_cluster_folds_a_lane_to_the_bytes_of_one(store, cluster):
    plan, until = lane_plan(LANE, VOCABULARY), read_head(LANE)
    expected, states, positions = fold_columns(plan, store=store)
    how = {"until": until, "scheduler": cluster.scheduler_address, "store": store, "items": ITEMS}
    sequence(append([payment(99)], now=NOW))  # the lane goes on meanwhile
    parts = []
    assert vectors_of((parts.append(part), rows) for part, rows in fold_on_cluster(plan, **how)) == expected
    assert np.concatenate([part.event_positions for part in parts]).tolist() == positions
    assert len(parts) > 1
    assert dict(states_on_cluster(plan, **how)) == states
    assert not os.path.exists(f"{store.url}/scratch") or not os.listdir(f"{store.url}/scratch")


def test_one_setting_makes_training_read_from_a_cluster(
    store,
    worker_environment,
    settings,
    monkeypatch,
):
    expected = read_vectors("payment", vocabulary=VOCABULARY["payment"])
    settings.DASK_SCHEDULER = "local:2"
    monkeypatch.setattr(backfill, "WORTH_A_CLUSTER", 0)
    found = read_vectors("payment", vocabulary=VOCABULARY["payment"])
    assert found.X.tobytes() == expected.X.tobytes()
    assert found.positions.tolist() == expected.positions.tolist()
    assert found.groups.tolist() == expected.groups.tolist()


def test_the_same_setting_makes_a_rebuild_fold_on_a_cluster(
    store, online_redis, worker_environment, settings, monkeypatch
):
    plan = lane_plan(LANE)
    settings.DASK_SCHEDULER = "local:2"
    monkeypatch.setattr(backfill, "WORTH_A_CLUSTER", 0)
    rebuilt = rebuild_lane(LANE)
    _, states, positions = fold_columns(plan, store=store)
    online = OnlineStore(LANE, plan.layout_id)
    assert online.states() == states
    assert online.cursor() == read_head(LANE).cursor
    assert (rebuilt.items, rebuilt.entities) == (len(positions), len(states))


@pytest.mark.parametrize("scheduler", ["local:two", "tcp://127.0.0.1:9"])
def test_a_scheduler_that_is_none_is_named(store, settings, monkeypatch, scheduler):
    settings.DASK_SCHEDULER = scheduler
    monkeypatch.setattr(backfill, "WORTH_A_CLUSTER", 0)
    monkeypatch.setattr("scoring.offline.scheduler.CONNECT_WITHIN", "1s")
    with pytest.raises(SchedulerUnreachable, match=scheduler):
        read_vectors("payment", vocabulary=VOCABULARY["payment"])
