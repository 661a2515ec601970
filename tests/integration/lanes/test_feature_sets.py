"""Models of one event type on different feature sets: what each is given, and what is refused."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
import redis
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import transaction

from scoring.catalog.registry import scored_types
from scoring.decisions.consumers import SHADOW
from scoring.decisions.models import Decision, ShadowScore
from scoring.event_types.payment import Payment
from scoring.features.compile import plan
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.features.logged_vectors import unpack_vectors
from scoring.lanes.models import Pending
from scoring.learning.errors import FeaturesNotBackfilled
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.promotion.promote import promote as put_in_charge
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.registry import loaded_models
from scoring.registry.errors import FeatureSetMissing
from scoring.registry.feature_sets import check_feature_set, check_live_sets, declare_feature_sets
from scoring.registry.models import FeatureSetVersion, ModelArtifact, ModelVersion
from scoring.registry.routes import Arm
from scoring.replay.service import replay
from scoring.runner.sweep import sweep_lanes
from tests.factories.lane_items import iter_lane_items
from tests.factories.models import END, approved, promote, train_small_models
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE
from tests.integration.lanes.test_arms import champion, made, route

pytestmark = pytest.mark.django_db(transaction=True)

OLD = Payment.features
NEW = [
    Payment.card.count(over="24h 7d"),
    Payment.category,
    Payment.amount,
    Payment.card.amount.mean(over="7d"),
    Payment.card.count(over="7d", of="refund"),
    Payment.card.distinct(Payment.merchant, over="24h", cap=5),
]
LATER = timedelta(minutes=5)
OLD_COUNT = len(lane_plan(LANE).feature_set("payment").names)


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Declare these features for payments: the newest set, then earlier ones."""

    def declare(newest: object, *earlier: object) -> None:
        monkeypatch.setattr(Payment, "features", newest)
        monkeypatch.setattr(Payment, "earlier_features", dict(enumerate(earlier)))
        plan._cached_plan.cache_clear()

    yield declare
    plan._cached_plan.cache_clear()


@pytest.fixture
def models(online_redis, settings, tmp_path, declare) -> tuple[str, str]:
    """A version on the old set, the champion, and one on the new set; code that has both; states of both."""
    settings.VAR_DIR = tmp_path / "var"
    (old,) = train_small_models(15)
    promote(old)
    declare(NEW, OLD)
    return old, train_on_newest()


def train_on_newest() -> str:
    request = TrainingRequest("payment", as_of=END, matures_after=timedelta(days=14))
    config = TrainingConfig(trees=10, depth=4, minimum_positives=4)
    return approved(run_training(request, config=config, actor="tests", now=END + timedelta(days=2)).name)


def plain_vectors(model: str, count: int) -> np.ndarray:
    """The vectors [count, F] of the first payments for a model, by a plain fold of the log."""
    loaded = loaded_models.load_model(model)
    own = lane_plan(LANE, {"payment": loaded.spec.vocabularies})
    feature_set, arena, rows = check_feature_set(loaded), Arena(own), {}
    for chunk in iter_lane_items(LANE):
        out = fold(own, encode(own, chunk.items), arena)
        rows.update(zip(chunk.event_positions.tolist(), feature_set.vector_of(out), strict=True))
    return np.stack([rows[made(number).data["event_position"]] for number in range(count)])


def lose(name: str) -> Callable[[], None]:
    """Damage a model's artifact; returns a function that repairs it."""
    artifact = ModelArtifact.objects.get(digest=ModelVersion.objects.get(name=name).artifact)
    ModelArtifact.objects.filter(pk=artifact.pk).update(booster=b"lost")
    loaded_models.load_model.cache_clear()

    def restore() -> None:
        ModelArtifact.objects.filter(pk=artifact.pk).update(booster=bytes(artifact.booster))
        loaded_models.load_model.cache_clear()

    return restore


def follow() -> dict[int, float]:
    catch_up(SHADOW, now=datetime.now(UTC))
    return dict(ShadowScore.objects.values_list("event_position", "score"))


def replayed() -> tuple[int, int]:
    ever = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": datetime.now(UTC) + LATER}
    again = replay("payment", **ever)
    assert again.first == []
    return again.identical, again.decisions


def test_a_shadow_on_another_set_scores_as_it_would_as_champion(models, send, work):
    for decider, shadow in (models, models[::-1]):
        route(champion(decider), Arm("shadow", shadow, "shadow", 1.0))
        start = Decision.objects.count()
        send(payments(8, start=start))
        work()
        expected = loaded_models.load_model(shadow).predict(plain_vectors(shadow, start + 8)[start:])[1]
        assert [follow()[made(start + number).data["event_position"]] for number in range(8)] == list(
            expected
        )
        logged = unpack_vectors(made(start).packed, width=plain_vectors(decider, 1).shape[1])[0]
        assert logged.tobytes() == plain_vectors(decider, start + 1)[start].tobytes()
    assert replayed() == (16, 16)


def test_a_fallback_is_revised_by_a_model_on_any_set(models, send, work):
    old, new = models
    restore = lose(old)
    send(payments(6))
    work()
    assert {made(number).data["cause"] for number in range(6)} == {"model_unavailable"}
    put_in_charge(new, actor="tests", now=datetime.now(UTC))
    sweep_lanes(now=datetime.now(UTC) + LATER)
    work()
    assert Decision.objects.filter(model=new, revision=1, basis="model").count() == 6

    restore()
    mend_new = lose(new)
    send(payments(6, start=6))
    work()
    put_in_charge(old, actor="tests", now=datetime.now(UTC))
    sweep_lanes(now=datetime.now(UTC) + LATER)
    work()
    mend_new()
    assert Decision.objects.filter(model=old, revision=1, basis="model").count() == 6
    assert not Pending.objects.filter(kind="rescore").exists()
    assert replayed() == (24, 24)


def test_a_model_on_another_set_is_compared_with_the_champion_on_the_same_events(models):
    old, new = models
    comparison = ModelVersion.objects.get(name=new).comparison
    assert (comparison["champion"], comparison["why_not"]) == (old, "")
    expected = ModelVersion.objects.get(name=old).metrics["average_precision"]
    assert comparison["champion_metrics"]["average_precision"] == pytest.approx(expected)


def test_each_model_is_evaluated_on_its_own_set(models):
    window = {"since": END - timedelta(days=30), "until": END - timedelta(days=15), "now": END}
    judged = [run_evaluation(name, **window).model for name in models]
    assert judged[0]["rows"] == judged[1]["rows"] > 0
    assert judged[0]["average_precision"] != judged[1]["average_precision"]


def test_a_model_waits_for_the_states_of_its_features(models, online_redis, work):
    _, new = models
    online_redis.flushdb()
    with pytest.raises(FeaturesNotBackfilled, match=f"all values that {new} reads, or"):
        put_in_charge(new, actor="tests", now=datetime.now(UTC))
    work()  # the next holder of the lane restores its states
    put_in_charge(new, actor="tests", now=datetime.now(UTC))


def test_a_model_whose_set_this_code_lacks_is_refused_and_reported(models, declare, work):
    old, new = models
    declare_feature_sets(now=datetime.now(UTC))
    declare(OLD)
    with pytest.raises(FeatureSetMissing, match=rf"{new} was trained on feature set 2, .*earlier_features"):
        put_in_charge(new, actor="tests", now=datetime.now(UTC))
    check_live_sets()
    declare(NEW)
    with pytest.raises(FeatureSetMissing, match=rf"{old} was trained on feature set 1, .*promote another"):
        check_live_sets()


def test_a_worker_refuses_to_start_without_the_features_of_a_live_model(
    online_redis: redis.Redis, process_environment: dict[str, str], settings, tmp_path
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    (name,) = train_small_models(5)
    promote(name)
    ModelVersion.objects.filter(name=name).update(feature_set="0" * 64)
    result = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "--without-mingle"],
        env=process_environment,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert f"model {name} was trained on feature set" in result.stderr
    assert "promote another model first" in result.stderr


def declared() -> list[tuple[int, str]]:
    entries = read_stream("feature_set/payment")
    assert len(entries) == len({entry.stream_version for entry in entries})
    return [(entry.data["number"], entry.data["features"][0]["name"]) for entry in entries]


def test_sets_are_declared_once_and_keep_their_numbers(declare, transactional_db):
    now = datetime.now(UTC)
    assert len(declare_feature_sets(now=now)) == len(scored_types())
    assert declare_feature_sets(now=now) == []
    declare(NEW, OLD)
    declare_feature_sets(now=now)
    declare(OLD)  # the code before is deployed again
    declare_feature_sets(now=now)
    assert declared() == [(1, "amount"), (2, "card_count_24h"), (1, "amount")]
    before = list(FeatureSetVersion.objects.filter(event_type="payment").order_by("number").values())
    assert [(row["number"], len(row["features"])) for row in before] == [(1, OLD_COUNT), (2, 7)]
    rebuild_projections([find_projection("featuresetversion")])
    assert list(FeatureSetVersion.objects.filter(event_type="payment").order_by("number").values()) == before
    assert set(before[0]["features"][0]) == {
        *("name", "kind", "entity", "window", "unit", "definition", "owner", "digest")
    }


def read_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next worker look before anything was declared, once."""
    looks = [lambda stream: []]

    def look(stream: str) -> list[Entry]:
        return looks.pop()(stream) if looks else read_stream(stream)

    monkeypatch.setattr("scoring.registry.feature_sets.read_stream", look)


def test_only_one_of_several_starting_workers_declares(declare, transactional_db, monkeypatch):
    now = datetime.now(UTC)
    declare_feature_sets(now=now)
    read_too_early(monkeypatch)
    with transaction.atomic():  # which goes on after the other was quicker
        assert declare_feature_sets(now=now) == []
    assert declared() == [(1, "amount")]


def test_each_of_several_workers_of_different_code_declares(declare, transactional_db, monkeypatch):
    now = datetime.now(UTC)
    declare_feature_sets(now=now)
    declare(NEW, OLD)
    read_too_early(monkeypatch)
    assert len(declare_feature_sets(now=now)) == 1
    assert declared() == [(1, "amount"), (2, "card_count_24h")]


def test_code_with_an_earlier_set_declares_that_first(declare, transactional_db):
    declare(NEW, OLD)
    declare_feature_sets(now=datetime.now(UTC))
    assert declared() == [(1, "amount"), (2, "card_count_24h")]


def test_models_and_sets_are_listed_with_each_other(models, work):
    old, new = models
    work()
    declare_feature_sets(now=datetime.now(UTC))
    lines = told("feature_sets", "--event-type", "payment")
    assert lines[1].split()[:2] == ["payment", "1"]
    assert f"{old} (champion)" in lines[1]
    assert lines[2].split()[-2:] == ["newest", "none"]
    put_in_charge(new, actor="tests", now=datetime.now(UTC))
    lines = told("feature_sets", "--event-type", "payment")
    assert f"it can be removed from the code, but a rollback would restore {old}, which needs it" in lines[1]
    numbers = {line.split()[0]: line.split()[4] for line in told("models")[1:]}
    assert numbers == {old: "1", new: "2"}


def told(*command: str) -> list[str]:
    call_command(*command, stdout=(out := StringIO()))
    return out.getvalue().splitlines()
