"""The whole comparison on folds, as a recipe: windows, contenders, history, results."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection

from scoring.catalog.registry import scored_type
from scoring.learning.baseline_names import BASELINES
from scoring.learning.errors import InvalidTraining, NotEnoughToTrain
from scoring.learning.folds.contenders import Contender, baseline, existing_model, of_recipe
from scoring.learning.folds.money import money_by_model
from scoring.learning.folds.options import DEFAULT, FoldOptions, recipe_name
from scoring.learning.folds.progress import FoldProgress
from scoring.learning.folds.run import FoldResult, History, read_history, run_fold
from scoring.learning.folds.sufficiency import Sufficiency
from scoring.learning.folds.windows import TESTED_SHARES, Fold, derived_folds, origin_shares, stated_folds
from scoring.learning.recipes.reading import recipe_of
from scoring.learning.training.recipe import TREATMENTS, TrainingConfig
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.model_versions import find_version
from scoring.timestamps import to_iso

_TIMES = """
    SELECT percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY occurred_at)
      FROM scoring_event WHERE type = %(event_type)s AND retracted_at IS NULL AND occurred_at <= %(last)s
       AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
"""


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
    enough = _sufficiency(options, history)
    folds = _learnable_folds(options, folds, enough, now=now)
    results = []
    for fold in folds:
        try:
            result = run_fold(
                history,
                fold,
                contenders,
                now=now,
                since=options.since,
                matures_after=options.matures_after,
                measure_money=money_by_model,
                watch=FoldProgress(watch, fold=fold.number, folds=len(folds)),
            )
        except NotEnoughToTrain as error:
            error.advise(enough.advice(fold))
            raise
        results.append(result)
    return results


def _sufficiency(options: FoldOptions, history: History) -> Sufficiency:
    return Sufficiency(
        history,
        recipes=tuple(config for _, config in recipes_of(options)),
        matures_after=_maturity(options),
        since=options.since,
    )


def _learnable_folds(
    options: FoldOptions, folds: list[Fold], enough: Sufficiency, *, now: datetime
) -> list[Fold]:
    """The folds, or derived ones with shorter tests if the first has too few positives to learn from."""
    if options.origins or options.test_from or enough.for_all(folds):
        return folds
    for tested in TESTED_SHARES[1:]:
        try:
            shorter = folds_of(options, now=now, tested=tested)
        except InvalidTraining:  # tests of less than a day
            break
        if enough.for_all(shorter):
            return shorter
    return folds


def contenders_of(options: FoldOptions) -> list[Contender]:
    """The contenders in the order of the options. Raises InvalidTraining, UnknownModel."""
    threads = options.threads
    contenders = [of_recipe(*recipe) for recipe in recipes_of(options)]
    contenders += [_named(name, threads=threads) for name in options.against]
    names = [contender.name for contender in contenders]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise InvalidTraining("contender", repeated, "a name that is used once")
    return contenders


def recipes_of(options: FoldOptions) -> list[tuple[str, TrainingConfig]]:
    """The recipes that are trained on every fold, by name. Raises UnknownModel."""
    threads = options.threads
    name, first = _first_recipe(options)
    recipes = [(name, replace(first, threads=threads)), *options.recipes]
    if options.imbalance:
        recipes += _treatments(recipes[0][1])
    return recipes + [
        (recipe_name(model), replace(_recipe_of_version(model), threads=threads))
        for model in options.recipes_of
    ]


def _first_recipe(options: FoldOptions) -> tuple[str, TrainingConfig]:
    if options.model:
        return recipe_name(options.model), _recipe_of_version(options.model)
    return DEFAULT, TrainingConfig()


def _recipe_of_version(model: str) -> TrainingConfig:
    return recipe_of(find_version(model).parameters)


def _treatments(config: TrainingConfig) -> list[tuple[str, TrainingConfig]]:
    """The recipe with each treatment of imbalance but its own."""
    own = config.imbalance
    return [
        (name, replace(config, imbalance=replace(own, treatment=name)))
        for name in TREATMENTS
        if name != own.treatment
    ]


def _named(name: str, *, threads: int) -> Contender:
    if name == DEFAULT:
        return of_recipe(DEFAULT, replace(TrainingConfig(), threads=threads))
    return (baseline if name in BASELINES else existing_model)(name, threads=threads)


def folds_of(options: FoldOptions, *, now: datetime, tested: float = TESTED_SHARES[0]) -> list[Fold]:
    """The stated folds, or those derived from the times of the events. Raises InvalidTraining.

    `tested`: the share of the mature events in the tests of derived folds, unless their start is stated.
    """
    kind = scored_type(options.event_type)
    last = now - _maturity(options)
    if options.origins:
        return stated_folds(options.origins, length=options.test_length, last=last)
    start = options.test_from
    shares = origin_shares(options.folds, tested=1.0 if start else tested)
    times = _event_times(shares, kind.name, since=start or options.since, last=last)
    if times is None:
        after = f" from {to_iso(start)} on" if start else ""
        allowed = f"a type with events{after} that were mature on {to_iso(last)}"
        raise InvalidTraining("event_type", kind.name, allowed)
    *origins, newest = times
    if start:
        origins[0] = start
    return derived_folds(origins, last=newest + timedelta(microseconds=1))


def _maturity(options: FoldOptions) -> timedelta:
    kind = scored_type(options.event_type)
    return kind.matures_after if options.matures_after is None else options.matures_after


def _event_times(
    shares: list[float], event_type: str, *, since: datetime | None, last: datetime
) -> list[datetime] | None:
    """The times up to which these shares of the events in [since, last] occurred, and that of the newest."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TIMES, {"shares": [*shares, 1.0], "event_type": event_type, "last": last, "since": since}
        )
        found: list[datetime] | None = cursor.fetchone()[0]
    return found
