"""Rows that take long are shared out: the same numbers, whoever computed them and whoever failed to."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
import redis
import xgboost as xgb
from django.core.management import call_command
from numpy.typing import NDArray

from scoring.decisions import fan_out
from scoring.decisions.errors import ModelFailed
from scoring.decisions.fan_out import FanOut, help_out
from scoring.decisions.models import Decision
from scoring.decisions.predicting import Prediction, predict
from scoring.explain.treeshap import LibraryExplainer
from scoring.intake.receive import receive_events
from scoring.lanes.models import Pending
from scoring.registry.artifact import Artefact
from scoring.registry.model_versions import LoadedModel, Registration, load_model, register_model
from scoring.registry.models import ModelArtefact, ModelVersion
from scoring.signals import lane_notifications as doorbell
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import read_counts
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 32
HELP = "scoring.decisions.tasks.help_out"


@pytest.fixture
def model(online_redis, settings, tmp_path) -> LoadedModel:
    settings.VAR_DIR = tmp_path / "var"
    [name] = train_small_models(15)
    return load_model(name)


@pytest.fixture
def features(model) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=(ROWS, len(model.spec.features)))


@pytest.fixture
def called(monkeypatch) -> list[str]:
    """Tasks that were sent; nobody does them."""
    sent: list[str] = []
    monkeypatch.setattr(doorbell, "send", lambda task, *_, **__: sent.append(task) or "")
    return sent


@pytest.fixture
def slow(monkeypatch, called) -> list[tuple[str, int]]:
    """Prediction that takes 4 ms a row: by which thread, and of how many rows."""
    done: list[tuple[str, int]] = []

    def predict_slowly(loaded: LoadedModel, rows: NDArray[np.float64]) -> Prediction:
        done.append((threading.current_thread().name, len(rows)))
        time.sleep(0.004 * len(rows))
        return predict(loaded, rows)

    monkeypatch.setattr(fan_out, "predict", predict_slowly)
    return done


@pytest.fixture
def lane(slow, model, features) -> FanOut:
    """A lane that knows by now how slow the model is."""
    lane = FanOut(LANE)
    lane.predict(model, features)
    slow.clear()
    return lane


@pytest.fixture
def helper(online_redis, monkeypatch) -> Iterator[threading.Thread]:
    """One who is waited for, however loaded the machine is."""
    monkeypatch.setattr(fan_out, "LEAST_PATIENCE_SECONDS", 30.0)
    thread = threading.Thread(target=help_out, name="helper", kwargs={"linger": 5.0, "shift": 5.0})
    thread.start()
    wait_until(lambda: bool(online_redis.exists(fan_out.HELPERS)), seconds=30)
    yield thread
    doorbell.ring(LANE)  # a lane waits for a process: he leaves
    thread.join()


def assert_same(one: Prediction, other: Prediction) -> None:
    for name in ("margins", "scores", "contributions"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_rows_shared_out_come_to_the_very_same_numbers(lane, model, features, slow, helper):
    before = read_counts().get(("helped",), 0.0)
    assert_same(lane.predict(model, features), predict(model, features))
    helped = sum(rows for name, rows in slow if name == "helper")
    assert 0 < helped < ROWS
    assert sum(rows for _, rows in slow) == ROWS
    assert read_counts()["helped",] - before == helped


def test_what_is_quick_is_not_shared_out(model, features, helper, called, online_redis):
    predict(model, features)  # the first call of all is not quick
    lane = FanOut(LANE)
    for _ in range(3):
        assert_same(lane.predict(model, features[:2]), predict(model, features[:2]))
    assert called == []


def test_without_a_helper_one_is_called_and_nothing_is_laid_out(lane, model, features, slow, called):
    lane.predict(model, features)
    lane.predict(model, features)
    assert slow == [("MainThread", ROWS)] * 2  # in one piece each
    assert called == [HELP]


def test_a_piece_that_is_not_brought_back_is_computed_by_the_holder(lane, model, features, slow, caplog):
    client = connections.client()
    client.set(fan_out.HELPERS, "1")
    thief = threading.Thread(target=lambda: client.brpop([fan_out._todo(LANE)], timeout=5))
    thief.start()
    assert_same(lane.predict(model, features), predict(model, features))
    thief.join()
    assert f"1 of {len(slow)} pieces did not come back" in caplog.text


def test_a_model_that_fails_a_helper_fails_as_it_would_alone(lane, model, features, helper, monkeypatch):
    def fail(loaded: LoadedModel, rows: NDArray[np.float64]) -> Prediction:
        raise ModelFailed(loaded.name, "no numbers")

    monkeypatch.setattr(fan_out, "predict", fail)
    with pytest.raises(ModelFailed, match="no numbers"):
        lane.predict(model, features)
    assert helper.is_alive()


def test_a_helper_with_other_libraries_takes_no_part(model, features, online_redis, slow):
    piece = fan_out.Piece("batch", 3, model.name, "xgboost-0.1", features)
    online_redis.rpush(fan_out._todo(LANE), piece.to_bytes())
    assert help_out(linger=0.05) == 1
    assert online_redis.ttl(fan_out._done("batch")) > 0  # one that nobody collects does not stay
    assert fan_out._collect("batch", count=1, seconds=1.0) == {}
    assert slow == []


def test_pieces_of_a_holder_that_is_no_more_are_nobodys(lane, model, features, slow, online_redis):
    left = fan_out.Piece("earlier", 0, model.name, "", features)
    online_redis.set(fan_out.HELPERS, "1")
    lane._lay_out([left])
    assert_same(lane.predict(model, features), predict(model, features))
    lane._lay_out([left])
    assert lane._take("another") is None
    assert not online_redis.exists(fan_out._todo(LANE))


def test_a_helper_leaves_when_a_lane_waits_for_a_process(online_redis, called):
    assert doorbell.ring(LANE) == ""
    began = time.monotonic()
    assert help_out(linger=5.0) == 0
    assert time.monotonic() - began < 1.0


def test_without_redis_the_holder_does_all_of_it(lane, model, features, monkeypatch, caplog):
    def away() -> redis.Redis:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(connections, "client", away)
    assert_same(lane.predict(model, features), predict(model, features))
    assert "not shared out: away" in caplog.text


def test_real_workers_share_a_model_that_has_no_tables(
    online_redis, settings, tmp_path, celery_worker_process: Callable[..., subprocess.Popen[bytes]]
):
    """And what they decided is replayed to the bit by one process."""
    settings.VAR_DIR = tmp_path / "var"
    [small] = train_small_models(15)
    deep = register_deep_model(small)
    assert isinstance(load_model(deep).explainer, LibraryExplainer)
    promote(deep)
    before = read_counts().get(("helped",), 0.0)
    celery_worker_process(queues="lanes", concurrency=2)
    receive_events(payments(200), source="shop", now=datetime.now(UTC))
    wait_until(lambda: not Pending.objects.filter(state="ready").exists(), seconds=120)
    assert list(Decision.objects.values_list("basis", "model").distinct()) == [("model", deep)]
    assert Decision.objects.count() == 200
    wait_until(lambda: read_counts().get(("helped",), 0.0) > before, seconds=30)
    told = StringIO()
    call_command("replay", stdout=told)
    assert "100 %" in told.getvalue()


def register_deep_model(like: str) -> str:
    """A version with deep trees grown on noise, in all else as the one that it is `like`."""
    version = ModelVersion.objects.get(name=like)
    stored = ModelArtefact.objects.get(digest=version.artefact)
    width = len(load_model(like).spec.features)
    rng = np.random.default_rng(0)
    noise = xgb.DMatrix(rng.normal(size=(8_000, width)), label=rng.integers(0, 2, 8_000))
    settings = {"objective": "binary:logistic", "max_depth": 12, "base_score": 0.5, "min_child_weight": 0.1}
    booster = xgb.train(settings, noise, num_boost_round=60)
    artefact = Artefact(bytes(booster.save_raw("ubj")), stored.spec)
    registration = Registration(
        **{field.name: getattr(version, field.name) for field in fields(Registration)}
    )
    return register_model(registration, artefact=artefact, actor="tests", now=datetime.now(UTC))
