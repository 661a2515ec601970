"""The path of a candidate: compared, checked, approved by another user, deployed, rolled back."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from scoring.learning.errors import (
    AlreadyJudged,
    GateFailed,
    ModelNotPromotable,
    NotApproved,
    NoteRequired,
    NothingToRollBackTo,
    OwnModel,
)
from scoring.learning.promotion import gate
from scoring.learning.promotion import promote as promotion
from scoring.learning.promotion.stages import stages_of
from scoring.learning.training.comparison import reason_against
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry import loaded_models
from scoring.registry import model_versions as registry
from scoring.registry.errors import InvalidRoute, UnknownModel
from scoring.registry.models import ModelAnalysis, ModelVersion
from scoring.registry.routes import route_of
from scoring.timestamps import from_iso, to_micros
from tests.factories.models import END, approved, promote, train_small_models
from tests.factories.steps import RecordedSteps

pytestmark = pytest.mark.django_db(transaction=True)

NOW = END + timedelta(days=2)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    """Two versions, trained by "tests"; not yet reviewed."""
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25, fraud_share=0.2)  # enough of them for every check


def version(name: str) -> ModelVersion:
    return ModelVersion.objects.get(name=name)


def stages() -> dict[str, str]:
    return {name: stage.text for name, stage in stages_of(ModelVersion.objects.all()).items()}


def train_beside(trees: int = 5, watch: ProgressReporter = NO_PROGRESS, **changes) -> ModelVersion:
    request = TrainingRequest(
        **{"event_type": "payment", "as_of": END, "matures_after": timedelta(days=14)} | changes
    )
    config = TrainingConfig(trees=trees, depth=4, minimum_positives=4)
    run = run_training(request, config=config, actor="user/ana", now=NOW, watch=watch)
    return version(run.name)


def fail_a_check(name: str) -> None:
    checks = [check | {"passed": check["name"] != "latency"} for check in version(name).checks]
    stream = f"model/{name}"
    data = {"name": name, "checks": checks}
    append([NewEntry(stream, len(read_stream(stream)), "model.checked", data)], now=NOW)


def test_a_training_stores_its_checks_reference_and_requester(models):
    first = version(models[0])
    assert [entry.type for entry in read_stream("model/payment-1")] == ["model.trained", "model.checked"]
    assert (first.status, first.trained_by) == ("candidate", "tests")
    assert all(check["passed"] for check in first.checks), first.checks
    assert first.metrics["latency_ms"] > 0
    assert first.metrics["artifact_bytes"] == len(registry.read_artifact(first).packed)
    features = first.reference["features"]
    assert [f["name"] for f in features] == list(loaded_models.load_model(models[0]).spec.features)
    for feature in features:
        assert sum(feature["counts"]) + feature["missing"] == first.reference["rows"]
    category = next(feature for feature in features if feature["name"] == "category")
    assert len(category["counts"]) > 5
    assert sum(first.reference["score"]["counts"]) == sum(first.reference["outcomes"].values())
    assert sum(first.reference["outcomes"].values()) == first.metrics["rows"]


def test_a_first_model_says_that_there_is_no_champion_to_compare_with(models):
    comparison = version(models[0]).comparison
    assert (comparison["champion"], comparison["why_not"]) == (
        None,
        "no model decided payment events when this one was trained",
    )
    assert set(comparison["curves"]) == {"candidate"}


def test_a_candidate_and_the_champion_are_measured_on_the_same_events(models):
    promote(models[1])
    watch = RecordedSteps()
    candidate = train_beside(trees=3, watch=watch)
    assert "comparing with the champion" in watch.names
    assert watch.done == watch.totals
    comparison, champion = candidate.comparison, version(models[1])
    assert (comparison["champion"], comparison["why_not"]) == (models[1], "")
    # Same cut-off, so the champion's own held-out events are those it is judged on again.
    for name in ("rows", "average_precision", "brier", "precision_at_review"):
        assert comparison["champion_metrics"][name] == pytest.approx(champion.metrics[name])
    difference = comparison["difference"]
    assert difference["estimate"] == pytest.approx(
        candidate.metrics["average_precision"] - champion.metrics["average_precision"]
    )
    assert difference["low"] < difference["high"]
    differences = comparison["differences"]
    assert differences["average_precision"] == difference
    assert {"roc_auc", "entities_caught", "recall_at_review", "fraud_amount_stopped"} <= set(differences)
    for name, found in differences.items():
        gain = candidate.metrics[name] - comparison["champion_metrics"][name]
        assert found["estimate"] == pytest.approx(gain), name
    assert set(comparison["curves"]) == {"candidate", "champion"}


def test_a_training_stores_what_its_features_do(models):
    found = ModelAnalysis.objects.get(pk=models[0]).explanation
    assert found["rows"] == min(version(models[0]).metrics["rows"], 1_000)
    importance = [each["importance"] for each in found["features"]]
    assert importance == sorted(importance, reverse=True)
    assert len(found["beeswarm"]) == min(12, len(importance))
    assert 0 < found["stability"]["rank_correlation"] <= 1


def test_a_training_stores_slices_of_the_held_out_events(models):
    fields = ModelAnalysis.objects.get(pk=models[0]).slices["fields"]
    assert [each["field"] for each in fields][:3] == ["category", "amount", "card_since_first"]
    for each in fields:
        assert sum(part["rows"] for part in each["slices"]) == version(models[0]).metrics["rows"]
        assert sum(part["positives"] for part in each["slices"]) == version(models[0]).metrics["positives"]


def test_a_champion_with_another_vocabulary_scores_as_it_would_with_its_own(models, monkeypatch):
    promote(models[1])
    vocabulary = loaded_models.load_model(models[1]).spec.vocabularies
    turned = {"category": tuple(reversed(vocabulary["category"]))}
    monkeypatch.setattr(
        "scoring.learning.training.running.inputs.count_vocabulary", lambda kind, as_of, **_: turned
    )
    comparison = train_beside().comparison
    assert comparison["why_not"] == ""
    expected = version(models[1]).metrics["average_precision"]
    assert comparison["champion_metrics"]["average_precision"] == pytest.approx(expected)


def test_a_champion_that_has_seen_the_events_is_not_compared(models):
    promote(models[0])
    earlier = train_beside(as_of=END - timedelta(days=14), matures_after=timedelta(days=7))
    assert "was trained on some of these events" in earlier.comparison["why_not"]
    assert earlier.comparison["difference"] is None


def test_nor_is_one_whose_thresholds_were_chosen_on_the_events(models):
    """Its trees saw none of them; what it says of them is flattered all the same."""
    promote(models[0])
    champion = loaded_models.load_model(models[0])
    last = to_micros(from_iso(version(models[0]).metrics["slices"]["calibration"]["to"]))
    reasons = [
        reason_against(champion, SimpleNamespace(occurred_at=np.array([first]))) for first in (last, last + 1)
    ]
    assert "was trained on some of these events" in reasons[0]
    assert reasons[1] == ""


def test_shuffled_labels_never_pass_and_cannot_be_forced_into_the_route(models):
    shuffled = train_beside(shuffled=True)
    assert "real labels" in gate.failed_checks(shuffled.checks)
    with pytest.raises(GateFailed, match="real labels"):
        gate.approve(shuffled.name, actor="user/bo", now=NOW)
    with pytest.raises(CommandError, match="shuffled"):
        call_command("promote", shuffled.name, "--force", "to see what happens")
    with pytest.raises(ModelNotPromotable):
        promotion.promote(shuffled.name, actor="user/bo", now=NOW)


def test_another_person_approves_once_and_the_log_records_it(models):
    name = train_beside().name
    with pytest.raises(OwnModel, match="user/ana"):
        gate.approve(name, actor="user/ana", now=NOW)
    gate.approve(name, actor="user/bo", note="better on new cards", now=NOW)
    row = version(name)
    assert (row.status, row.judged_by, row.judged_at, row.note) == (
        "approved",
        "user/bo",
        NOW,
        "better on new cards",
    )
    for judge_again in (gate.approve, gate.reject):
        with pytest.raises(AlreadyJudged, match="approved by user/bo"):
            judge_again(name, actor="user/cy", note="late", now=NOW)


def test_a_rejection_needs_a_reason_and_keeps_the_model_out(models):
    with pytest.raises(NoteRequired):
        gate.reject(models[0], actor="user/bo", note=" ", now=NOW)
    gate.reject(models[0], actor="user/bo", note="learned from 4111 1111 1111 1111 alone", now=NOW)
    assert version(models[0]).note == "learned from ************1111 alone"
    with pytest.raises(NotApproved, match="is rejected"):
        promotion.promote(models[0], actor="user/bo", now=NOW)
    assert promotion.newest_promotable("payment") == models[1]
    assert stages() == {models[0]: "rejected", models[1]: "candidate"}


def test_a_failed_check_is_named_and_passed_over_for_a_reason_only(models):
    fail_a_check(models[0])
    with pytest.raises(GateFailed, match="latency"):
        gate.approve(models[0], actor="user/bo", now=NOW)
    with pytest.raises(CommandError, match="latency"):
        call_command("promote", models[0])
    with pytest.raises(NoteRequired):
        gate.approve(models[0], actor="user/bo", forced=True, now=NOW)
    call_command("promote", models[0], "--force", "the only model we have", stdout=StringIO())
    approval = read_stream(f"model/{models[0]}")[-1]
    assert approval.data["failed_checks"] == ["latency"]
    assert approval.data["note"] == "the only model we have"
    assert registry.champion_of("payment") == models[0]


def test_only_approved_models_are_put_to_work(models):
    promote(models[0])
    for start in (promotion.promote, promotion.start_shadow):
        with pytest.raises(NotApproved, match="is candidate"):
            start(models[1], actor="user/bo", now=NOW)
    with pytest.raises(NotApproved):
        promotion.start_canary(models[1], share=0.1, actor="user/bo", now=NOW)
    with pytest.raises(UnknownModel):
        promotion.promote("payment-9", actor="user/bo", now=NOW)


def test_a_canary_takes_its_share_from_the_champion_grows_and_gives_it_back(models):
    promote(models[0])
    canary = approved(models[1])
    promotion.start_canary(canary, share=0.1, actor="user/bo", now=NOW)
    assert stages() == {models[0]: "champion 90 %", canary: "canary 10 %"}
    promotion.start_canary(canary, share=0.3, actor="user/bo", now=NOW)
    assert stages()[canary] == "canary 30 %"
    third = approved(train_beside().name)
    with pytest.raises(InvalidRoute, match="stop it first"):
        promotion.start_canary(third, share=0.1, actor="user/bo", now=NOW)
    with pytest.raises(InvalidRoute, match="between 0 and 1"):
        promotion.start_canary(canary, share=1.0, actor="user/bo", now=NOW)
    promotion.stop_arm(canary, actor="user/bo", now=NOW)
    assert stages() == {models[0]: "champion", canary: "archived", third: "approved"}
    with pytest.raises(InvalidRoute, match="neither canary nor shadow"):
        promotion.stop_arm(models[0], actor="user/bo", now=NOW)


def test_shadows_stay_while_champions_change_and_the_promoted_one_leaves_the_shadow(models):
    promote(models[0])
    second, third = approved(models[1]), approved(train_beside().name)
    for name in (second, third):
        promotion.start_shadow(name, actor="user/bo", now=NOW)
    promote(second)
    assert stages() == {models[0]: "archived", second: "champion", third: "shadow"}
    promotion.stop_arm(third, actor="user/bo", now=NOW)
    assert [arm.role for arm in route_of("payment").arms] == ["champion"]


def test_rolling_back_returns_to_the_champion_before_and_no_further_than_the_first(models):
    with pytest.raises(NothingToRollBackTo):
        promotion.roll_back("payment", actor="user/bo", now=NOW)
    promote(models[0])
    salt = route_of("payment").salt
    promote(models[1])
    assert promotion.previous_champion("payment") == models[0]
    entry = promotion.roll_back("payment", actor="user/bo", now=NOW)
    assert (entry.data["reason"], entry.metadata["actor"]) == ("rolled back", "user/bo")
    assert (registry.champion_of("payment"), route_of("payment").salt) == (models[0], salt)
    with pytest.raises(NothingToRollBackTo):
        promotion.roll_back("payment", actor="user/bo", now=NOW)
    with pytest.raises(CommandError, match="promote one instead"):
        call_command("roll_back", "--event-type", "payment")
    promote(models[1])
    call_command("roll_back", "--event-type", "payment", stdout=StringIO())
    assert registry.champion_of("payment") == models[0]


def test_a_version_from_before_the_gate_still_folds_and_may_be_rolled_back_to(models):
    old = dict(read_stream(f"model/{models[0]}")[0].data) | {"name": "payment-7", "number": 7}
    for added in ("comparison", "reference", "trained_by"):
        del old[added]
    append([NewEntry("model/payment-7", 0, "model.trained", old)], now=NOW)
    row = version("payment-7")
    assert (row.status, row.checks, row.reference, row.trained_by) == ("candidate", [], {}, "")
    with pytest.raises(GateFailed, match="trained before"):
        gate.approve("payment-7", actor="user/bo", now=NOW)
    arms = [{"name": "champion", "model": "payment-7", "role": "champion", "share": 1.0}]
    change = {"event_type": "payment", "version": 1, "salt": "payment/1", "unit": "card", "arms": arms}
    route = NewEntry("route/payment", 0, "route.changed", change | {"experiment": "", "reason": "promoted"})
    append([route], now=NOW)
    promote(models[1])
    promotion.roll_back("payment", actor="user/bo", now=datetime.now(UTC))
    assert registry.champion_of("payment") == "payment-7"


def test_rebuilding_gives_the_same_versions(models):
    promote(models[0])
    gate.reject(models[1], actor="user/bo", note="no better", now=NOW)
    before, analyses = (list(table.objects.values()) for table in (ModelVersion, ModelAnalysis))
    assert [analysis["model"] for analysis in analyses] == models
    call_command("rebuild", projection=["modelversion", "modelanalysis"], verbosity=0, stdout=StringIO())
    assert sorted(ModelVersion.objects.values(), key=lambda row: row["name"]) == sorted(
        before, key=lambda row: row["name"]
    )
    assert list(ModelAnalysis.objects.order_by("model").values()) == sorted(
        analyses, key=lambda row: row["model"]
    )
