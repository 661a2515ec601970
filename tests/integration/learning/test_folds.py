"""Recipes, baselines and models compared on folds of a real log, by the command."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import orjson
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from scoring.intake.models import Event
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from tests.factories.history import load_history

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
FOLDS = ["evaluate", "--event-type", "payment", "--matures-after", "2", "--bootstrap", "5", "--threads", "1"]


@pytest.fixture
def history(online_redis, settings, tmp_path):
    """Forty days of payments in the log, sequenced."""
    settings.VAR_DIR = tmp_path / "var"
    load_history(end=END, now=NOW)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command(*FOLDS, *arguments, stdout=out)
    return out.getvalue()


def test_a_recipe_and_a_baseline_are_compared_on_folds_with_their_scores_written(history, tmp_path):
    recipe, scores = tmp_path / "small.yaml", tmp_path / "scores.parquet"
    recipe.write_text("trees: 5\ndepth: 2\n")
    arguments = ("--recipe", f"small={recipe}", "--against", "logistic", "--scores", str(scores))
    found = orjson.loads(command("--folds", "2", *arguments, "--json"))
    assert [fold["fold"] for fold in found["folds"]] == [1, 2]
    assert list(found["contenders"]) == ["default", "small", "logistic"]
    assert set(found["differences"]) == {"small", "logistic"}
    table = pq.read_table(scores).to_pydict()
    assert len(table["fold"]) == sum(fold["rows"] for fold in found["folds"])
    assert {"score_default", "score_small", "score_logistic"} <= set(table)
    assert sum(table["label"]) == sum(fold["positives"] for fold in found["folds"])
    event = Event.objects.get(position=table["position"][0])
    assert (event.source, event.external_id) == (table["source"][0], table["id"][0])
    assert event.occurred_at == table["occurred_at"][0]


def test_tests_start_later_if_the_first_fold_would_have_too_few_positives_to_learn_from(
    history, tmp_path, monkeypatch
):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    recipe = tmp_path / "demanding.yaml"
    recipe.write_text("trees: 2\nminimum_positives: 160\n")
    usual = orjson.loads(command("--folds", "2", "--json"))["folds"]
    later = orjson.loads(command("--folds", "2", "--recipe", f"demanding={recipe}", "--json"))["folds"]
    assert usual[0]["origin"] < later[0]["origin"] < later[1]["origin"] < later[1]["until"]
    assert later[-1]["until"] == usual[-1]["until"]


def test_a_fold_with_too_little_to_learn_from_is_named_with_the_day_from_which_there_is_enough(
    history, monkeypatch
):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    with pytest.raises(CommandError, match=r"This is fold 1, .* known on 2026-01-22") as refused:
        command("--folds", "2", "--test-from", "2026-01-22")
    (day,) = re.findall(r"From (\S+) on, enough is known", str(refused.value))
    assert "fold 1" in command("--folds", "2", "--test-from", day)


def test_stated_origins_are_tested_for_the_stated_days(history):
    text = command("--origin", "2026-02-10", "--origin", "2026-02-15", "--test-days", "5")
    assert "known on 2026-02-10, tested on" in text
    assert "up to 2026-02-20" in text
    table = command("--origin", "2026-02-10", "--test-days", "5", "--markdown")
    assert table.startswith("| contender | AP |")


def test_any_model_is_compared_with_any_other_but_not_on_what_it_has_learned_from(history):
    as_of = datetime(2026, 2, 15, tzinfo=UTC)
    request = TrainingRequest("payment", as_of=as_of, matures_after=timedelta(days=2))
    first, second = (
        run_training(
            request, config=TrainingConfig(trees=n, depth=3, minimum_positives=4), actor="tests", now=NOW
        ).name
        for n in (10, 3)
    )
    evaluation = run_evaluation(first, since=as_of, until=END, now=NOW, against=second, samples=5)
    other = run_evaluation(second, since=as_of, until=END, now=NOW)
    assert evaluation.against == second
    assert evaluation.other == other.model
    period = ("--model", first, "--from", "2026-02-15", "--to", "2026-03-01", "--json")
    sliced = orjson.loads(command(*period, "--slices", "amount", "--slices", "merchant_lat"))
    fields = {each["field"]: each["slices"] for each in sliced["slices"]["fields"]}
    for slices in fields.values():  # a feature, and a field that is in the log alone
        assert sum(part["rows"] for part in slices) == sliced["metrics"]["rows"]
    with pytest.raises(CommandError, match="cannot be sliced by 'card'; allowed are the fields amount"):
        command(*period, "--slices", "card")
    text = command("--origin", "2026-02-16", "--test-days", "10", "--against", first, "--against", second)
    assert f"{first} - default: average precision" in text
    with pytest.raises(CommandError, match=f"{first} cannot be compared: .* was trained on some of these"):
        command("--origin", "2026-02-01", "--test-days", "10", "--against", first)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--folds", "20"), "at least a day"),
        (("--origin", "2026-03-29", "--test-days", "5"), "whose test ends by"),
        (("--folds", "2", "--against", "payment-9"), "payment-9"),
        (("--folds", "2", "--against", "logistic", "--against", "logistic"), "used once"),
        (("--folds", "2", "--event-type", "content"), "a type with events"),
        ((), "--model is required"),
        (("--folds", "2", "--slices", "amount"), "--slices is for a model on a period"),
        (("--model", "payment-1", "--from", "2026-02-01"), "--to is required"),
    ],
)
def test_what_cannot_be_compared_is_refused(history, monkeypatch, arguments, words):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    with pytest.raises(CommandError, match=words):
        command(*arguments)
