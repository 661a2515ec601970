"""An experiment from its start through real decisions and labels to its end."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from experiments.design.lifecycle import salt_of, stop_experiment
from experiments.errors import (
    ExperimentDisplaced,
    ExperimentExists,
    ExperimentNotFound,
    ExperimentNotRunning,
    InvalidExperiment,
    NoChampion,
    TrafficTaken,
)
from experiments.models import Experiment, ExperimentResult, Exposure
from experiments.results.compute import refresh_results
from experiments.results.exposures import EXPOSURES, unit_hash
from scoring.decisions.models import Decision
from scoring.intake.labels import LabelStatement, record_labels
from scoring.learning.errors import NotApproved
from scoring.learning.promotion.promote import roll_back, start_canary, start_shadow
from scoring.log.consumers.registry import rebuild_consumer
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.models import ModelVersion
from scoring.registry.routes import arm_for, change_route, route_of
from scoring.timestamps import from_iso, to_iso
from tests.factories.payments import payment_payload, submission
from tests.integration.experiments.conftest import BEGIN, follow_log

pytestmark = pytest.mark.django_db(transaction=True)

MATURE = timedelta(days=46)


def now() -> datetime:
    return datetime.now(UTC)


def many_customers(count: int):
    return [submission(payment_payload(n, customer=f"customer-{n % 20}")) for n in range(count)]


def say(number: int, value: str | None, source: str = "chargeback") -> None:
    record_labels([LabelStatement("payment", f"T-{number}", value, source)], source="shop", now=now())


def in_a_thread(act: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """`act` in another thread, on a connection of its own; gives what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def stop(**changes):
    return stop_experiment(
        **({"name": "more-trees", "actor": "user/dana", "reason": "enough", "now": now()} | changes)
    )


def exposure_of(number: int) -> Exposure:
    return Exposure.objects.get(pk=read_stream(f"payment/shop/T-{number}")[0].position)


def test_starting_splits_the_traffic_and_is_logged_in_both_streams(start, models):
    start_shadow(models[1], actor="user/dana", now=now())
    before = route_of("payment")
    entry = start(share=0.3, plan={"baseline": 0.1, "effect": 0.02, "units": 9000})
    route, experiment = route_of("payment"), Experiment.objects.get()
    assert route.experiment == "more-trees"
    assert route.unit == "customer"
    assert route.salt == salt_of("more-trees") != before.salt
    assert [(arm.model, arm.role, arm.share) for arm in route.arms] == [
        (models[0], "champion", 0.7),
        (models[1], "canary", 0.3),
    ]
    assert (experiment.state, experiment.route_version) == ("running", route.version)
    assert (entry.stream, entry.metadata["actor"]) == ("experiment/more-trees", "user/dana")
    assert entry.data == {
        **{name: BEGIN[name] for name in ("event_type", "hypothesis", "primary_metric")},
        "share": 0.3,
        "control": models[0],
        "treatment": models[1],
        "unit": "customer",
        "salt": route.salt,
        "route_version": route.version,
        "plan": {"baseline": 0.1, "effect": 0.02, "units": 9000},
        "started_by": "user/dana",
    }


def test_decisions_are_split_by_customer_and_counted_as_exposures(start, send, work):
    start()
    send(many_customers(60))
    work()
    follow_log()
    route = route_of("payment")
    assert Exposure.objects.count() == 60
    for number in range(60):
        exposure, customer = exposure_of(number), f"customer-{number % 20}"
        decision = Decision.objects.get(event_position=exposure.pk)
        arm = arm_for(route, customer)
        assert exposure.arm == {"champion": "control", "canary": "treatment"}[arm.role]
        assert (decision.model, exposure.unit) == (arm.model, unit_hash(customer))
        assert (exposure.outcome, exposure.score) == (decision.outcome, decision.score)
        assert exposure.stake == (10 + number % 13) * 100 + 50
    assert set(Exposure.objects.values_list("arm", flat=True)) == {"control", "treatment"}
    assert Exposure.objects.values("unit").distinct().count() == 20


def test_a_treatment_that_fails_keeps_its_units(start, models, send, work, monkeypatch):
    start()
    healthy = LoadedModel.explain

    def explain(model: LoadedModel, features):
        if model.name == models[1]:
            raise ValueError("broken")
        return healthy(model, features)

    monkeypatch.setattr(LoadedModel, "explain", explain)
    send(many_customers(20))
    work()
    follow_log()
    route = route_of("payment")
    assert set(Decision.objects.values_list("model", flat=True)) == {models[0]}
    arms = [exposure_of(number).arm for number in range(20)]
    roles = [arm_for(route, f"customer-{number}").role for number in range(20)]
    assert arms == [{"champion": "control", "canary": "treatment"}[role] for role in roles]
    assert "treatment" in arms


def test_labels_reach_their_exposures_whichever_comes_first(start, send, work):
    start()
    follow_log()
    say(0, "fraud")  # held: its event has not arrived
    follow_log()
    send(many_customers(4))
    work()
    follow_log()
    assert exposure_of(0).labelled_at == from_iso(read_stream("label/payment/shop/T-0")[0].data["known_at"])
    say(1, "fraud")
    say(2, "legitimate")
    say(3, "fraud")
    follow_log()
    assert [exposure_of(n).label for n in range(4)] == ["fraud", "fraud", "legitimate", "fraud"]
    say(3, None)
    say(1, "legitimate", "review")  # outranks the chargeback
    follow_log()
    assert [exposure_of(n).label for n in range(4)] == ["fraud", "legitimate", "legitimate", None]


def test_rebuilding_gives_the_same_exposures_and_experiments(start, send, work):
    start()
    send(many_customers(30))
    work()
    say(5, "fraud")
    follow_log()
    stop()
    refresh_results(now=now())
    rows = [list(model.objects.order_by("pk").values()) for model in (Exposure, Experiment)]
    rebuild_consumer(EXPOSURES, now=now())
    rebuild_projections([find_projection("experiment")])
    # What was worked out of the old rows is gone.
    assert ExperimentResult.objects.get().computed_changes == -1
    assert [list(model.objects.order_by("pk").values()) for model in (Exposure, Experiment)] == rows


def test_results_follow_exposures_and_labels_also_after_the_end(start, send, work):
    start()
    send(many_customers(60))
    work()
    follow_log()
    assert refresh_results(now=now()) == ["more-trees"]
    data = ExperimentResult.objects.get().data
    assert sum(arm["decisions"] for arm in data["arms"].values()) == 60
    assert sum(arm["units"] for arm in data["arms"].values()) == 20
    assert data["sample_ratio"]["planned"] == 0.5
    moments = sorted(Exposure.objects.values_list("decided_at", flat=True))
    assert (data["first_at"], data["last_at"]) == (to_iso(moments[0]), to_iso(moments[-1]))
    assert data["metrics"]["fraud_rate"]["comparison"] is None
    assert data["over_time"][-1]["control"]["decisions"] == data["arms"]["control"]["decisions"]

    assert refresh_results(now=now()) == []
    stop()
    say(7, "fraud")
    follow_log()
    assert refresh_results(now=now()) == ["more-trees"]
    known = {name: arm["known_fraud"] for name, arm in ExperimentResult.objects.get().data["arms"].items()}
    assert known == {"control": 0, "treatment": 0} | {exposure_of(7).arm: 1}


def test_metrics_that_need_labels_count_only_mature_decisions(start, send, work):
    start()
    send(many_customers(60))
    work()
    for number in range(0, 60, 3):
        say(number, "fraud")
    follow_log()
    refresh_results(now=now() + MATURE)
    data = ExperimentResult.objects.get().data
    for arm in ("control", "treatment"):
        rows = list(Exposure.objects.filter(arm=arm))
        frauds = [row for row in rows if row.label == "fraud"]
        lost = sum(row.stake for row in frauds if row.outcome == "allow")
        assert data["arms"][arm]["matured"] == len(rows)
        assert data["arms"][arm]["inferred"] == len(rows) - len(frauds)
        assert data["arms"][arm]["loss"]["value"] == lost
        assert data["metrics"]["fraud_rate"]["arms"][arm]["value"] == pytest.approx(len(frauds) / len(rows))
        assert data["metrics"]["loss"]["arms"][arm]["value"] == pytest.approx(lost / len(rows))


def test_stopping_returns_all_traffic_to_the_champion(start, models):
    start()
    stop(reason="not better")
    route, experiment = route_of("payment"), Experiment.objects.get()
    assert [(arm.model, arm.role, arm.share) for arm in route.arms] == [(models[0], "champion", 1.0)]
    assert route.experiment == ""
    assert (experiment.state, experiment.reason, experiment.winner) == ("stopped", "not better", "control")
    follow_log()  # the change of the route was its own
    assert Experiment.objects.get().state == "stopped"
    with pytest.raises(ExperimentNotRunning, match="stopped"):
        stop()


def test_a_winning_treatment_becomes_the_champion(start, models):
    start()
    stop(winner="treatment")
    route = route_of("payment")
    assert [(arm.model, arm.role) for arm in route.arms] == [(models[1], "champion")]
    assert Experiment.objects.get().winner == "treatment"


def test_a_rollback_interrupts_the_experiment(start, models):
    start()
    stop(winner="treatment")
    start(name="fewer-trees", treatment=models[0])
    roll_back("payment", actor="user/ann", now=now())
    with pytest.raises(ExperimentDisplaced, match="rolled back"):
        stop(name="fewer-trees")
    follow_log()
    experiment = Experiment.objects.get(name="fewer-trees")
    assert (experiment.state, experiment.ended_by) == ("interrupted", "user/ann")
    assert "rolled back" in experiment.reason
    follow_log()
    assert len(read_stream("experiment/fewer-trees")) == 2


def test_a_start_after_a_rollback_does_not_wait_for_the_consumer(start, models):
    start()
    stop(winner="treatment")
    start(name="fewer-trees", treatment=models[0])
    roll_back("payment", actor="user/ann", now=now())
    start(name="once-more")
    states = dict(Experiment.objects.values_list("name", "state"))
    assert states["fewer-trees"] == "interrupted"
    assert states["once-more"] == "running"


def test_a_shadow_beside_an_experiment_does_not_interrupt_it(start, models):
    start()
    route = route_of("payment")
    change_route(
        "payment",
        arms=route.arms,
        salt=route.salt,
        unit=route.unit,
        expected_version=route.version,
        actor="user/ann",
        reason="shadow",
        now=now(),
        experiment=route.experiment,
    )
    follow_log()
    assert Experiment.objects.get().state == "running"


def test_one_experiment_at_a_time_on_an_event_type(start):
    start()
    with pytest.raises(TrafficTaken, match="more-trees already has a share"):
        start(name="another")
    assert Experiment.objects.count() == 1


def test_invalid_experiments_are_refused_with_the_reason(start, models):
    cases = [
        ({"treatment": models[0]}, InvalidExperiment, "compared with itself"),
        ({"share": 1.0}, InvalidExperiment, "between 0 and 1"),
        ({"name": "start"}, InvalidExperiment, "lowercase"),
        ({"name": "Ümlaut"}, InvalidExperiment, "lowercase"),
        ({"hypothesis": "  "}, InvalidExperiment, "what you expect"),
        ({"primary_metric": "luck"}, InvalidExperiment, "block_rate"),
        ({"event_type": "refund"}, NoChampion, "promote a model"),
    ]
    for changes, error, words in cases:
        with pytest.raises(error, match=words):
            start(**changes)
    ModelVersion.objects.filter(name=models[1]).update(status="candidate")
    with pytest.raises(NotApproved, match="approve it first"):
        start()
    ModelVersion.objects.filter(name=models[1]).update(status="approved", event_type="refund")
    with pytest.raises(InvalidExperiment, match=f"{models[1]} is a model of refund, not of payment"):
        start()
    ModelVersion.objects.filter(name=models[1]).update(event_type="payment")
    start_canary(models[1], share=0.1, actor="user/ann", now=now())
    with pytest.raises(TrafficTaken, match=f"the canary {models[1]}"):
        start()
    assert not Experiment.objects.exists()
    assert not read_stream("experiment/more-trees")


def test_a_name_is_used_once(start):
    start()
    stop()
    with pytest.raises(ExperimentExists, match="choose another"):
        start()
    with pytest.raises(ExperimentNotFound):
        stop(name="never-started")


def test_of_two_concurrent_starts_the_second_is_refused_and_names_the_first(start):
    with transaction.atomic():
        start()
        later, raised = in_a_thread(lambda: start(name="fewer-trees"))
        later.join(0.5)
        assert later.is_alive()  # it waits for the outcome of the first
    later.join(10)
    assert [type(error) for error in raised] == [TrafficTaken]
    assert Experiment.objects.values_list("name", flat=True).get() == "more-trees"


def test_card_numbers_in_hypothesis_and_reason_are_masked(start):
    start(hypothesis="fewer such as 4111 1111 1111 1111")
    stop(reason="enough of 4111 1111 1111 1111")
    experiment = Experiment.objects.get()
    assert experiment.hypothesis == "fewer such as ************1111"
    assert experiment.reason == "enough of ************1111"
