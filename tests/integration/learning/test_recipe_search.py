"""Searches for a recipe: as a job, continued after a killed trainer, on the command line, on the pages."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from scoring.jobs.queue import JobQueue
from scoring.learning.errors import TrainingNotPossible
from scoring.learning.jobs import running
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.search_trials import TrialsOfTraining, trials_of
from scoring.learning.jobs.trainings import continue_search, request_training, trainings
from scoring.learning.models import TrainingJob
from scoring.learning.recipes.files import load_recipe
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.tuner import RecipeSearch
from scoring.learning.training.recipe import TrainingConfig
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.registry.models import ModelVersion
from scoring.timestamps import to_iso
from tests.factories.history import load_history
from tests.integration.learning.test_training_pages import LOOK, client_of

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
OPTIONS = JobOptions(
    matures_after_days=14,
    config=TrainingConfig(trees=20, depth=4, threads=1),
    search=SearchOptions(minutes=60, trials=3, seed=5),
)
COMMAND = ("train", "--as-of", "2026-03-01", "--matures-after", "14", "--trees", "15", "--threads", "1")


class Killed(BaseException):
    """Stands for a trainer process that is killed: nothing may run after it."""


@pytest.fixture(autouse=True)
def no_messages(monkeypatch):
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)


@pytest.fixture
def history(online_redis, settings, tmp_path):
    """Forty days of payments in the log, sequenced."""
    settings.VAR_DIR = tmp_path / "var"
    loaded_models.load_model.cache_clear()
    load_history(end=END, now=NOW)


def request(options: JobOptions = OPTIONS) -> int:
    return request_training("payment", actor="user/ana", now=NOW, options=options)


def run(number: int, *, now: datetime = NOW) -> TrainingJob:
    assert running.run_job(number, clock=lambda: now)
    return TrainingJob.objects.get(number=number)


def entries(number: int) -> list[str]:
    return [entry.type.removeprefix("training.") for entry in read_stream(f"training/{number}")]


def killed_after(trials: int, monkeypatch) -> int:
    """The number of a training whose trainer was killed after so many trials, as the sweep leaves it."""
    append = TrialsOfTraining.append

    def append_and_die(history, trial):
        append(history, trial)
        if len(history.read()) == trials:
            raise Killed

    number = request()
    with monkeypatch.context() as patched:
        patched.setattr(TrialsOfTraining, "append", append_and_die)
        patched.setattr(JobQueue, "_end", lambda *a, **k: None)
        with pytest.raises(Killed):
            running.run_job(number, clock=lambda: NOW)
    assert TrainingJob.objects.get(number=number).state == "running"
    assert trainings.sweep(now=NOW) == [number]
    return number


def test_a_training_searches_and_trains_the_best_recipe(history):
    ticks = count()
    number = request()
    assert running.run_job(number, clock=lambda: NOW + timedelta(seconds=next(ticks)))
    job = TrainingJob.objects.get(number=number)
    assert (job.state, job.error) == ("finished", "")
    assert entries(job.number) == ["requested", "started", *["trial_ended"] * 3, "finished"]
    version = ModelVersion.objects.get(name=job.model)
    assert version.as_of == job.started_at
    search = version.lineage["search"]
    kept = trials_of(job.number)
    assert [trial["value"] for trial in search["trials"]] == [trial.value for trial in kept]
    best = kept[search["best"]]
    assert best.value == max(trial.value for trial in kept)
    assert version.parameters["depth"] == best.params["depth"]
    assert version.parameters["imbalance"]["treatment"] == best.params["imbalance.treatment"]
    assert version.parameters["trees"] == 20
    assert search["against"][-1]["name"] == "logistic"
    assert search["against"][-1]["difference"]["level"] == 0.95


def test_a_search_is_continued_after_its_trainer_was_killed(history, monkeypatch):
    whole = run(request())
    killed = killed_after(2, monkeypatch)
    later = NOW + timedelta(days=2)
    number = continue_search(killed, actor="user/bo", now=later)
    assert TrainingJob.objects.get(number=number).options["as_of"] == to_iso(NOW)
    job = run(number, now=later)
    assert (job.state, job.error) == ("finished", "")
    assert entries(number).count("trial_ended") == 1
    values = [[trial.value for trial in trials_of(each)] for each in (whole.number, number)]
    assert values[0] == values[1]
    artifacts = ModelVersion.objects.filter(name__in=[whole.model, job.model]).values_list(
        "artifact", flat=True
    )
    assert len(set(artifacts)) == 1


def test_only_an_ended_search_without_a_model_is_continued(history):
    plain = request(JobOptions())
    with pytest.raises(TrainingNotPossible, match="without a search"):
        continue_search(plain, actor="user/bo", now=NOW)
    number = request()
    with pytest.raises(TrainingNotPossible, match="is queued and cannot be continued"):
        continue_search(number, actor="user/bo", now=NOW)


def test_a_search_that_is_cancelled_keeps_its_trials(history, monkeypatch):
    append = TrialsOfTraining.append

    def append_and_cancel(kept, trial):
        append(kept, trial)
        trainings.cancel(number, actor="user/lea", now=NOW)

    monkeypatch.setattr(TrialsOfTraining, "append", append_and_cancel)
    number = request()
    assert run(number).state == "cancelled"
    assert len(trials_of(number)) == 1
    assert not ModelVersion.objects.exists()


def test_a_trainer_that_lost_its_search_adds_no_trials(history, monkeypatch):
    append = TrialsOfTraining.append

    def append_and_lose(kept, trial):
        append(kept, trial)
        trainings.fail_abandoned(now=NOW)

    monkeypatch.setattr(TrialsOfTraining, "append", append_and_lose)
    number = request()
    with pytest.raises(TrainingNotPossible, match="is failed"):
        run(number)
    assert len(trials_of(number)) == 1


def test_the_command_searches_continues_and_writes_the_recipe(history, tmp_path, monkeypatch):
    kept, recipe, out = tmp_path / "trials.jsonl", tmp_path / "best.yaml", StringIO()
    options = ("--search-minutes", "60", "--search-history", str(kept))
    call_command(*COMMAND, *options, "--search-trials", "2", stdout=StringIO())
    assert len(kept.read_text().splitlines()) == 2
    call_command(*COMMAND, *options, "--search-trials", "3", "--save-recipe", str(recipe), stdout=out)
    assert len(kept.read_text().splitlines()) == 3
    version = ModelVersion.objects.latest("number")
    assert len(version.lineage["search"]["trials"]) == 3
    assert load_recipe(recipe).parameters()["depth"] == version.parameters["depth"]
    assert "3 trials in" in out.getvalue()
    assert "Against logistic regression:" in out.getvalue()
    tried = []
    monkeypatch.setattr(RecipeSearch, "_try", lambda *a: tried.append(a))
    with pytest.raises(CommandError, match="which is not a directory"):
        call_command(*COMMAND, *options, "--save-recipe", str(tmp_path / "none" / "best.yaml"))
    with pytest.raises(CommandError, match="start a new search"):
        call_command(*COMMAND, *options, "--search-seed", "8", stdout=StringIO())
    assert tried == []


def test_pages_show_the_search_and_continue_it(history, monkeypatch, django_assert_max_num_queries):
    number = killed_after(2, monkeypatch)
    address = reverse("admin:training", args=[number])
    onlooker = client_of("cy", *LOOK)
    text = onlooker.get(address).content.decode()
    assert "Search for a recipe: 2 trials in" in text
    assert "Value by trial" in text
    assert "Continue the search" not in text
    assert onlooker.post(address, {"action": "continue"}).status_code == 403
    trainer = client_of("dana", *LOOK, "add_trainingjob")
    assert "Continue the search" in trainer.get(address).content.decode()
    text = trainer.post(address, {"action": "continue"}, follow=True).content.decode()
    assert f"Training {number + 1} is queued. It continues the search of training {number}." in text
    twice = trainer.post(address, {"action": "continue"}, follow=True).content.decode()  # a double click
    assert f"Training {number + 1} is queued." in twice
    assert TrainingJob.objects.count() == number + 1
    assert f'continues <a class="ws-link" href="{address}">training {number}</a>' in text
    job = run(number + 1)
    refused = trainer.post(reverse("admin:training", args=[job.number]), {"action": "continue"}, follow=True)
    assert "Nothing changed" in refused.content.decode()
    model = reverse("admin:model", args=[job.model])
    with django_assert_max_num_queries(20):
        text = trainer.get(model).content.decode()
    for expected in (
        "3 trials in",
        "Importance of parameters",
        "Logistic regression",
        "held-out events that no",
    ):
        assert expected in text
    with django_assert_max_num_queries(10):
        text = trainer.get(reverse("admin:training", args=[job.number])).content.decode()
    assert "3 trials in" in text


def test_the_form_asks_for_a_search(online_redis):
    trainer = client_of("dana", *LOOK, "add_trainingjob")
    start = reverse("admin:training_start")
    assert "Time budget in minutes" in trainer.get(start).content.decode()
    trainer.post(
        start,
        {"event_type": "payment", "search_minutes": "2.5", "search_trials": "40"} | {"search_folds": "3"},
    )
    job = TrainingJob.objects.get()
    assert job.options["search"] == {"minutes": 2.5, "trials": 40, "seed": 7, "folds": 3}
    shown = trainer.get(reverse("admin:training", args=[job.number])).content.decode()
    assert "2.5 minutes, at most 40 trials, 3 folds, seed 7" in shown
    trainer.post(start, {"event_type": "payment", "search_minutes": "0", "search_trials": "40"})
    assert "search" not in TrainingJob.objects.latest("number").options
    refused = trainer.post(start, {"event_type": "payment", "search_minutes": "5000", "search_trials": "1"})
    text = refused.content.decode()
    assert "less than or equal to 1440" in text
    assert "greater than or equal to 2" in text
    assert TrainingJob.objects.count() == 2
