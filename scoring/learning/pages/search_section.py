"""The history of a search on the pages of its training and of its model: verdict, plots and trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import stdev
from typing import Any, NamedTuple

from scoring.admin_kit.formatting import NO_VALUE, decimal_text
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.learning.recipes.fields import BY_PATH
from scoring.learning.search.report import NAMES, count_text, is_better, simpler_text, verdict_of
from scoring.learning.search.trials import COMPLETE, PRUNED

MAX_ROWS = 20
FRAME_HEIGHT, ROW_HEIGHT = 70, 26  # CSS pixels of the plot of importance
TONES = {True: "good", False: "bad", None: "neutral"}
NO_IMPORTANCE = "At least five complete trials with different values are needed."


class TrialLine(NamedTuple):
    """A trial in the table. `settings`: the values of the recipe's fields that it tried."""

    number: int
    state: str
    is_best: bool
    value: str
    trees: int
    seconds: str
    settings: Sequence[tuple[str, str]]


class SimplerLine(NamedTuple):
    """The model's difference in average precision from a simpler one on the held-out events."""

    name: str
    average_precision: str
    difference: str
    result: str
    tone: str


@dataclass(frozen=True)
class SearchSection:
    """Everything that the template shows; `trials` are the MAX_ROWS best of `count`.

    `simpler`: a sentence on a simpler recipe that is about as good, "" for none.
    """

    summary: str
    verdict: str
    against: Sequence[SimplerLine]
    plots: Sequence[Plot]
    trials: Sequence[TrialLine]
    count: int
    simpler: str = ""


def section_of_model(search: Mapping[str, Any] | None) -> SearchSection | None:
    """The section from the record stored with a version; None without a search."""
    if not search:
        return None
    trials = search["trials"]
    return SearchSection(
        summary=count_text(trials),
        verdict=verdict_of(search),
        against=[_simpler(each) for each in search["against"]],
        plots=[value_plot(trials), importance_plot(search["importance"])],
        trials=trial_lines(trials, best=search["best"]),
        count=len(trials),
        simpler=simpler_text(search),
    )


def section_of_trials(trials: Sequence[Mapping[str, Any]]) -> SearchSection | None:
    """The section while a search runs, or after one that produced no model; None without trials."""
    if not trials:
        return None
    complete = [trial for trial in trials if trial["state"] == COMPLETE]
    best = max(complete, key=lambda trial: (trial["value"], -trial["trial"]), default=None)
    lines = trial_lines(trials, best=best["trial"] if best else -1)
    return SearchSection(count_text(trials), "", [], [value_plot(trials)], lines, len(trials))


def trial_lines(trials: Sequence[Mapping[str, Any]], *, best: int) -> list[TrialLine]:
    """The best trials first; pruned ones after the complete ones, by the value at which they were stopped."""
    ranked = sorted(trials, key=lambda trial: (trial["state"] == PRUNED, -trial["value"], trial["trial"]))
    return [
        TrialLine(
            number=trial["trial"],
            state=trial["state"],
            is_best=trial["trial"] == best,
            value=value_text(trial),
            trees=trial["trees"],
            seconds=f"{trial['seconds']:.1f}\N{NO-BREAK SPACE}s",
            settings=[(path, setting_text(value)) for path, value in trial["params"].items()],
        )
        for trial in ranked[:MAX_ROWS]
    ]


def value_text(trial: Mapping[str, Any]) -> str:
    """The value with the standard deviation over folds where there are several: "0.8120 ± 0.0310"."""
    value = decimal_text(trial["value"], 4)
    folds = trial.get("folds")
    return f"{value} ± {decimal_text(stdev(folds), 4)}" if folds else value


def setting_text(value: Any) -> str:
    """A value of the recipe, numbers with three digits that count."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def value_plot(trials: Sequence[Mapping[str, Any]]) -> Plot:
    """Average precision on validation by trial, with the best so far."""
    complete = [(trial["trial"], trial["value"]) for trial in trials if trial["state"] == COMPLETE]
    pruned = [(trial["trial"], trial["value"]) for trial in trials if trial["state"] == PRUNED]
    best = list(accumulate((value for _, value in complete), max))
    so_far = [(number, value) for (number, _), value in zip(complete, best, strict=True)]
    series = [
        Series("best so far", so_far, color="series-1", kind="step"),
        Series("complete", complete, color="series-2", kind="dots"),
        Series("pruned, where it stopped", pruned, color="muted", kind="dots"),
    ]
    return Plot(
        "Value by trial",
        Axis("Trial"),
        Axis("Average precision on validation"),
        [each for each in series if each.points],
        summary="Average precision on the validation slice of each trial, and the best so far.",
    )


def importance_plot(importance: Mapping[str, float]) -> Plot:
    """The share of the trials' variance that each parameter explains."""
    bars = [(BY_PATH[path].label, share) for path, share in importance.items()]
    return Plot(
        "Importance of parameters",
        Axis("", "text"),
        Axis("Share of the variance between trials", "percent", 0),
        [Series("importance", bars, kind="bar")],
        summary="Share of the variance of average precision that each parameter explains (functional ANOVA).",
        height=FRAME_HEIGHT + ROW_HEIGHT * len(bars),
        horizontal=True,
        empty_text=NO_IMPORTANCE,
    )


def _simpler(against: Mapping[str, Any]) -> SimplerLine:
    name, difference = NAMES[against["name"]].capitalize(), against["difference"]
    if difference is None:
        return SimplerLine(name, NO_VALUE, NO_VALUE, "not compared", "neutral")
    better = is_better(against)
    words = {True: "significantly better", False: "significantly worse", None: "no significant difference"}
    interval = f"{difference['low']:+.4f} to {difference['high']:+.4f}"
    return SimplerLine(
        name,
        decimal_text(against["average_precision"], 4),
        f"{difference['estimate']:+.4f} ({interval})",
        words[better],
        TONES[better],
    )
