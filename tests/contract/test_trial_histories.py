"""Trials are kept alike in memory, in a file and in the log: in order, with every digit."""

from datetime import UTC, datetime

import orjson
import pytest
from django.db import transaction

from scoring.learning.errors import InvalidTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.search_trials import TrialsOfTraining
from scoring.learning.jobs.trainings import request_training, trainings
from scoring.learning.search.files import TrialsInFile
from scoring.learning.search.options import SearchOptions
from scoring.learning.search.trials import SearchTrial, TrialsInMemory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRIALS = [
    SearchTrial(0, "b", "complete", 0.1 + 0.2, {"depth": 6, "subsample": 1 / 3}, [(5, 2 / 3)], 40, 1.5),
    SearchTrial(1, "b", "pruned", 1e-9, {"imbalance.treatment": "none"}, [], 30, 0.25),
]


def in_memory(path):
    kept = TrialsInMemory()
    return lambda: kept


def in_file(path):
    return lambda: TrialsInFile(path / "trials.jsonl")


def in_log(path):
    options = JobOptions(search=SearchOptions(minutes=1))
    number = request_training("payment", actor="user/ana", now=NOW, options=options)
    with transaction.atomic():
        trainings.take_step(trainings.locked(number), "started", {}, actor="trainer", now=NOW)
    return lambda: TrialsOfTraining(number, clock=lambda: NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept", [in_memory, in_file, in_log])
def test_trials_are_read_as_they_were_appended(kept, tmp_path, online_redis):
    opened = kept(tmp_path)
    assert opened().read() == []
    history = opened()
    for number, trial in enumerate(TRIALS, start=1):
        history.append(trial)
        assert history.read() == TRIALS[:number]
    assert opened().read() == TRIALS


@pytest.mark.parametrize("cut", [3, 20])
def test_a_line_that_was_cut_short_is_dropped(tmp_path, cut):
    path = tmp_path / "trials.jsonl"
    TrialsInFile(path).append(TRIALS[0])
    with path.open("ab") as file:
        file.write(orjson.dumps(TRIALS[1].stored())[:cut])
    assert TrialsInFile(path).read() == TRIALS[:1]
    TrialsInFile(path).append(TRIALS[1])
    assert TrialsInFile(path).read() == TRIALS


@pytest.mark.parametrize("content", ["{}\n", "[1]\n", "no JSON\n", "no JSON\nat all", '{"name": "settings"}'])
def test_a_file_of_something_else_is_refused_and_stays_as_it_was(tmp_path, content):
    path = tmp_path / "trials.jsonl"
    path.write_text(content)
    with pytest.raises(InvalidTraining, match="a file that a search wrote"):
        TrialsInFile(path).read()
    assert path.read_text() == content


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InvalidTraining, match="search_history"):
        TrialsInFile(tmp_path / "missing" / "trials.jsonl").append(TRIALS[0])
