"""`manage.py train --event-type payment --as-of 2026-01-01`: train a model on the log."""

from argparse import SUPPRESS
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.evaluation.report import training_lines
from scoring.learning.recipes.fields import (
    DATA,
    FIELDS,
    IMBALANCE,
    THRESHOLDS,
    TREES,
    RecipeChoice,
    RecipeField,
)
from scoring.learning.recipes.files import dump_recipe, load_recipe
from scoring.learning.recipes.reading import checked, with_value
from scoring.learning.search.files import TrialsInFile
from scoring.learning.search.options import MAX_FOLDS, MAX_MINUTES, MAX_SEED, MAX_TRIALS, SearchOptions
from scoring.learning.search.report import search_lines
from scoring.learning.search.trials import TrialsInMemory
from scoring.learning.search.tuner import RecipeSearch
from scoring.learning.training.recipe import DIRECTIONS, TrainingConfig, TrainingRequest
from scoring.learning.training.runs import TrainingRun, run_training
from scoring.management.arguments import (
    integer,
    number,
    read_days,
    read_moment,
    read_new_file,
    read_scored_type,
    read_thresholds,
)
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import add_json_option, as_command_error, write_json

DEFAULTS = TrainingConfig()


class Command(BaseCommand):
    help = "Train a model on the log as of a cut-off, and register it as a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        _add_data(parser.add_argument_group("data"))
        _add_model(parser.add_argument_group("model"))
        _add_thresholds(parser.add_argument_group("thresholds"))
        _add_search(parser.add_argument_group("search"))
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        days = options["matures_after"]
        request = TrainingRequest(
            event_type=options["event_type"],
            as_of=now if options["as_of"] is None else options["as_of"],
            test_until=options["test_until"],
            matures_after=None if days is None else timedelta(days=days),
            log_position=options["log_position"],
            shuffled=options["shuffle_labels"],
            since=options["since"],
            accepted_leakage=tuple(options["accept_leakage"]),
        )
        try:
            config = read_config(options)
            with StepProgressBars() as bar:
                run = run_training(
                    request,
                    config=config,
                    actor="command/train",
                    now=now,
                    tune=read_search(options),
                    watch=bar,
                )
        except ScoringError as error:
            raise as_command_error(error) from error
        if options["json"]:
            write_json(self.stdout, run_facts(run))
        else:
            self.stdout.write("\n".join(run_lines(run, shuffled=request.shuffled)))
        if options["save_recipe"] is not None:
            save_recipe(options["save_recipe"], run)


def run_lines(run: TrainingRun, *, shuffled: bool) -> list[str]:
    """A finished training in words, with what to do next."""
    lines = training_lines(run)
    if search := run.lineage.get("search"):
        lines += ["", *search_lines(search)]
    if shuffled:
        return [*lines, "", "Trained on shuffled labels: it cannot be promoted."]
    return [*lines, "", f"Promote it:  manage.py promote {run.name}{force_if_needed(run.checks)}"]


def run_facts(run: TrainingRun) -> dict[str, Any]:
    """A finished training as JSON values.

    `passed`: whether it passed all automatic checks. `search`: the record of its search, None without one.
    """
    return {
        "model": run.name,
        "artifact": run.digest,
        "event_type": run.trained.held_out.event_type,
        "rows": run.rows,
        "trees": run.trained.rounds,
        "thresholds": run.trained.thresholds,
        "metrics": run.trained.metrics,
        "checks": list(run.checks),
        "passed": all(check["passed"] for check in run.checks),
        "search": run.lineage.get("search"),
    }


def force_if_needed(checks: Sequence[Mapping[str, Any]]) -> str:
    """The option needed to promote a model despite failed checks; "" if all passed."""
    return "" if all(check["passed"] for check in checks) else ' --force "reason"'


def read_config(options: dict[str, Any]) -> TrainingConfig:
    """The recipe: the default, changed by the file, changed by the options that were given.

    Raises InvalidTraining.
    """
    config = DEFAULTS if options["recipe"] is None else load_recipe(options["recipe"])
    for field in FIELDS:
        if field.name in options:
            config = with_value(config, field.path, field.check(options[field.name]))
    monotone = dict(config.monotone)
    for direction in DIRECTIONS:
        monotone |= dict.fromkeys(options.get(direction, []), direction)
    return checked(
        replace(
            config,
            explicit_thresholds=tuple(sorted(options["thresholds"].items())) or config.explicit_thresholds,
            features_left_out=tuple(sorted({*config.features_left_out, *options.get("leave_out", [])})),
            monotone=tuple(sorted(monotone.items())),
        )
    )


def read_search(options: Mapping[str, Any]) -> RecipeSearch | None:
    """The search that was asked for; None without one. Raises InvalidTraining."""
    if not options["search_minutes"]:
        return None
    path = options["search_history"]
    history = TrialsInMemory() if path is None else TrialsInFile(path)
    asked = SearchOptions(*(options[f"search_{name}"] for name in ("minutes", "trials", "seed", "folds")))
    return RecipeSearch(asked, history)


def save_recipe(url: str, run: TrainingRun) -> None:
    """Write the recipe of a registered version. Raises CommandError, which says that it is registered."""
    try:
        with fsspec.open(url, "w") as file:
            file.write(dump_recipe(run.trained.config))
    except OSError as error:
        raise CommandError(
            f"{run.name} is registered, but its recipe cannot be written to {url!r}: {error}"
        ) from error


def _add_data(group: Any) -> None:
    group.add_argument(
        "--event-type",
        type=read_scored_type,
        default="payment",
        help="the event type (default: %(default)s)",
    )
    group.add_argument("--as-of", type=read_moment, help="cut-off of events and labels (default: now)")
    group.add_argument("--since", type=read_moment, help="exclude events before this date or time")
    group.add_argument(
        "--test-until", type=read_moment, help="test on the events from the cut-off to this date or time"
    )
    group.add_argument(
        "--matures-after",
        type=read_days,
        metavar="DAYS",
        help="age in days from which an event's label counts as known (default: as in the catalog)",
    )
    group.add_argument("--log-position", type=integer(), help="ignore log entries beyond this position")
    group.add_argument(
        "--accept-leakage",
        action="append",
        default=[],
        metavar="FEATURE",
        help="train with a feature although it alone seems too good to be true; may be repeated",
    )
    group.add_argument(
        "--shuffle-labels", action="store_true", help="train on shuffled labels (never promotable)"
    )


def _add_model(group: Any) -> None:
    group.add_argument(
        "--recipe", type=Path, metavar="FILE", help="a YAML file with parts of a recipe; options override it"
    )
    for name, text in (
        ("leave-out", "leave a feature out; may be repeated"),
        ("increasing", "the score may only rise with this feature; may be repeated"),
        ("decreasing", "the score may only fall with this feature; may be repeated"),
    ):
        group.add_argument(f"--{name}", action="append", metavar="FEATURE", default=SUPPRESS, help=text)
    _add_fields(group, (*TREES, *IMBALANCE, *DATA))


def _add_thresholds(group: Any) -> None:
    group.add_argument(
        "--thresholds",
        type=read_thresholds,
        default={},
        metavar="review=0.1,block=0.9",
        help="scores from which events are reviewed or blocked (default: chosen by the next options)",
    )
    _add_fields(group, THRESHOLDS)


def _add_search(group: Any) -> None:
    group.add_argument(
        "--search-minutes",
        type=number(minimum=0, maximum=MAX_MINUTES),
        default=0.0,
        metavar="X",
        help="search for a better recipe, starting from the stated one, for at most this long",
    )
    group.add_argument(
        "--search-trials",
        type=integer(minimum=2, maximum=MAX_TRIALS),
        default=SearchOptions.trials,
        metavar="N",
        help="maximum number of recipes tried (default: %(default)s)",
    )
    group.add_argument(
        "--search-seed",
        type=integer(minimum=0, maximum=MAX_SEED),
        default=SearchOptions.seed,
        metavar="N",
        help="of the sampler (default: %(default)s)",
    )
    group.add_argument(
        "--search-folds",
        type=integer(minimum=1, maximum=MAX_FOLDS),
        default=SearchOptions.folds,
        help="measure each trial on so many validation slices in time order (default: %(default)s)",
    )
    group.add_argument(
        "--search-history",
        type=Path,
        metavar="FILE",
        help="append every trial to this file; a search that was interrupted continues from it",
    )
    group.add_argument(
        "--save-recipe",
        type=read_new_file,
        metavar="FILE",
        help="write the recipe of the trained model as YAML",
    )


def _add_fields(group: Any, fields: Sequence[RecipeField]) -> None:
    for field in fields:
        group.add_argument(
            f"--{field.option}",
            dest=field.name,
            type=parser_of(field),
            default=SUPPRESS,
            metavar=field.metavar,
            help=f"{field.help} (default: {field.default_text})",
        )


def parser_of(field: RecipeField) -> Callable[[str], Any]:
    """A parser of the field's values on the command line."""
    if isinstance(field, RecipeChoice):
        return str
    if field.whole:
        return integer(minimum=int(field.minimum), maximum=int(field.maximum))
    return number(minimum=field.minimum, maximum=field.maximum, exclusive=field.exclusive)
