"""Retraining triggers in words: what each looks at, and what it found."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from monitoring.triggers.judging import State
from monitoring.triggers.settings import DRIFT, LABELS, PERFORMANCE, RECIPE, Trigger, TriggerSettings
from scoring.admin_kit.formatting import count_text, decimal_text, percent_text

TITLES: Final = {
    DRIFT: "Drift",
    PERFORMANCE: "Loss of performance",
    LABELS: "New labels",
    RECIPE: "Changed features or recipe",
}
EXPLAINED: Final = {
    DRIFT: "Features or scores of the last week are distributed unlike in training, beyond chance.",
    PERFORMANCE: "Matured events are ranked worse than the held-out events at training.",
    LABELS: "Events that have matured with a label since the champion's cut-off.",
    RECIPE: "Features in code, or the recipe of the schedule, differ from the champion's.",
}
_UNITS: Final = {
    DRIFT: "decisions within a week",
    PERFORMANCE: "matured events of the rarer class",
    LABELS: "new labels",
}
_UNKNOWN: Final = {
    DRIFT: "the champion has no reference distributions",
    PERFORMANCE: "the champion has no sample of held-out events of both classes",
    LABELS: "the champion's lineage does not say with which labels it was trained",
}

Figures = Mapping[str, Any]  # a reading as data


def reading_text(reading: Figures) -> str:
    """What was found, as a clause: "9 of the 200 new labels that are needed"."""
    name, state = reading["trigger"], reading["state"]
    if state == State.OFF:
        return "switched off"
    if state == State.UNKNOWN:
        return _UNKNOWN[name]
    if state == State.TOO_FEW:
        count, minimum = count_text(reading["count"]), count_text(reading["minimum"])
        return f"{count} of the {minimum} {_UNITS[name]} that are needed"
    return _FOUND[name](reading)


def _drift_text(reading: Figures) -> str:
    details = reading["details"]
    drifted = details["drifted"]
    features = "1 feature" if drifted == 1 else f"{count_text(drifted)} features"
    have = "has" if drifted == 1 else "have"
    named = ", ".join(each["name"] for each in details["features"])
    which = f": {named}" if named else ""
    return (
        f"{features} with {percent_text(reading['value'], 0)} of the importance {have} drifted"
        f" ({percent_text(reading['limit'], 0)} suffice){which}; the PSI of the scores is"
        f" {decimal_text(details['score_psi'], 2)} (above {details['psi']:g} suffices)"
    )


def _performance_text(reading: Figures) -> str:
    details = reading["details"]
    live, promised = (decimal_text(details[name], 3) for name in ("average_precision", "promised"))
    low, high, level = (percent_text(details[name], 0) for name in ("low", "high", "level"))
    return (
        f"average precision on {count_text(details['events'])} matured events is {live}, and {promised} on"
        f" held-out events: a loss of {percent_text(reading['value'], 0)} ({level} interval {low} to {high};"
        f" wholly above {percent_text(reading['limit'], 0)} suffices)"
    )


def _labels_text(reading: Figures) -> str:
    with_ = count_text(reading["details"]["trained_with"])
    return (
        f"{count_text(reading['count'])} new labels, {percent_text(reading['value'], 0)} of the {with_} that"
        f" the champion was trained with ({percent_text(reading['limit'], 0)} suffice)"
    )


def _recipe_text(reading: Figures) -> str:
    details = reading["details"]
    if not details["changes"]:
        return "features and recipe are the champion's"
    what = f"a training would differ from the champion's in {', '.join(details['changes'])}"
    return f"{what}; {details['trained_since']} has that already" if details["trained_since"] else what


_FOUND: Final[Mapping[str, Callable[[Figures], str]]] = {
    DRIFT: _drift_text,
    PERFORMANCE: _performance_text,
    LABELS: _labels_text,
    RECIPE: _recipe_text,
}


def trigger_text(trigger: Trigger) -> str:
    """A trigger's settings: "20 % more labels, at least 200"."""
    if not trigger.on:
        return "off"
    if trigger.name == RECIPE:
        return "any difference"
    limit, minimum = percent_text(trigger.limit, 0), count_text(trigger.minimum)
    if trigger.name == DRIFT:
        return (
            f"features with {limit} of the importance, or the scores, with a PSI above {trigger.psi:g};"
            f" at least {minimum} decisions"
        )
    if trigger.name == PERFORMANCE:
        return f"average precision lower by more than {limit}; at least {minimum} positives"
    return f"{limit} more labels, at least {minimum}"


def settings_text(settings: TriggerSettings) -> str:
    """Settings in one line, for tables and the history."""
    if not settings.on:
        return "switched off"
    on = [TITLES[each.name].lower() for each in settings.triggers if each.on]
    return (
        f"{', '.join(on) or 'none'}; {settings.cool_down_hours} h apart, at most {settings.max_a_day} a day"
    )
