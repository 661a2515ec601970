"""Retraining triggers: what each finds in the database, what holds a training back, pages and command."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import numpy as np
import orjson
import pytest
import redis
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from monitoring.models import StoredTriggers, TriggerCheck
from monitoring.tasks import check_triggers as check_task
from monitoring.triggers import checking
from monitoring.triggers.checking import PATIENCE, CheckedType, check_type, judge_type
from monitoring.triggers.errors import TriggersUnchanged
from monitoring.triggers.forms import TriggersForm
from monitoring.triggers.judging import Reading, State
from monitoring.triggers.observing import Observed, newest_set, read_matured
from monitoring.triggers.settings import TriggerSettings
from monitoring.triggers.stored import trigger_settings
from scoring.catalog.registry import event_type
from scoring.jobs.queue import JobQueue
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.trainings import trainings
from scoring.learning.jobs.usual_options import RETRAIN
from scoring.learning.models import TrainingJob
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version, read_stream
from scoring.log.tasks import run_consumers
from scoring.registry.model_versions import find_version
from scoring.registry.models import HeldOutSample, ModelVersion
from scoring.registry.routes import Arm, change_route
from scoring.rules.ruleset.errors import ReasonRequired
from scoring.timestamps import to_iso
from tests.factories.log import NOW, decided, labeled, model_trained, received
from tests.integration.monitoring.made_up import decide_events, even_vectors, reference

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHO: dict[str, Any] = {"actor": "user/bo", "now": NOW}
MATURITY = event_type("payment").matures_after


@pytest.fixture(autouse=True)
def messages(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of trainings that trainers would have been told of."""
    sent: list[int] = []
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: sent.append(number))
    return sent


def add_version(number: int, *, trained_by: str = "user/ana", at: datetime = NOW, **lineage: Any) -> str:
    """A version of the default recipe and today's features, trained with 100 labels."""
    new = model_trained(number)
    known = {"rows": 1_000, "inferred_negatives": 900, "log_position": 0, "matures_after_days": 45}
    data = {
        **new.data,
        "trained_at": at,
        "trained_by": trained_by,
        "parameters": {"trees": 200, "depth": 6},
        "reference": reference(),
        "lineage": {"parent": None, "declared_set": newest_set("payment"), **known, **lineage},
    }
    append([NewEntry(new.stream, 0, new.type, data, metadata={"actor": trained_by})], now=at)
    return str(data["name"])


def champion(number: int = 1, **lineage: Any) -> str:
    name = add_version(number, **lineage)
    place = {"salt": "s", "unit": "customer", "actor": "tests", "reason": "test"}
    arms = [Arm("champion", name, "champion", 1.0)]
    change_route("payment", arms=arms, now=NOW, expected_version=last_version("route/payment"), **place)
    return name


def decide(count: int, *, shifted: bool, now: datetime = NOW) -> None:
    """Decisions of the champion, and one label that no model was trained with."""
    vectors = even_vectors(count)
    if shifted:
        vectors[:, 0] = np.where(vectors[:, 0] > 1_000, 50_000, vectors[:, 0])
    contributions = np.tile([0.9, 0.2, 0.2, 0.0], (count, 1))
    for score, start, end in ((0.05, 0.0, 0.9), (0.2, 0.9, 0.98), (0.8, 0.98, 1.0)):  # as in the reference
        some = slice(int(start * count), int(end * count))
        told = {"contributions": contributions[some], "score": score, "now": now - HOUR}
        decide_events(vectors[some], prefix=f"{score}", **told)
    append([labeled("payment/shop/0.05-0")], now=now)
    assert run_consumers() == {}


def reading_of(found: CheckedType, trigger: str) -> Reading:
    return next(each for each in found.readings if each.trigger == trigger)


def test_drift_requests_one_training_and_says_why(messages: list[int]) -> None:
    name = champion()
    decide(2_000, shifted=True)

    found = check_type("payment", now=NOW + MINUTE)

    assert (found.training, found.why_not) == (1, "")
    job = TrainingJob.objects.get()
    assert (job.requested_by, job.state, messages) == ("trigger/drift", "queued", [1])
    assert job.trigger["model"] == name
    assert job.trigger["text"].startswith("1 feature with 69")
    assert job.trigger["figures"]["details"]["features"][0]["name"] == "amount"
    [entry] = read_stream("training/1")
    assert (entry.metadata["actor"], entry.data["trigger"]) == ("trigger/drift", job.trigger)
    row = TriggerCheck.objects.get(pk="payment")
    assert (row.training, row.checked_at, len(row.readings)) == (1, NOW + MINUTE, 4)

    again = check_type("payment", now=NOW + 2 * MINUTE)
    assert (again.training, again.why_not) == (None, "training 1 has not ended yet")
    assert TriggerCheck.objects.get(pk="payment").why_not == again.why_not


def test_without_a_reached_trigger_nothing_is_trained() -> None:
    champion()
    decide(3_000, shifted=False)
    found = check_type("payment", now=NOW + MINUTE)
    assert (found.training, found.why_not) == (None, "no trigger is reached")
    assert {each.trigger: each.state for each in found.readings} == {
        "recipe": State.NOT_REACHED,
        "drift": State.NOT_REACHED,
        "performance": State.UNKNOWN,
        "labels": State.TOO_FEW,
    }


def test_a_type_without_a_champion_is_left_alone() -> None:
    assert check_type("payment", now=NOW).why_not == "no model decides its events yet"


def test_triggers_can_be_switched_off_together_and_one_by_one() -> None:
    champion()
    decide(2_000, shifted=True)
    trigger_settings.change("payment", TriggerSettings(on=False), reason="A load test.", **WHO)
    assert check_type("payment", now=NOW + MINUTE).why_not == "triggers are switched off"
    trigger_settings.change("payment", with_trigger("drift", on=False), reason="Known drift.", **WHO)
    found = check_type("payment", now=NOW + MINUTE)
    assert (reading_of(found, "drift").state, found.why_not) == (State.OFF, "no trigger is reached")


def test_trainings_are_apart_and_few_a_day() -> None:
    champion()
    decide(2_000, shifted=True)
    # By a person, 5 hours ago: the cool-down of 6 hours holds for it as well.
    trainings.request({"event_type": "payment", "options": {}}, actor="user/ana", now=NOW - 5 * HOUR)
    trainings.cancel(1, **WHO)
    why_not = check_type("payment", now=NOW).why_not
    assert why_not == "training 1 was requested lately; the cool-down ends 2026-03-01 13:30 UTC"
    for number, hours in ((2, 1), (3, 8)):
        assert check_type("payment", now=NOW + hours * HOUR).training == number
        trainings.cancel(number, **WHO)
    why_not = check_type("payment", now=NOW + 15 * HOUR).why_not
    assert why_not == "triggers requested 2 trainings within a day, and may request 2"
    assert check_type("payment", now=NOW + 26 * HOUR).training == 4


@pytest.mark.parametrize("trained_by", ["trigger/labels", "user/ana", "schedule"])
def test_a_model_newer_than_the_champion_is_awaited(trained_by: str) -> None:
    champion()
    decide(2_000, shifted=True)
    add_version(2, trained_by=trained_by, at=NOW - DAY)
    why_not = check_type("payment", now=NOW + MINUTE).why_not
    assert why_not == "payment-2 was trained lately; it is candidate and not the champion"
    ModelVersion.objects.filter(name="payment-2").update(trained_at=NOW - PATIENCE)
    assert check_type("payment", now=NOW + MINUTE).training == 1


def test_a_version_on_shuffled_labels_is_not_awaited() -> None:
    champion()
    decide(2_000, shifted=True)
    add_version(2, at=NOW - DAY, not_promotable="its labels were shuffled")
    assert check_type("payment", now=NOW + MINUTE).training == 1


def test_drift_waits_for_a_label_that_no_model_was_trained_with() -> None:
    champion()
    decide(2_000, shifted=True)
    add_version(2, log_position=10**9, at=NOW - PATIENCE)
    found = check_type("payment", now=NOW + MINUTE)
    assert found.why_not == "no label was recorded since its last model was trained"


def test_of_two_checks_at_once_one_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    champion()
    decide(2_000, shifted=True)
    seen = judge_type("payment", now=NOW + MINUTE)
    assert check_type("payment", now=NOW + MINUTE).training == 1
    monkeypatch.setattr(checking, "judge_type", lambda event_type, now: seen)
    late = check_type("payment", now=NOW + MINUTE)
    assert (late.training, late.why_not) == (None, "training 1 has not ended yet")


def test_a_changed_recipe_of_the_schedule_is_trained_once() -> None:
    champion()
    schedule(recipe={"depth": 8}, accept_leakage=["amount"])
    found = check_type("payment", now=NOW)
    assert reading_of(found, "recipe").details == {"changes": ["depth"], "trained_since": ""}
    job = TrainingJob.objects.get()
    assert (job.requested_by, job.options["recipe"]) == ("trigger/recipe", {"depth": 8})
    assert job.options["accept_leakage"] == ["amount"]
    trainings.cancel(1, **WHO)
    ModelVersion.objects.filter(name=add_version(2)).update(parameters={"depth": 8})
    found = check_type("payment", now=NOW + DAY)
    assert reading_of(found, "recipe").details["trained_since"] == "payment-2"
    assert found.why_not == "no trigger is reached"


def test_changed_features_are_trained_without_new_labels() -> None:
    champion(declared_set="0" * 64)
    assert check_type("payment", now=NOW).training == 1
    job = TrainingJob.objects.get()
    assert (job.trigger["figures"]["details"]["changes"], job.options["recipe"]) == (["features"], {})


def test_a_recipe_that_a_search_found_is_not_compared() -> None:
    champion(search={"trials": []})
    schedule(recipe={"depth": 8})
    assert reading_of(check_type("payment", now=NOW), "recipe").state is State.NOT_REACHED


def test_without_a_schedule_the_champion_says_how_to_train() -> None:
    accepted = [{"name": "amount", "roc_auc": 1.0, "average_precision": 1.0}]
    name = champion(
        declared_set="0" * 64,
        matures_after_days=14,
        since=to_iso(NOW - 90 * DAY),
        leakage={"accepted": accepted},
    )
    ModelVersion.objects.filter(name=name).update(parameters={"depth": 4})
    check_type("payment", now=NOW)
    options = TrainingJob.objects.get().options
    assert (options["matures_after_days"], options["since"]) == (14, to_iso(NOW - 90 * DAY))
    assert (options["recipe"], options["accept_leakage"]) == ({"depth": 4}, ["amount"])


def test_a_schedule_that_is_refused_is_said() -> None:
    champion()
    schedule(recipe={"depth": 80})
    assert check_type("payment", now=NOW).why_not.startswith("depth")


def test_a_schedule_that_cannot_be_read_is_passed_over() -> None:
    champion()
    schedule(recipe={"depth": 8})
    PeriodicTask.objects.filter(task=RETRAIN).update(kwargs="{")
    assert check_type("payment", now=NOW).why_not == "no trigger is reached"


def test_labels_count_once_their_events_are_mature() -> None:
    champion(log_position=0)
    ModelVersion.objects.update(as_of=NOW)
    at = NOW - MATURITY + DAY  # mature a day after the champion's cut-off
    label(300, occurred_at=at)
    early = check_type("payment", now=NOW + DAY / 2)
    assert reading_of(early, "labels").count == 0
    found = check_type("payment", now=NOW + 2 * DAY)
    reading = reading_of(found, "labels")
    assert (reading.count, reading.value, reading.state) == (300, 3.0, State.REACHED)
    assert TrainingJob.objects.get().requested_by == "trigger/labels"


def test_labels_that_the_champion_knew_do_not_count() -> None:
    label(300, occurred_at=NOW - MATURITY - DAY)
    known = read_stream("label/payment/shop/L-299")[0].position
    champion(log_position=known)
    ModelVersion.objects.update(as_of=NOW)
    append([labeled("payment/shop/L-0", version=2, effective="legitimate", previous="fraud")], now=NOW)
    assert reading_of(judge_type("payment", now=NOW + DAY), "labels").count == 1


def test_a_champion_that_ranks_matured_events_by_chance_is_replaced() -> None:
    name = champion()
    HeldOutSample.objects.update_or_create(model=name, defaults={"sample": held_out()})
    rng = np.random.default_rng(5)
    events = append([received(f"P-{number}") for number in range(600)], now=NOW)
    made = [decided(each, model=name, score=float(rng.uniform())) for each in events]
    blocked = [
        decided(each, model=name, score=0.99, outcome="block") for each in append([received("B")], now=NOW)
    ]
    append(made + blocked, now=NOW)
    append([labeled(each.stream) for each in events[:80]], now=NOW + DAY)

    assert reading_of(judge_type("payment", now=NOW + DAY), "performance").state is State.TOO_FEW
    found = check_type("payment", now=NOW + MATURITY + HOUR)

    reading = reading_of(found, "performance")
    assert (reading.state, reading.count, reading.details["events"]) == (State.REACHED, 80, 600)
    assert reading.details["promised"] > 0.9
    assert TrainingJob.objects.get().requested_by == "trigger/performance"


def test_explored_events_stand_for_all_blocks_that_could_have_been_explored() -> None:
    name = champion()
    exploration = {"drawn": False, "propensity": 0.25, "share": 0.25, "stopped_by": ""}
    capped = {**exploration, "propensity": 0.0, "stopped_by": "amount_cap"}
    made: list[dict[str, Any]] = [
        {"score": 0.1},
        {"score": 0.7, "outcome": "block", "exploration": exploration},
        {"score": 0.8, "initial": "block", "exploration": {**exploration, "drawn": True}},
        {"score": 0.9, "outcome": "block", "exploration": capped},
        {"score": 0.95, "outcome": "block"},
    ]
    events = append([received(f"P-{number}") for number in range(len(made))], now=NOW)
    append([decided(event, model=name, **data) for event, data in zip(events, made, strict=True)], now=NOW)
    append([labeled(events[number].stream) for number in (1, 3)], now=NOW)

    found = read_matured(Observed(find_version(name), JobOptions(), NOW + MATURITY + HOUR))

    rows = sorted(zip(found.score.tolist(), found.positive.tolist(), found.weight.tolist(), strict=True))
    assert rows == [(0.1, False, 1.0), (0.8, False, 4.0), (0.9, True, 1.0)]


def test_settings_are_changed_with_a_reason_and_only_if_they_differ() -> None:
    with pytest.raises(ReasonRequired):
        trigger_settings.change("payment", TriggerSettings(on=False), reason=" ", **WHO)
    with pytest.raises(TriggersUnchanged):
        trigger_settings.change("payment", TriggerSettings(), reason="No change.", **WHO)
    changed = with_trigger("labels", minimum=50)
    trigger_settings.change("payment", changed, reason="Few labels.", **WHO)
    assert (trigger_settings.of("payment"), trigger_settings.of("content")) == (changed, TriggerSettings())


def test_rebuilding_gives_the_same_rows() -> None:
    champion(declared_set="0" * 64)
    trigger_settings.change("payment", with_trigger("labels", minimum=50), reason="Few labels.", **WHO)
    assert check_task() == [1]
    before = list(StoredTriggers.objects.values()), list(TrainingJob.objects.values())
    call_command("rebuild", projection=["storedtriggers", "trainingjob"], verbosity=0, stdout=StringIO())
    assert (list(StoredTriggers.objects.values()), list(TrainingJob.objects.values())) == before


def test_the_pages_show_what_was_found_and_change_settings() -> None:
    champion(declared_set="0" * 64)
    lead, auditor = person("lead"), person("auditor")
    assert "not yet" in lead.get(reverse("admin:triggers")).content.decode()
    assert check_task() == [1]

    page = lead.get(reverse("admin:triggers")).content.decode()
    assert "Changed features or recipe" in page
    assert "no training: no model decides its events yet" in page
    address = reverse("admin:trigger_settings", args=["payment"])
    page = lead.get(address).content.decode()
    assert "a training would differ from the champion&#x27;s in features" in page
    assert ">training 1</a>" in page
    cause = "recipe: a training would differ from the champion&#x27;s in features (payment-1)"
    assert cause in lead.get(reverse("admin:training", args=[1])).content.decode()
    assert "A trigger requested training 1 of payment" in lead.get(reverse("admin:index")).content.decode()

    initial = TriggersForm.showing(TriggerSettings()).initial
    sent = {name: value for name, value in initial.items() if value not in (False, None)}
    assert lead.post(address, {**sent, "drift_psi": "0", "reason": "x"}).status_code == 200
    assert lead.post(address, {**sent, "reason": "The same."}).status_code == 200
    assert lead.post(address, {**sent, "max_a_day": 1, "reason": "Fewer."}).status_code == 302
    assert trigger_settings.of("payment").max_a_day == 1
    assert "by user/lead: Fewer." in lead.get(address).content.decode()
    assert "1 within 24 h" in auditor.get(address).content.decode()
    assert lead.get(reverse("admin:trigger_settings", args=["refund"])).status_code == 404


def test_the_command_says_what_is_due_and_requests_it() -> None:
    with pytest.raises(CommandError, match="no training is due") as none_due:
        run_command("--event-type", "payment")
    assert none_due.value.returncode == 3
    champion(declared_set="0" * 64)
    assert "payment (payment-1): a training is due" in run_command()
    assert not TrainingJob.objects.exists()
    assert "requested training 1" in run_command("--event-type", "payment", "--train")
    with pytest.raises(CommandError):
        run_command("--event-type", "payment", "--json", out=(out := StringIO()))
    [found] = orjson.loads(out.getvalue())["event_types"]
    assert (found["reached"], found["why_not"]) == ("recipe", "training 1 has not ended yet")
    assert found["last_triggered"]["trigger"]["trigger"] == "recipe"


def run_command(*arguments: str, out: StringIO | None = None) -> str:
    out = out or StringIO()
    call_command("triggers", *arguments, stdout=out)
    return out.getvalue()


def with_trigger(name: str, **changes: Any) -> TriggerSettings:
    data = TriggerSettings().as_data()
    data["triggers"] = [{**each, **(changes if each["name"] == name else {})} for each in data["triggers"]]
    return TriggerSettings.of(data)


def schedule(**arguments: Any) -> None:
    """A disabled schedule, which says how to train all the same."""
    PeriodicTask.objects.create(
        name="retrain",
        task=RETRAIN,
        crontab=CrontabSchedule.objects.create(hour="3"),
        kwargs=orjson.dumps({"event_type": "payment", **arguments}).decode(),
        enabled=False,
    )


def label(count: int, *, occurred_at: datetime) -> None:
    """Events with a label each, recorded today."""
    new = [received(f"L-{number}") for number in range(count)]
    events = [NewEntry(each.stream, 0, each.type, {**each.data, "occurred_at": occurred_at}) for each in new]
    append(events, now=NOW)
    append([labeled(each.stream) for each in new], now=NOW)


def held_out() -> dict[str, Any]:
    """100 positives with high scores, 900 negatives with low ones."""
    rng = np.random.default_rng(4)
    scores = np.concatenate([rng.uniform(0.6, 1, 100), rng.uniform(0, 0.7, 900)])
    return {"scores": scores.tolist(), "positive": [1] * 100 + [0] * 900, "weights": [1.0] * 1_000}


def person(group: str) -> Client:
    user = User.objects.create_user(group, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
