"""Made-up versions, so that nothing is trained: who judges them, their arms, when a schedule trains."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app

from scoring.intake.models import Label
from scoring.jobs import progress as job_watch
from scoring.jobs import queue as job_queue
from scoring.learning.errors import (
    AlreadyJudged,
    GateFailed,
    NoModelYet,
    NoteRequired,
    OwnModel,
    TrainingCancelled,
    TrainingNotPossible,
)
from scoring.learning.jobs import trainings as jobs
from scoring.learning.jobs.retraining import has_new_labels, reason_not_to_train
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.promotion import gate
from scoring.learning.promotion import promote as promotion
from scoring.log.read import read_stream
from scoring.registry import model_versions as registry
from scoring.registry.errors import InvalidRoute, UnknownModel
from scoring.registry.models import ModelVersion
from scoring.registry.routes import Arm, change_route, route_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WHO = {"actor": "user/bo", "now": NOW}
PASSED, FAILED = {"name": "latency", "passed": True}, {"name": "calibration", "passed": False}


def made(number, *, status="approved", event_type="payment", checks=(), **lineage) -> str:
    """The name of a version of this number, trained by Ana."""
    return ModelVersion.objects.create(
        name=f"{event_type}-{number}",
        event_type=event_type,
        number=number,
        trained_at=NOW,
        as_of=NOW,
        parameters={},
        metrics={},
        lineage={"log_position": 0} | lineage,
        trained_by="user/ana",
        checks=list(checks),
        status=status,
    ).name


@pytest.fixture
def models(online_redis, monkeypatch) -> list[str]:
    """Four approved versions, the first in charge; all can be run, as far as the route is asked."""
    monkeypatch.setattr(promotion, "require_usable", lambda version: None)
    names = [made(number) for number in (1, 2, 3, 4)]
    promotion.promote(names[0], **WHO)
    return names


def arms() -> list[tuple[str, str, float]]:
    return [(arm.name, arm.model, arm.share) for arm in route_of("payment").arms]


def test_the_first_champion_decides_everything_by_the_types_first_entity(models):
    route = route_of("payment")
    assert (route.version, route.salt, route.unit) == (1, "payment/1", "card")
    assert arms() == [("champion", "payment-1", 1.0)]
    entry = read_stream("route/payment")[0]
    assert (entry.data["reason"], entry.metadata["actor"]) == ("promoted", "user/bo")


def test_a_canary_gets_its_share_and_is_no_longer_a_shadow(models):
    for shadow in models[1:3]:
        promotion.start_shadow(shadow, **WHO)
    entry = promotion.start_canary("payment-2", share=0.25, **WHO)
    assert entry.data["reason"] == "canary of 25 %"
    assert arms() == [
        ("champion", "payment-1", 0.75), ("canary", "payment-2", 0.25), ("shadow-3", "payment-3", 1.0)
    ]  # fmt: skip
    promotion.start_canary("payment-2", share=0.125, **WHO)
    assert arms()[:2] == [("champion", "payment-1", 0.875), ("canary", "payment-2", 0.125)]
    promotion.stop_arm("payment-2", **WHO)
    assert arms() == [("champion", "payment-1", 1.0), ("shadow-3", "payment-3", 1.0)]


def test_shadows_join_whatever_decides_and_each_is_stopped_alone(models):
    promotion.start_canary("payment-2", share=0.25, **WHO)
    promotion.start_shadow("payment-3", **WHO)
    promotion.start_shadow("payment-4", share=0.5, **WHO)
    promotion.start_shadow("payment-3", share=0.75, **WHO)
    deciding = [("champion", "payment-1", 0.75), ("canary", "payment-2", 0.25)]
    assert arms() == [*deciding, ("shadow-4", "payment-4", 0.5), ("shadow-3", "payment-3", 0.75)]
    promotion.stop_arm("payment-4", **WHO)
    assert arms() == [*deciding, ("shadow-3", "payment-3", 0.75)]
    promotion.promote("payment-2", **WHO)
    assert arms() == [("champion", "payment-2", 1.0), ("shadow-3", "payment-3", 0.75)]
    promotion.promote("payment-3", **WHO)
    assert arms() == [("champion", "payment-3", 1.0)]


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda: promotion.start_canary("payment-3", share=0.1, **WHO), "payment-2 is the canary; stop it"),
        (lambda: promotion.start_canary("payment-2", share=0.0, **WHO), "between 0 and 1, not 0"),
        (lambda: promotion.start_canary("payment-2", share=1.0, **WHO), "between 0 and 1, not 1"),
        (lambda: promotion.start_canary("payment-1", share=0.1, **WHO), "payment-1 is already the champion"),
        (lambda: promotion.start_shadow("payment-2", **WHO), "payment-2 is the canary; stop it"),
        (lambda: promotion.start_shadow("payment-1", **WHO), "payment-1 is already the champion"),
        (lambda: promotion.stop_arm("payment-1", **WHO), "payment-1 is neither canary nor shadow"),
        (lambda: promotion.stop_arm("payment-3", **WHO), "payment-3 is neither canary nor shadow"),
    ],
)
def test_an_invalid_arm_is_refused_and_the_route_is_unchanged(models, act, why):
    promotion.start_canary("payment-2", share=0.25, **WHO)
    before = route_of("payment")
    with pytest.raises(InvalidRoute, match=why):
        act()
    assert route_of("payment") == before


def test_without_a_champion_there_is_nothing_to_join_and_nothing_to_stop(online_redis, monkeypatch):
    monkeypatch.setattr(promotion, "require_usable", lambda version: None)
    name = made(1)
    for start in (
        lambda: promotion.start_canary(name, share=0.1, **WHO),
        lambda: promotion.start_shadow(name, **WHO),
    ):
        with pytest.raises(InvalidRoute, match="promote a model first"):
            start()
    with pytest.raises(InvalidRoute, match="neither canary nor shadow"):
        promotion.stop_arm(name, **WHO)
    assert registry.champion_of("payment") is None


def test_shadows_leave_an_experiment_alone_and_a_change_of_who_decides_ends_it(models):
    shares = [Arm("champion", "payment-1", "champion", 0.5), Arm("canary", "payment-2", "canary", 0.5)]
    change_route(
        "payment", arms=shares, salt="s", unit="card", expected_version=1, reason="x", experiment="e", **WHO
    )
    promotion.start_shadow("payment-3", **WHO)
    assert route_of("payment").experiment == "e"
    promotion.stop_arm("payment-3", **WHO)
    assert (route_of("payment").experiment, route_of("payment").salt) == ("e", "s")
    promotion.stop_arm("payment-2", **WHO)
    assert (route_of("payment").experiment, route_of("payment").salt) == ("", "s")


def test_a_model_that_cannot_be_run_is_given_no_arm(models, monkeypatch):
    def refuse(version):
        raise InvalidRoute("payment", f"{version.name} is lost")

    monkeypatch.setattr(promotion, "require_usable", refuse)
    for start in (promotion.promote, promotion.start_shadow):
        with pytest.raises(InvalidRoute, match="payment-2 is lost"):
            start("payment-2", **WHO)
    with pytest.raises(InvalidRoute, match="payment-2 is lost"):
        promotion.start_canary("payment-2", share=0.5, **WHO)
    assert arms() == [("champion", "payment-1", 1.0)]


def test_the_newest_promotable_version_is_neither_rejected_nor_trained_on_shuffled_labels(db):
    with pytest.raises(NoModelYet):
        promotion.newest_promotable("payment")
    made(9, status="candidate")
    made(10, status="candidate")
    made(11, status="rejected")
    made(12, not_promotable="it was shuffled")
    made(13, event_type="other")
    assert promotion.newest_promotable("payment") == "payment-10"
    assert registry.known_names() == ["other-13", "payment-10", "payment-11", "payment-12", "payment-9"]


def test_a_judgment_records_actor_note_and_failed_checks(db):
    name = made(1, status="candidate", checks=[PASSED, FAILED])
    for note in ("", "  "):
        with pytest.raises(NoteRequired):
            gate.approve(name, note=note, forced=True, **WHO)
        with pytest.raises(NoteRequired):
            gate.reject(name, note=note, **WHO)
    with pytest.raises(GateFailed, match="calibration"):
        gate.approve(name, note="I like it", **WHO)
    with pytest.raises(OwnModel):
        gate.approve(name, actor="user/ana", now=NOW, note="I like it", forced=True)
    with pytest.raises(UnknownModel, match="payment-1"):
        gate.reject("payment-7", note="no", **WHO)
    assert read_stream("model/payment-1") == []
    entry = gate.approve(name, note=" " + "x" * 600, forced=True, **WHO)
    assert entry.data == {
        "name": name, "by": "user/bo", "note": "x" * 500, "failed_checks": ["calibration"]
    }  # fmt: skip
    assert (entry.type, entry.metadata) == ("model.approved", {"actor": "user/bo"})
    with pytest.raises(AlreadyJudged, match="approved by user/bo"):
        gate.reject(name, note="no", **WHO)


def test_the_trainer_of_a_model_may_reject_it_and_one_that_passes_needs_no_note(db):
    entry = gate.reject(made(1, status="candidate", checks=[PASSED]), actor="user/ana", note="poor", now=NOW)
    assert (entry.type, entry.data["failed_checks"]) == ("model.rejected", [])
    assert gate.approve(made(2, status="candidate", checks=[PASSED]), **WHO).data["note"] == ""


def label(position: int, stream: str = "payment/e1") -> None:
    Label.objects.create(position=position, event_stream=stream, source="s", known_at=NOW)


def test_labels_are_new_that_the_newest_real_model_of_the_type_has_not_read(db):
    assert not has_new_labels("payment")
    label(50)
    label(90, "payment_intent/e1")
    assert has_new_labels("payment")
    made(9, log_position=40)
    assert has_new_labels("payment")
    made(10, log_position=50)
    assert not has_new_labels("payment")
    label(51)
    made(11, log_position=60, not_promotable="it was shuffled")
    made(12, event_type="other", log_position=60)
    assert has_new_labels("payment")


@pytest.mark.parametrize(
    ("state", "event_type", "waits"),
    [
        ("queued", "payment", True),
        ("running", "payment", True),
        ("finished", "payment", False),
        ("failed", "payment", False),
        ("cancelled", "payment", False),
        ("queued", "other", False),
    ],
)
def test_a_schedule_waits_for_a_training_of_its_type_that_is_under_way(db, state, event_type, waits):
    TrainingJob.objects.create(number=3, event_type=event_type, state=state, requested_at=NOW)
    expected = "training 3 has not ended yet" if waits else ""
    assert reason_not_to_train("payment", only_if_new_labels=False) == expected
    no_labels = "no label was recorded since its last model was trained"
    assert reason_not_to_train("payment", only_if_new_labels=True) == (expected or no_labels)


STEPS = {
    "queued": {"started", "cancelled"},
    "running": {"cancel_requested", "cancelled", "finished", "failed"},
    "finished": set(),
    "failed": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("state", STEPS)
def test_a_training_takes_the_steps_of_its_state_and_no_other(db, state):
    assert set().union(*STEPS.values()) == job_queue.STEPS.keys()
    data = {"by": "x", "model": "m", "error": "e"}
    for number, step in enumerate(sorted(job_queue.STEPS), start=1):
        job = TrainingJob.objects.create(number=number, event_type="payment", state=state, requested_at=NOW)
        if step in STEPS[state]:
            assert jobs.trainings.take_step(job, step, data, **WHO).data["number"] == number
        else:
            with pytest.raises(TrainingNotPossible):
                jobs.trainings.take_step(job, step, data, **WHO)
            assert read_stream(f"training/{number}") == []


def test_a_running_training_is_asked_to_end_once(db):
    TrainingJob.objects.create(number=1, event_type="payment", state="running", requested_at=NOW)
    jobs.trainings.cancel(1, **WHO)
    assert TrainingJob.objects.get().cancelled_by == "user/bo"
    with pytest.raises(TrainingNotPossible, match="being cancelled"):
        jobs.trainings.cancel(1, **WHO)


def test_the_longest_waiting_training_is_announced_and_its_message_does_not_outlive_the_next_sweep(
    db, monkeypatch
):
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append((name, options)))
    assert jobs.trainings.start_next() is None
    for number, state in ((8, "finished"), (9, "queued"), (10, "queued")):
        TrainingJob.objects.create(number=number, event_type="payment", state=state, requested_at=NOW)
    assert jobs.trainings.start_next() == 9
    options = {"args": [9], "queue": "training", "retry": False, "expires": 60.0}
    assert sent == [("scoring.learning.tasks.run_training_job", options)]


def test_progress_is_noted_at_each_step_and_once_a_second_between(db, monkeypatch):
    TrainingJob.objects.create(number=1, event_type="payment", state="running", requested_at=NOW)
    seconds = [100.0]
    monkeypatch.setattr(job_watch, "monotonic", lambda: seconds[0])
    watch = jobs.trainings.reporter(1, clock=lambda: NOW + timedelta(seconds=seconds[0]))

    def noted() -> tuple[str, int, int | None, float]:
        note = TrainingProgress.objects.get(job=1)
        return note.step, note.done, note.total, (note.updated_at - NOW).total_seconds()

    watch.begin("reading", total=9)
    assert noted() == ("reading", 0, 9, 100.0)
    for at, done in ((100.5, 0), (101.0, 4), (101.9, 4), (102.0, 8)):
        seconds[0] = at
        watch.advance(2)
        assert noted()[1] == done
    watch.begin("fitting")
    assert noted() == ("fitting", 0, None, 102.0)
    TrainingJob.objects.update(cancelled_by="user/lea")
    watch.advance(1)
    seconds[0] = 103.0
    with pytest.raises(TrainingCancelled, match="user/lea"):
        watch.advance(1)
