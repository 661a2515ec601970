"""Tasks are named by their place, and messages with a former name still find them."""

import importlib

import pytest
from celery import current_app

from scoring.schedules import known_tasks

FORMER_NAMES = {
    "scoring.decisions.tasks.run_lane": "scoring.runner.tasks.run_lane",
    "scoring.decisions.tasks.sweep": "scoring.runner.tasks.sweep",
    "monitoring.tasks.run_consumers": "scoring.log.tasks.run_consumers",
}


def test_the_name_of_each_task_is_where_it_is():
    assert {"scoring.runner.tasks.run_lane", "monitoring.tasks.prune_windows"} < set(known_tasks())
    for name in known_tasks():
        module, _, function = name.rpartition(".")
        assert getattr(importlib.import_module(module), function).name == name


@pytest.mark.parametrize(("former", "present"), FORMER_NAMES.items())
def test_a_former_name_runs_the_same_function_and_is_offered_to_nobody(former, present):
    assert former not in known_tasks()
    assert current_app.tasks[former].run is current_app.tasks[present].run
