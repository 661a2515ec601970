"""Validation of schedules: the task, its arguments and the queue, checked before anything runs."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from celery import current_app, shared_task
from django.conf import settings

from scoring.errors import ScoringError

Check = Callable[..., object]

_CHECKS: dict[str, Check] = {}
_FORMER_NAMES: set[str] = set()


def checked_by(check: Check) -> Callable[[Any], Any]:
    """Validate a task's arguments by `check`, which takes the same ones and raises ScoringError."""

    def register(task: Any) -> Any:
        _CHECKS[task.name] = check
        return task

    return register


def formerly(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Also register a task under a former name, for messages that are in the broker at an upgrade.

    Apply it below `shared_task`.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        shared_task(name=name)(function)
        _FORMER_NAMES.add(name)
        return function

    return register


def schedule_problems(task: str, *, args: str, kwargs: str, queue: str | None) -> dict[str, str]:
    """Problems with a schedule's task, args, kwargs (JSON, as stored) or queue: one sentence per field."""
    own = known_tasks()
    if task not in current_app.tasks:
        return {"task": f"There is no task {task!r}; choose one of {', '.join(own)}."}
    if queue and queue not in (queues := served_queues()):
        return {"queue": f"No process serves the queue {queue!r}; choose one of {', '.join(queues)}."}
    positional, named = json.loads(args or "[]"), json.loads(kwargs or "{}")
    if not isinstance(positional, list):
        return {"args": 'Positional arguments are a JSON list, such as ["payment"].'}
    if not isinstance(named, dict):
        return {"kwargs": 'Keyword arguments are a JSON object, such as {"event_type": "payment"}.'}
    problem = argument_problem(task, positional, named)
    return {"kwargs": problem} if problem else {}


def argument_problem(task: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Why a known task does not accept these arguments; "" if it does."""
    signature = inspect.signature(current_app.tasks[task].run)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        takes = ", ".join(signature.parameters) or "no arguments"
        return f"{task} cannot be called with these arguments: {error}. It takes {takes}."
    try:
        _CHECKS.get(task, _accept)(**given)
    except ScoringError as error:
        return f"{error}."
    return ""


def served_queues() -> list[str]:
    """The queues that Assay's workers consume."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted({settings.CELERY_TASK_DEFAULT_QUEUE, *routed})


def known_tasks() -> list[str]:
    """The current names of Assay's tasks."""
    current_app.loader.import_default_modules()
    return sorted(
        name for name in current_app.tasks if not name.startswith("celery.") and name not in _FORMER_NAMES
    )


def _accept(**arguments: Any) -> None:
    """The default check: any values are valid."""
