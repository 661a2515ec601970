"""Evaluations on folds: requested on a model's page, run in the background, stored, and shown."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import orjson
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from scoring.jobs.progress import JobProgress
from scoring.jobs.queue import JobQueue
from scoring.learning.errors import EvaluationNotPossible, InvalidTraining, TooManyEvaluations
from scoring.learning.folds.options import FoldOptions
from scoring.learning.jobs.evaluations import evaluations as jobs
from scoring.learning.jobs.evaluations import running
from scoring.learning.models import EvaluationJob, EvaluationProgress
from scoring.log.read import read_stream
from scoring.registry.errors import UnknownModel
from tests.factories.models import train_small_models

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LOOK = ("view_modelversion", "view_evaluationjob")
OPTIONS = FoldOptions("payment", folds=2, model="payment-1", matures_after=timedelta(days=2), threads=1)


@pytest.fixture(autouse=True)
def no_messages(monkeypatch):
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25, fraud_share=0.2)


def client_of(username: str, *codenames: str) -> Client:
    user = User.objects.create_user(username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def run(number: int) -> EvaluationJob:
    running.run_job(number, clock=lambda: NOW)
    return EvaluationJob.objects.get(number=number)


def told(number: int) -> list[str]:
    return [entry.type.removeprefix("evaluation.") for entry in read_stream(f"evaluation/{number}")]


def model_page(client: Client, name: str) -> str:
    return client.get(reverse("admin:model", args=[name])).content.decode()


def test_an_evaluation_is_requested_on_the_page_of_a_model_and_its_result_shown_there(models):
    scientist = client_of("dana", *LOOK, "add_evaluationjob")
    start = reverse("admin:evaluation_start", args=["payment-1"])
    assert f'href="{start}"' in model_page(scientist, "payment-1")
    assert "payment-2</option>" in scientist.get(start).content.decode()
    sent = {"folds": "2", "contenders": ["logistic"], "recipes_of": ["payment-2"], "matures_after_days": "2"}
    answer = scientist.post(start, sent, follow=True).content.decode()
    assert "Evaluation 1 is queued" in answer
    assert "recipe of payment-1, recipe of payment-2, logistic regression" in answer
    job = run(1)
    assert (job.state, job.error, job.versions) == ("finished", "", ["payment-1", "payment-2"])
    assert job.result["order"] == ["recipe of payment-1", "recipe of payment-2", "logistic"]
    assert job.result["contenders"]["recipe of payment-1"]["fraud_amount_stopped"]["folds"] == 2
    assert "fraud_amount_stopped" not in job.result["contenders"]["logistic"]
    for name in models:
        text = model_page(scientist, name)
        for expected in (
            "2 folds, tested on",
            "Mean ± standard deviation over folds",
            "Recipe of payment-2",
            "Amount of fraud stopped",
            job.result["folds"][1]["origin"][:10],
        ):
            assert expected in text, expected
    assert "Importance over folds" in model_page(scientist, "payment-1")
    assert "the order of features has a mean rank correlation of" in model_page(scientist, "payment-2")
    listed = scientist.get(reverse("admin:scoring_evaluationjob_changelist")).content.decode()
    assert "payment-1, payment-2" in listed


def test_the_table_of_evaluations_is_rebuilt_from_the_log(models):
    jobs.request_evaluation(OPTIONS, actor="user/ana", now=NOW)
    run(1)
    jobs.record_evaluation(OPTIONS, {"folds": []}, actor="command/evaluate", now=NOW)
    assert told(1) == ["requested", "started", "finished"]
    before = list(EvaluationJob.objects.order_by("number").values())
    call_command("rebuild", projection=["evaluationjob"], verbosity=0, stdout=StringIO())
    assert list(EvaluationJob.objects.order_by("number").values()) == before


def test_the_command_stores_what_it_prints_and_compares_two_models_as_they_are(models, monkeypatch):
    trained_until = datetime(2026, 2, 15, tzinfo=UTC)  # both were, on events that were mature by then
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    out = StringIO()
    call_command(
        *("evaluate", "--folds", "1", "--test-from", trained_until.isoformat(), "--matures-after", "2"),
        *("--model", "payment-1", "--against", "payment-1", "--against", "payment-2", "--against", "default"),
        *("--bootstrap", "5", "--threads", "1", "--json"),
        stdout=out,
    )
    printed = orjson.loads(out.getvalue())
    assert printed["order"] == ["recipe of payment-1", "payment-1", "payment-2", "default"]
    assert printed["folds"][0]["origin"].startswith("2026-02-15")
    stored = EvaluationJob.objects.get(number=printed.pop("evaluation"))
    assert (stored.result, stored.state, stored.requested_by) == (printed, "finished", "command/evaluate")
    assert stored.versions == ["payment-1", "payment-2"]


def test_a_running_evaluation_is_cancelled_and_leaves_no_result(models, monkeypatch):
    number = jobs.request_evaluation(OPTIONS, actor="user/ana", now=NOW)
    begin = JobProgress.begin
    lead = client_of("lea", *LOOK, "cancel_evaluationjob")

    def cancel_at_second_fold(self, step, *, total=None):
        if step.startswith("fold 2 of 2") and not EvaluationJob.objects.get().cancelled_by:
            assert EvaluationProgress.objects.get(job=number).step.startswith("fold 1 of 2")
            shown = lead.get(reverse("admin:evaluation", args=[number])).content.decode()
            assert "Fold 1 of 2: " in shown
            assert (
                "will stop within seconds"
                in lead.post(reverse("admin:evaluation", args=[number]), follow=True).content.decode()
            )
        begin(self, step, total=total)

    monkeypatch.setattr(JobProgress, "begin", cancel_at_second_fold)
    job = run(number)
    assert (job.state, job.cancelled_by, job.result) == ("cancelled", "user/lea", {})
    with pytest.raises(EvaluationNotPossible, match="is cancelled"):
        jobs.evaluations.cancel(number, actor="user/lea", now=NOW)
    shown = lead.post(reverse("admin:evaluation", args=[number]), follow=True).content.decode()
    assert "Nothing changed" in shown


def test_an_evaluation_that_cannot_be_says_why(models):
    scientist = client_of("dana", *LOOK, "add_evaluationjob")
    start = reverse("admin:evaluation_start", args=["payment-1"])
    assert "less than or equal to 24" in scientist.post(start, {"folds": "25"}).content.decode()
    with pytest.raises(InvalidTraining, match="folds"):
        jobs.request_evaluation(FoldOptions("payment"), actor="user/dana", now=NOW)
    with pytest.raises(UnknownModel):
        jobs.request_evaluation(FoldOptions("payment", folds=1, model="payment-9"), actor="x", now=NOW)
    sent = {"folds": "2", "against": ["payment-2"], "matures_after_days": "2"}
    scientist.post(start, sent)
    job = run(1)
    assert job.state == "failed"
    assert "payment-2 cannot be compared" in job.error
    shown = scientist.get(reverse("admin:evaluation", args=[1])).content.decode()
    assert "The evaluation failed" in shown
    for _ in range(jobs.MAX_OPEN):
        scientist.post(start, sent)
    assert "3 of your evaluations are queued" in scientist.post(start, sent).content.decode()
    with pytest.raises(TooManyEvaluations):
        jobs.request_evaluation(OPTIONS, actor="user/dana", now=NOW)
    assert scientist.post(reverse("admin:evaluation", args=[1])).status_code == 403
    assert client_of("cy", *LOOK).get(start).status_code == 403
