"""Several models of one event type: champion and canary decide, shadows only score."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import xgboost

from config.status.health import check_models
from scoring.decisions.consumers import SHADOW
from scoring.decisions.models import Decision, ShadowScore
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.answers import answer_for
from scoring.lanes.models import Pending
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.registry.artifact import Artifact
from scoring.registry.models import ModelArtifact, ModelVersion
from scoring.registry.routes import Arm, arm_for, change_route, is_shadowed, route_of
from scoring.rules.policies.thresholds import outcome_of
from scoring.runner.sweep import sweep_lanes
from scoring.timestamps import to_iso
from tests.factories.models import train_small_models
from tests.factories.payments import payment_payload, payments, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_corrections import correct

pytestmark = pytest.mark.django_db(transaction=True)

CATEGORIES = ("travel", "grocery", "fuel", "jewellery")


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    """Two versions with different vocabularies; neither is promoted."""
    settings.VAR_DIR = tmp_path / "var"
    names = train_small_models(15, 25)
    give_vocabulary(names[1], CATEGORIES)
    return names


def give_vocabulary(name: str, categories: Sequence[str]) -> None:
    """Give a stored model another vocabulary, as if it had been trained at another time."""
    version = ModelVersion.objects.get(name=name)
    spec = replace(loaded_models.load_model(name).spec, vocabularies={"category": tuple(categories)})
    feature_set = lane_plan(LANE, {"payment": spec.vocabularies}).feature_set("payment").hash
    booster = bytes(ModelArtifact.objects.get(digest=version.artifact).booster)
    artifact = Artifact(booster, replace(spec, feature_set=feature_set).to_json())
    ModelArtifact.objects.create(digest=artifact.digest, booster=booster, spec=artifact.spec)
    ModelVersion.objects.filter(name=name).update(artifact=artifact.digest, feature_set=feature_set)
    loaded_models.load_model.cache_clear()


def lose(name: str) -> None:
    ModelArtifact.objects.filter(digest=ModelVersion.objects.get(name=name).artifact).update(booster=b"lost")
    loaded_models.load_model.cache_clear()


def route(*arms: Arm, experiment: str = "") -> None:
    present = route_of("payment")
    change_route(
        "payment",
        arms=arms,
        salt="payment/1",
        unit="customer",
        expected_version=present.version if present else 0,
        actor="tests",
        reason="for a test",
        now=datetime.now(UTC),
        experiment=experiment,
    )


def champion(model: str, share: float = 1.0) -> Arm:
    return Arm("champion", model, "champion", share)


def by_customers(count: int):
    """A payment of each of `count` customers, with categories that models know or do not know."""
    known = [*CATEGORIES, "never seen before", None]
    return [
        submission(payment_payload(n, customer=f"customer-{n}", category=known[n % len(known)]))
        for n in range(count)
    ]


def made(number: int) -> Entry:
    return read_stream(f"payment/shop/T-{number}")[1]


def vector_of(entry: Entry) -> np.ndarray:
    width = len(lane_plan(LANE).feature_set("payment").names)
    return unpack_vectors(entry.packed, width=width)[0]


def test_each_arm_decides_its_units_with_its_own_categories(models, send, work):
    route(champion(models[0], 0.6), Arm("canary", models[1], "canary", 0.4), experiment="newer")
    send(by_customers(60))
    work()
    table = route_of("payment")
    column = lane_plan(LANE).feature_set("payment").names.index("category")
    for number in range(60):
        data = made(number).data
        arm = arm_for(table, f"customer-{number}")
        assert (data["route"], data["experiment"], data["unit"]) == (1, "newer", f"customer-{number}")
        assert (data["arm"], data["role"], data["model"]) == (arm.name, arm.role, arm.model)
        loaded = loaded_models.load_model(arm.model)
        category = payment_category(number)
        vocabulary = loaded.spec.vocabularies["category"]
        expected = vocabulary.index(category) + 1 if category in vocabulary else 0
        vector = vector_of(made(number))
        np.testing.assert_equal(vector[column], expected if category else np.nan)
        assert data["feature_set"] == loaded.feature_set
        assert data["score"] == loaded.predict(vector[np.newaxis])[1][0]
    assert Counter(Decision.objects.filter(basis="model").values_list("arm", flat=True)).keys() == {
        "champion",
        "canary",
    }
    assert online_states() == rebuilt_states()


def payment_category(number: int) -> str | None:
    return by_customers(number + 1)[number].parsed.fields.get("category")


def test_a_decision_records_the_stake(models, send, work):
    route(champion(models[0]))
    send([submission(payment_payload(0, amount="1234.50"))])
    work()
    assert made(0).data["stake"] == 123_450
    assert Decision.objects.get(basis="model").stake == 123_450


def test_a_canary_that_cannot_be_loaded_leaves_its_units_to_the_champion(models, send, work, caplog):
    route(champion(models[0], 0.5), Arm("canary", models[1], "canary", 0.5))
    lose(models[1])
    send(by_customers(12))
    work()
    found = {(made(n).data["basis"], made(n).data["model"], made(n).data["arm"]) for n in range(12)}
    assert found == {("model", models[0], "champion")}
    assert f"model {models[1]}, canary of payment, cannot be loaded" in caplog.text
    assert "is corrupt" in check_models()


def test_a_canary_that_fails_leaves_its_units_to_the_champion(models, send, work, monkeypatch):
    route(champion(models[0], 0.5), Arm("canary", models[1], "canary", 0.5))
    fail(monkeypatch, lambda model, features: model.name == models[1])
    send(by_customers(12))
    work()
    assert {made(n).data["model"] for n in range(12)} == {models[0]}


def fail(monkeypatch, when) -> None:
    explain = loaded_models.LoadedModel.explain

    def explain_or_fail(model, features):
        if when(model, features):
            raise xgboost.core.XGBoostError("Check failed")
        return explain(model, features)

    monkeypatch.setattr(loaded_models.LoadedModel, "explain", explain_or_fail)


def test_a_model_that_fails_is_a_fallback_revised_once_it_can_score(models, send, work, monkeypatch):
    route(champion(models[0]))
    with monkeypatch.context() as broken:
        fail(broken, lambda model, features: True)
        send(payments(3))
        work()
    decision = answer_for("payment/shop/T-1")["decision"]
    assert (decision["basis"], decision["cause"], decision["outcome"]) == (
        "fallback",
        "model_failed",
        "review",
    )
    assert (made(1).data["arm"], made(1).data["unit"]) == ("", "customer-1")
    assert Pending.objects.filter(kind="rescore", state="waiting").count() == 3

    sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))
    work()
    revised = read_stream("payment/shop/T-1")[-1]
    assert (revised.data["basis"], revised.data["revision"], revised.data["arm"]) == ("model", 1, "champion")
    assert revised.data["feature_set"] == loaded_models.load_model(models[0]).feature_set
    assert not Pending.objects.filter(kind="rescore").exists()


def test_an_event_on_which_a_model_fails_does_not_affect_others(models, send, work, monkeypatch):
    route(champion(models[0]))
    amount = lane_plan(LANE).feature_set("payment").names.index("amount")
    fail(monkeypatch, lambda model, features: (features[:, amount] == 66_600).any())
    send([*payments(4), submission(payment_payload(4, amount="666.00")), *payments(4, start=5)])
    work()
    assert [made(n).data["basis"] for n in range(9)] == [*["model"] * 4, "fallback", *["model"] * 4]
    assert not Pending.objects.filter(state="parked").exists()


def test_scores_that_are_not_numbers_decide_nothing(models, send, work, monkeypatch):
    route(champion(models[0]))
    explain = loaded_models.LoadedModel.explain

    def explain_without_scores(model, X):
        margins, _, contributions = explain(model, X)
        return margins, np.full(len(X), np.nan), contributions

    monkeypatch.setattr(loaded_models.LoadedModel, "explain", explain_without_scores)
    send(payments(1))
    work()
    assert made(0).data["cause"] == "model_failed"


def note_categories(monkeypatch, name: str) -> list[float]:
    """The category codes that models receive from now on; small models may not use them."""
    explain, given = loaded_models.LoadedModel.explain, []
    column = lane_plan(LANE).feature_set("payment").names.index("category")

    def explain_and_note(model, features):
        if model.name == name:
            given.extend(features[:, column].tolist())
        return explain(model, features)

    monkeypatch.setattr(loaded_models.LoadedModel, "explain", explain_and_note)
    return given


def follow() -> None:
    catch_up(SHADOW, now=datetime.now(UTC))


def shadows() -> list[tuple]:
    return sorted(ShadowScore.objects.values_list("event_position", "score", "outcome", "decided"))


def test_a_shadow_scores_its_share_of_the_logged_vectors_under_its_own_categories(
    models, send, work, monkeypatch
):
    shadow = Arm("shadow", models[1], "shadow", 0.5)
    route(champion(models[0]), shadow)
    send(by_customers(40))
    work()
    given = note_categories(monkeypatch, models[1])
    follow()
    table, loaded = route_of("payment"), loaded_models.load_model(models[1])
    column = lane_plan(LANE).feature_set("payment").names.index("category")
    expected, codes = [], []
    for number in range(40):
        if is_shadowed(table, shadow, f"customer-{number}"):
            vector, category = vector_of(made(number)).copy(), payment_category(number)
            code = CATEGORIES.index(category) + 1 if category in CATEGORIES else 0
            vector[column] = code if category else np.nan
            codes.append(vector[column])
            score = loaded.predict(vector[np.newaxis])[1][0]
            data = made(number).data
            outcome = outcome_of(score, loaded.thresholds)
            expected.append((data["event_position"], score, outcome, data["outcome"]))
    assert 0 < len(expected) < 40
    assert shadows() == sorted(expected)
    np.testing.assert_array_equal(given, codes)


def test_shadow_scores_are_rebuilt_from_the_log(models, send, work):
    route(champion(models[0]), Arm("shadow", models[1], "shadow", 1.0))
    send(payments(5))
    work()
    follow()
    before = shadows()
    route(champion(models[0]))  # what comes later is under another version of the route
    send(payments(5, start=5))
    work()
    follow()
    assert shadows() == before
    ShadowScore.objects.update(score=2.0)  # by a model that was spoiled
    rebuild_consumer(SHADOW, now=datetime.now(UTC))
    assert shadows() == before
    assert len(before) == 5


def test_a_missing_shadow_is_reported_and_delays_nothing(models, send, work, caplog):
    route(champion(models[0]), Arm("shadow", models[1], "shadow", 1.0))
    send(payments(5))
    work()
    lose(models[1])
    follow()
    assert not ShadowScore.objects.exists()
    assert f"shadow {models[1]}: 5 events are not scored: artifact" in caplog.text


def test_a_shadow_scores_the_first_model_decision_of_an_event(models, send, work, monkeypatch, caplog):
    """And not the decision of the failure policy, from which any model would differ."""
    route(champion(models[0]), Arm("shadow", models[1], "shadow", 1.0))
    with monkeypatch.context() as broken:
        fail(broken, lambda model, features: model.name == models[0])
        send(payments(2))
        work()
    follow()
    assert shadows() == []
    assert "not scored" not in caplog.text  # it is not used
    given = note_categories(monkeypatch, models[1])
    for category in ("fuel", "travel"):
        correct(0, category=category)
        work()
        follow()
    assert [CATEGORIES[int(code) - 1] for code in given] == ["fuel", "travel"]
    first = read_stream("payment/shop/T-0")[3].data
    assert (first["model"], first["cause"]) == (models[0], "corrected")
    [(event, decided_at)] = ShadowScore.objects.values_list("event_position", "decided_at")
    assert (event, to_iso(decided_at)) == (first["event_position"], first["decided_at"])


def test_decisions_without_a_model_have_no_shadow_score(send, work):
    send(payments(3))
    work()
    follow()
    assert not ShadowScore.objects.exists()
