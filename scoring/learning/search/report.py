"""A search in words: for the terminal and for pages. This module imports nothing that trains."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.learning.search.trials import COMPLETE

NAMES = {"base": "the recipe it started from", "logistic": "logistic regression"}


def search_lines(search: Mapping[str, Any]) -> list[str]:
    """What a search found, from its record with the version, as lines of text."""
    trials, best = search["trials"], search["best"]
    by_number = {trial["trial"]: trial for trial in trials}
    lines = [
        count_text(trials) + ".",
        f"Average precision on validation: {by_number[best]['value']:.4f} in trial {best},"
        f" {by_number[0]['value']:.4f} in the first one, {NAMES['base']}.",
        *(f"{against_text(each)}." for each in search["against"]),
    ]
    return [*lines, verdict_of(search), *filter(None, [simpler_text(search)])]


def count_text(trials: Sequence[Mapping[str, Any]]) -> str:
    """How many trials there were and how long they took."""
    complete = sum(trial["state"] == COMPLETE for trial in trials)
    minutes = sum(trial["seconds"] for trial in trials) / 60
    noun = "trial" if len(trials) == 1 else "trials"
    return f"{len(trials)} {noun} in {minutes:.1f} minutes, {len(trials) - complete} of them pruned"


def against_text(against: Mapping[str, Any]) -> str:
    """The difference from one simpler model on the held-out events."""
    name, difference = NAMES[against["name"]], against["difference"]
    if difference is None:
        return f"Not compared with {name}: the held-out events have one class alone"
    return (
        f"Against {name}: {difference['estimate']:+.4f} average precision on the held-out events"
        f" ({100 * difference['level']:g} % interval {difference['low']:+.4f} to {difference['high']:+.4f})"
    )


def simpler_text(search: Mapping[str, Any]) -> str:
    """The simplest trial that is about as good as the best on the folds; "" if there is none."""
    simpler = search.get("simpler")
    if not simpler:
        return ""
    folds = search["options"]["folds"]
    return (
        f"Trial {simpler['trial']} is simpler, at most {simpler['leaves']:,} leaves instead of"
        f" {simpler['best_leaves']:,}, and within one standard error of the best over {folds} folds:"
        f" {simpler['difference']:.4f} lower, standard error {simpler['error']:.4f}."
    )


def is_better(against: Mapping[str, Any] | None) -> bool | None:
    """Whether the model is significantly better; None if the interval contains 0 or nothing was compared."""
    difference = against["difference"] if against else None
    if difference is None or difference["low"] <= 0 <= difference["high"]:
        return None
    return bool(difference["low"] > 0)


def verdict_of(search: Mapping[str, Any]) -> str:
    """What the comparisons suggest: the found recipe, the one it started from, or a logistic regression."""
    against = {each["name"]: each for each in search["against"]}
    if is_better(against.get("logistic")) is False:
        return (
            "Logistic regression is significantly better: prefer more data or better features to more trials."
        )
    if search["best"] == 0:
        return "No trial was better than the recipe it started from, which the model was trained with."
    better = is_better(against.get("base"))
    if better:
        found = "The found recipe is significantly better than the one it started from."
    elif better is False:
        return "The found recipe is significantly worse than the one it started from: prefer that one."
    else:
        found = (
            "The found recipe is not significantly better than the one it started from: prefer that one if it"
            " is simpler."
        )
    if is_better(against.get("logistic")) is None and "logistic" in against:
        return f"{found} The model is not significantly better than logistic regression."
    return found
