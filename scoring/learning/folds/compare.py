"""The whole comparison on folds, as a recipe: windows, contenders, history, results."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from scoring.catalog.registry import scored_type
from scoring.learning.errors import InvalidTraining
from scoring.learning.folds.contenders import (
    Contender,
    baseline,
    existing_model,
    of_recipe,
)
from scoring.learning.folds.run import FoldResult, read_history, run_fold
from scoring.learning.folds.windows import Fold, derived_folds, origin_shares, stated_folds
from scoring.learning.recipes.files import load_recipe
from scoring.learning.training.baseline import BASELINES
from scoring.learning.training.recipe import NONE, TREATMENTS, Imbalance, TrainingConfig
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.timestamps import to_iso

DEFAULT = "default"

_TIMES = """
    SELECT percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY occurred_at)
      FROM scoring_event WHERE type = %(event_type)s AND retracted_at IS NULL AND occurred_at <= %(last)s
       AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
"""


@dataclass(frozen=True)
class FoldOptions:
    """`folds`: their number, unless `origins` are stated, each with a test of `test_length`. `recipes`: names
    and files; `against`: baselines and names of models. `imbalance`: the default recipe with
    each treatment of imbalance takes part too. The default recipe, without any, is always the first.
    """

    event_type: str
    folds: int = 0
    origins: tuple[datetime, ...] = ()
    test_length: timedelta = timedelta(days=30)
    since: datetime | None = None
    matures_after: timedelta | None = None
    recipes: tuple[tuple[str, Path], ...] = ()
    against: tuple[str, ...] = ()
    imbalance: bool = False
    threads: int = 1


def compare_on_folds(
    options: FoldOptions, *, now: datetime, watch: ProgressReporter = NO_PROGRESS
) -> list[FoldResult]:
    """The results of every fold, each with every contender.

    Raises UnknownEventType, EventTypeNotScored, InvalidTraining, UnknownModel, ContenderCannotBeCompared,
    NoEventsToEvaluate, NotEnoughHistory, NotEnoughPositives.
    """
    contenders = contenders_of(options)
    folds = folds_of(options, now=now)
    history = read_history(options.event_type, vocabulary_as_of=folds[0].origin, watch=watch)
    return [
        run_fold(
            history,
            fold,
            contenders,
            now=now,
            since=options.since,
            matures_after=options.matures_after,
            watch=watch,
        )
        for fold in folds
    ]


def contenders_of(options: FoldOptions) -> list[Contender]:
    """The default recipe, then the stated ones, then baselines and models.

    Raises InvalidTraining, UnknownModel.
    """
    config = replace(TrainingConfig(), threads=options.threads)
    recipes = [(DEFAULT, config), *((name, load_recipe(path, base=config)) for name, path in options.recipes)]
    if options.imbalance:
        recipes += [(name, replace(config, imbalance=Imbalance(name))) for name in TREATMENTS if name != NONE]
    contenders = [of_recipe(name, recipe) for name, recipe in recipes]
    contenders += [
        (baseline if name in BASELINES else existing_model)(name, threads=options.threads)
        for name in options.against
    ]
    names = [contender.name for contender in contenders]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise InvalidTraining("contender", repeated, "a name that is used once")
    return contenders


def folds_of(options: FoldOptions, *, now: datetime) -> list[Fold]:
    """The stated folds, or those derived from the times of the events. Raises InvalidTraining."""
    kind = scored_type(options.event_type)
    last = now - (kind.matures_after if options.matures_after is None else options.matures_after)
    if options.origins:
        return stated_folds(options.origins, length=options.test_length, last=last)
    shares = origin_shares(options.folds)
    with connection.cursor() as cursor:
        cursor.execute(
            _TIMES,
            {"shares": [*shares, 1.0], "event_type": kind.name, "last": last, "since": options.since},
        )
        times = cursor.fetchone()[0]
    if times is None:
        raise InvalidTraining(
            "event_type", kind.name, f"a type with events that were mature on {to_iso(last)}"
        )
    *origins, newest = times
    return derived_folds(origins, last=newest + timedelta(microseconds=1))
