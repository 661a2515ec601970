"""A model decides: its version, its explanation, its replacement and its absence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import pytest

from config.status.health import check_models
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.answers import answer_for
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.registry import model_versions as registry
from scoring.registry.models import ModelArtifact
from scoring.runner.batch_limits import MAX_FILL
from scoring.runner.lane_runner import LaneRunner
from scoring.runner.sweep import sweep_lanes
from scoring.signals.reply_channels import open_reply_channel
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    """Two versions; none is promoted."""
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25)


def made(number: int) -> tuple[dict, bytes]:
    entry = read_stream(f"payment/shop/T-{number}")[1]
    return entry.data, entry.packed


def test_a_decision_names_its_model_and_holds_vector_and_exact_contributions(models, send, work):
    promote(models[0])
    send(payments(12))
    work()
    loaded = loaded_models.load_model(models[0])
    plan = lane_plan(LANE, {"payment": loaded.spec.vocabularies})
    for number in range(12):
        data, packed = made(number)
        vector, contributions = unpack_vectors(packed, width=len(plan.feature_set("payment").names))
        margins, scores = loaded.predict(vector[np.newaxis])
        assert (data["model"], data["feature_set"], data["basis"]) == (models[0], loaded.feature_set, "model")
        assert (data["margin"], data["score"]) == (margins[0], scores[0])
        assert contributions.sum() == pytest.approx(data["margin"], abs=1e-5)
        np.testing.assert_array_equal(loaded.explain(vector[np.newaxis])[2][0], contributions)
        assert data["reasons"]
        assert {"code", "feature", "value", "usual", "contribution", "text"} == data["reasons"][0].keys()
    assert online_states() == rebuilt_states()


def test_a_promotion_is_picked_up_between_two_batches_of_one_holder(models, send):
    promote(models[0])
    count = MAX_FILL + 8
    send(payments(count))
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        runner.step()
        promote(models[1])
        while runner.step():
            pass
    by_seq = [data["model"] for data, _ in sorted(map(made, range(count)), key=lambda pair: pair[0]["seq"])]
    switch = by_seq.index(models[1])
    assert switch > 0
    assert by_seq == [models[0]] * switch + [models[1]] * (count - switch)


def test_a_waiting_client_and_a_repetition_get_the_same_answer(models, send, work):
    promote(models[0])
    channel = open_reply_channel()
    send(payments(1))
    Pending.objects.update(wake_token=channel.token)
    work()
    told, cause = channel.collect(count=1, seconds=TIMEOUT_SECONDS)
    assert cause == ""
    again = send(payments(1))[0].answer
    assert orjson.dumps(told["payment/shop/T-0"]) == orjson.dumps(again)


def test_a_model_that_cannot_be_used_is_a_fallback_that_is_revised_later(models, send, work):
    promote(models[0])
    artifact = ModelArtifact.objects.get(digest=registry.ModelVersion.objects.get(name=models[0]).artifact)
    ModelArtifact.objects.filter(digest=artifact.digest).update(booster=b"not the bytes that were stored")
    loaded_models.load_model.cache_clear()
    send(payments(3))
    work()
    answer = answer_for("payment/shop/T-1")
    assert (answer["decision"]["basis"], answer["decision"]["cause"]) == ("fallback", "model_unavailable")
    assert answer["decision"]["outcome"] == "review"
    assert Pending.objects.filter(kind="rescore", state="waiting").count() == 3

    ModelArtifact.objects.filter(digest=artifact.digest).update(booster=bytes(artifact.booster))
    sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))
    work()
    answer = answer_for("payment/shop/T-1")
    assert answer["decision"]["basis"] == "fallback"
    assert (answer["current_decision"]["basis"], answer["current_decision"]["revision"]) == ("model", 1)
    assert not Pending.objects.filter(state="waiting").exists()


def test_a_revision_scores_the_values_of_the_moment_of_the_event(models, send, work):
    promote(models[0])
    stored = {row.digest: bytes(row.booster) for row in ModelArtifact.objects.all()}
    ModelArtifact.objects.update(booster=b"gone")
    loaded_models.load_model.cache_clear()
    send(payments(6))
    work()
    send(payments(20, start=100))  # moves the states on
    work()
    for digest, booster in stored.items():
        ModelArtifact.objects.filter(digest=digest).update(booster=booster)
    sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))
    work()

    loaded = loaded_models.load_model(models[0])
    feature_set = lane_plan(LANE, {"payment": loaded.spec.vocabularies}).feature_set("payment")
    codes = [place for place, spec in enumerate(feature_set.features) if spec.unit == "category"]
    for number in range(6):
        _, first, revised = read_stream(f"payment/shop/T-{number}")
        seen, _ = unpack_vectors(first.packed, width=len(feature_set.names))
        scored, _ = unpack_vectors(revised.packed, width=len(feature_set.names))
        others = np.delete(np.arange(len(seen)), codes)
        np.testing.assert_array_equal(seen[others], scored[others])
        assert revised.data["seq"] == first.data["seq"]
        assert (revised.data["basis"], revised.data["feature_set"]) == ("model", loaded.feature_set)


def test_code_without_the_models_features_does_not_use_the_model(models, send, work, monkeypatch):
    promote(models[0])
    loaded = loaded_models.load_model(models[0])
    monkeypatch.setattr(
        "scoring.decisions.predictions.deciding_models.load_model",
        lambda name: loaded_models.LoadedModel(name, "payment", "0" * 64, loaded.spec, loaded.booster),
    )
    send(payments(1))
    work()
    decision = answer_for("payment/shop/T-0")["decision"]
    assert (decision["basis"], decision["cause"]) == ("fallback", "feature_set_missing")


def test_a_vector_logged_by_other_code_is_not_scored(models, send, work, monkeypatch):
    promote(models[0])
    kept = {row.digest: bytes(row.booster) for row in ModelArtifact.objects.all()}
    ModelArtifact.objects.update(booster=b"gone")
    loaded_models.load_model.cache_clear()
    with monkeypatch.context() as other_code:
        others = {"hash": "0" * 64, "declared": "0" * 64}
        other_code.setattr(
            LanePlan, "feature_sets", lambda plan, name: (replace(plan.sets[name][0], **others),)
        )
        send(payments(2))
        work()
    for digest, booster in kept.items():
        ModelArtifact.objects.filter(digest=digest).update(booster=booster)
    sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))
    work()
    assert answer_for("payment/shop/T-0")["revisions"] == []
    waiting = Pending.objects.filter(kind="rescore")
    assert list(waiting.values_list("state", flat=True)) == ["parked", "parked"]
    assert "VectorOfOtherFeatures" in waiting[0].error


def test_a_model_whose_bytes_are_gone_parks_nothing(models, send, work):
    promote(models[0])
    ModelArtifact.objects.all().delete()
    loaded_models.load_model.cache_clear()
    send(payments(1))
    work()
    decision = answer_for("payment/shop/T-0")["decision"]
    assert (decision["basis"], decision["cause"]) == ("fallback", "model_unavailable")
    assert "not stored" in check_models()
