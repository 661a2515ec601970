"""Trainings that no person requests: their options, and reasons to skip one."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from scoring.catalog.registry import scored_type
from scoring.intake.models import Label
from scoring.jobs.rows import OPEN
from scoring.learning.errors import InvalidTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.trainings import request_training
from scoring.learning.models import TrainingJob
from scoring.learning.recipes.reading import read_recipe
from scoring.learning.search.options import SearchOptions
from scoring.learning.training.features import check_accepted, check_features, declared_features
from scoring.learning.training.recipe import MAX_MATURITY_DAYS
from scoring.registry.model_versions import promotable_versions

logger = logging.getLogger(__name__)

SCHEDULE = "schedule"


def scheduled_options(
    event_type: Any,
    matures_after_days: Any = None,
    only_if_new_labels: Any = True,
    since: Any = None,
    recipe: Any = None,
    *,
    accept_leakage: Any = None,
    search: Any = None,
) -> JobOptions:
    """A schedule's JSON arguments as options.

    Raises UnknownEventType, EventTypeNotScored, InvalidTraining: a typing error must not silently stop
    training.
    """
    scored_type(event_type if isinstance(event_type, str) else repr(event_type))
    if not isinstance(only_if_new_labels, bool):
        raise InvalidTraining("only_if_new_labels", only_if_new_labels, "true or false")
    config = read_recipe({} if recipe is None else recipe)
    names = declared_features(event_type)
    check_features(config, names)
    return JobOptions(
        matures_after_days=_read_days(matures_after_days),
        since=_read_date(since),
        config=config,
        accepted_leakage=_read_names(accept_leakage, names),
        search=None if search is None else SearchOptions.read(search),
    )


def _read_names(value: Any, names: Sequence[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidTraining("accept_leakage", value, 'a list of features such as ["amount"], or null')
    check_accepted(value, names)
    return tuple(value)


def _read_days(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_MATURITY_DAYS:
        allowed = f"a number of days from 0 to {MAX_MATURITY_DAYS:,}, or null for the catalog's value"
        raise InvalidTraining("matures_after_days", value, allowed)
    return float(value)


def _read_date(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidTraining("since", value, "a date or time like 2026-01-31, or null") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def request_retraining(
    event_type: str,
    *,
    options: JobOptions,
    only_if_new_labels: bool,
    now: datetime,
) -> int | None:
    """Queue a training on behalf of a schedule. If there is no reason to, log why; return None."""
    if reason := reason_not_to_train(event_type, only_if_new_labels=only_if_new_labels):
        logger.info("no training of %s: %s", event_type, reason)
        return None
    return request_training(event_type, actor=SCHEDULE, now=now, options=options)


def reason_not_to_train(event_type: str, *, only_if_new_labels: bool) -> str:
    """Why training this type now would be useless; "" if it would not be."""
    waiting = TrainingJob.objects.filter(event_type=event_type, state__in=OPEN)
    if number := waiting.values_list("number", flat=True).first():
        return f"training {number} has not ended yet"
    if only_if_new_labels and not has_new_labels(event_type):
        return "no label was recorded since its last model was trained"
    return ""


def has_new_labels(event_type: str) -> bool:
    """Whether the type has labels that its newest model was not trained with."""
    lineages = promotable_versions(event_type).order_by("-number").values_list("lineage", flat=True)
    newest = lineages.first()
    read_until = newest["log_position"] if newest else 0
    return Label.objects.filter(position__gt=read_until, event_stream__startswith=f"{event_type}/").exists()
