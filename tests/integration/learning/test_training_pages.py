"""Models and trainings in the admin: who sees what, who may do what, and what the pages cost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from scoring.jobs.queue import JobQueue
from scoring.learning.jobs import trainings as jobs
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.promotion import promote as promotion
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of
from tests.factories.models import approved, promote, train_small_models

pytestmark = pytest.mark.django_db(transaction=True)

LOOK = ("view_modelversion", "view_trainingjob")
JUDGE = (*LOOK, "approve_modelversion", "promote_modelversion")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_messages(monkeypatch):
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25, fraud_share=0.2)  # enough of them for every check


def client_of(username: str, *codenames: str) -> Client:
    user = User.objects.create_user(username, is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=codenames, content_type__app_label__in=("scoring", "django_celery_beat")
        )
    )
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str) -> str:
    answer = client.get(reverse("admin:model", args=[name]))
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, name: str, action: str, **given: str) -> str:
    answer = client.post(reverse("admin:model", args=[name]), {"action": action} | given, follow=True)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def test_a_candidate_page_shows_metrics_gate_lineage_and_actions(models):
    promote(models[1])
    judge = client_of("bo", *JUDGE)
    text = page(judge, models[0])
    for expected in (
        "Average precision",
        "9 of 9 checks passed",
        "Approve payment-1",
        "Artifact (SHA-256)",
        "effective events",
    ):
        assert expected in text
    assert "Not compared with a champion: no model decided payment events when this one was trained." in text
    for expected in (
        "What its features do",
        "Contributions by event",
        "Strongest interactions",
        "Slices and fairness",
        "too few events",
        "Amount of fraud stopped",
        "Size of the artifact",
        "Move the thresholds",
    ):
        assert expected in text
    assert ">What if</th>" not in text
    moved = judge.get(reverse("admin:model", args=[models[0]]), {"if_review": "1", "if_block": "5"})
    assert ">What if</th>" in moved.content.decode()
    onlooker = page(client_of("cy", *LOOK), models[0])
    assert "Gate: 9 of 9" in onlooker
    for forbidden in ("Approve payment-1", "Reject payment-1", 'class="learning-action"'):
        assert forbidden not in onlooker


def test_approve_promote_and_roll_back_from_the_pages(models):
    promote(models[0])
    judge = client_of("bo", *JUDGE)
    assert f"{models[1]} was approved" in act(judge, models[1], "approve", note="fine")
    assert f"{models[1]} decides every payment" in act(judge, models[1], "promote")
    champion = page(judge, models[1])
    assert f"Roll back to {models[0]}" in champion
    assert f"Rolled back: {models[0]} decides every payment again" in act(judge, models[1], "roll_back")
    assert route_of("payment").champion.model == models[0]
    assert ModelVersion.objects.get(name=models[1]).judged_by == "user/bo"


def test_canary_and_shadow_are_started_changed_and_stopped(models):
    promote(models[0])
    approved(models[1])
    judge = client_of("bo", *JUDGE)
    assert "decides 12.5\N{NO-BREAK SPACE}% of the traffic" in act(judge, models[1], "canary", percent="12,5")
    assert "canary 12.5 %" in page(judge, models[1])
    assert "is not a percentage" in act(judge, models[1], "canary", percent="a lot")
    assert "removed from the route" in act(judge, models[1], "stop")
    assert "in shadow" in act(judge, models[1], "shadow")
    assert route_of("payment").shadows[0].model == models[1]


def test_every_action_needs_its_own_permission(models):
    approver = client_of("al", *LOOK, "approve_modelversion")
    promoter = client_of("pia", *LOOK, "promote_modelversion")
    refused = dict.fromkeys(("promote", "shadow", "canary", "stop", "roll_back"), approver)
    refused |= dict.fromkeys(("approve", "reject"), promoter)
    for action, client in refused.items():
        assert act(client, models[0], action, note="x", percent="10") == "403", action
    assert route_of("payment") is None
    assert ModelVersion.objects.get(name=models[0]).status == "candidate"


def test_users_cannot_approve_their_own_model_and_the_page_says_so(models):
    ModelVersion.objects.filter(name=models[0]).update(trained_by="user/bo")
    judge = client_of("bo", *JUDGE)
    assert "You requested this training" in page(judge, models[0])
    assert "so someone else must approve it" in act(judge, models[0], "approve")
    assert ModelVersion.objects.get(name=models[0]).status == "candidate"


def test_a_refusal_changes_nothing_and_says_why(models):
    judge = client_of("bo", *JUDGE)
    assert "Nothing changed" in act(judge, models[0], "promote")
    assert "a note must say why" in act(judge, models[0], "reject", note="")
    assert act(judge, models[0], "explode") == "404"
    assert judge.get(reverse("admin:model", args=["payment-9"])).status_code == 404


def test_pages_of_models_stay_within_their_queries(models, django_assert_max_num_queries):
    promote(models[0])
    promotion.start_canary(approved(models[1]), share=0.1, actor="user/bo", now=NOW)
    judge = client_of("bo", *JUDGE)
    page(judge, models[0])
    with django_assert_max_num_queries(22):
        page(judge, models[0])
    with django_assert_max_num_queries(14):
        listed = judge.get(reverse("admin:scoring_modelversion_changelist")).content.decode()
    for expected in ("champion 90 %", "canary 10 %", "9/9 passed"):
        assert expected in listed


def test_a_training_is_started_followed_and_cancelled(online_redis, django_assert_max_num_queries):
    trainer = client_of("dana", *LOOK, "add_trainingjob", "cancel_trainingjob")
    given = {"event_type": "payment", "matures_after_days": "14", "trees": "50", "shares_gap_days": "7"}
    given |= {"features_left_out": "hour_of_day, day_of_week", "monotone": "amount increasing"}
    started = trainer.post(reverse("admin:training_start"), given, follow=True)
    assert "Training 1 is queued" in started.content.decode()
    job = TrainingJob.objects.get()
    recipe = {
        "trees": 50,
        "shares": {"gap_days": 7.0},
        "features_left_out": ["day_of_week", "hour_of_day"],
        "monotone": {"amount": "increasing"},
    }
    assert (job.requested_by, job.options) == (
        "user/dana",
        {"as_of": None, "since": None, "matures_after_days": 14.0, "recipe": recipe},
    )
    shown = trainer.get(reverse("admin:training", args=[1])).content.decode()
    assert "<code>shares.gap_days</code></dt><dd>7.0</dd>" in shown
    TrainingJob.objects.update(state="running", started_at=NOW)
    TrainingProgress.objects.create(job=1, step="reading the lane", done=250, total=1_000, updated_at=NOW)
    with django_assert_max_num_queries(12):
        listed = trainer.get(reverse("admin:scoring_trainingjob_changelist")).content.decode()
    assert 'aria-valuenow="25"' in listed
    assert 'data-refresh="2"' in listed
    assert "250 of 1,000" in trainer.get(reverse("admin:training", args=[1])).content.decode()
    stopped = trainer.post(reverse("admin:training", args=[1]), follow=True).content.decode()
    assert "will stop within seconds" in stopped
    assert (
        "Nothing changed" in trainer.post(reverse("admin:training", args=[1]), follow=True).content.decode()
    )


def test_starting_and_cancelling_need_their_permissions(online_redis):
    jobs.request_training("payment", actor="user/ana", now=NOW)
    onlooker = client_of("cy", *LOOK)
    assert onlooker.get(reverse("admin:training_start")).status_code == 403
    assert onlooker.post(reverse("admin:training_start"), {}).status_code == 403
    assert onlooker.post(reverse("admin:training", args=[1])).status_code == 403
    assert "Cancel this training" not in onlooker.get(reverse("admin:training", args=[1])).content.decode()
    assert TrainingJob.objects.get().state == "queued"


def test_schedules_are_linked_for_users_who_may_see_them(online_redis):
    link = f'href="{reverse("admin:django_celery_beat_periodictask_changelist")}">Schedules</a>.'
    trainer = client_of("di", "add_trainingjob")
    assert link not in trainer.get(reverse("admin:training_start")).content.decode()
    planner = client_of("eve", "add_trainingjob", "view_periodictask")
    assert link in planner.get(reverse("admin:training_start")).content.decode()


def test_a_form_that_makes_no_sense_is_given_back_with_the_reason(online_redis):
    trainer = client_of("dana", *LOOK, "add_trainingjob")
    given = {
        "event_type": "payment",
        "as_of": (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "trees": "0",
        "depth": "6",
    }
    text = trainer.post(reverse("admin:training_start"), given).content.decode()
    assert "is in the future" in text
    assert "greater than or equal to 1" in text
    assert not TrainingJob.objects.exists()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"features_left_out": "amuont"}, "did you mean amount"),
        ({"monotone": "amount up"}, "is not one of increasing, decreasing"),
        ({"monotone": "amount increasing", "features_left_out": "amount"}, "is also left out"),
        ({"shares_train": "0.9"}, "a sum of 1"),
        ({"learning_rate": "0"}, "above 0 and at most 1"),
        ({"tree_method": "gpu"}, "gpu is not one of the available choices"),
    ],
)
def test_a_recipe_that_cannot_be_is_given_back_with_the_reason(online_redis, given, reason):
    trainer = client_of("dana", *LOOK, "add_trainingjob")
    text = trainer.post(reverse("admin:training_start"), {"event_type": "payment"} | given).content.decode()
    assert reason in text
    assert "<details open>" in text
    assert not TrainingJob.objects.exists()


def test_empty_lists_say_what_will_appear_and_how(online_redis):
    trainer = client_of("dana", *LOOK, "add_trainingjob")
    assert (
        "start a training" in trainer.get(reverse("admin:scoring_modelversion_changelist")).content.decode()
    )
    listed = trainer.get(reverse("admin:scoring_trainingjob_changelist")).content.decode()
    assert "Trainings appear here" in listed
    assert "Start a training" in listed
