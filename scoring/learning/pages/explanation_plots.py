"""What a version's features do, as plots and in words, from what was stored at training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.admin_kit import formatting
from scoring.admin_kit.plots import Axis, Plot, Series

SHOWN = 15  # features of the plot of importance
CHANGES = 8
POOR, EXCELLENT = 0.4, 0.75  # bounds of the stability of a choice of features
LOG_ODDS = "Contribution (log-odds)"
SPREAD = 0.32  # of the distance of two rows, over which points of a row are spread
LEVELS = (("low value", "series-2"), ("middle value", "series-3"), ("high value", "series-1"))


@dataclass(frozen=True)
class ImportanceChange:
    """A feature whose share of all importance differs from the champion's."""

    name: str
    share: str
    champion: str
    change: str


@dataclass(frozen=True)
class FoldImportance:
    """The importance of a contender's features over folds, and its stability in words."""

    name: str
    plot: Plot
    stability: str


@dataclass(frozen=True)
class ExplanationPanel:
    """The part of a model's page about its features. `changes`: against the champion, the largest first."""

    rows: int
    stability: str
    importance: Plot
    swarm: Plot
    dependence: Sequence[Plot]
    interactions: Plot
    changes: Sequence[ImportanceChange]


def explanation_panel(stored: Mapping[str, Any], champion: Mapping[str, Any]) -> ExplanationPanel | None:
    """The panel, from the stored explanation of a version and of the champion of its day ({} for none)."""
    if not stored:
        return None
    return ExplanationPanel(
        stored["rows"],
        stability_in_words(stored["stability"]),
        _importance(stored["features"][:SHOWN]),
        _swarm(stored["beeswarm"]),
        [_dependence(each) for each in stored["dependence"]],
        _interactions(stored["interactions"]),
        importance_changes(stored, champion) if champion else (),
    )


def stability_in_words(stability: Mapping[str, float | None]) -> str:
    """How far the order of features can be relied on; "" if it has fewer than two."""
    correlation, kept = stability["rank_correlation"], stability["top_kept"]
    if correlation is None or kept is None:
        return ""
    return (
        f"On resampled events the order of features has a rank correlation of {correlation:.2f} with this"
        f" one, and {formatting.percent_text(kept, 0)} of the ten most important stay among them."
    )


def importance_changes(stored: Mapping[str, Any], champion: Mapping[str, Any]) -> list[ImportanceChange]:
    """The features whose share of all importance changed most, each measured on its own held-out events."""
    now, before = _shares(stored), _shares(champion)
    moved = {name: now.get(name, 0.0) - before.get(name, 0.0) for name in now.keys() | before.keys()}
    names = sorted(moved, key=lambda name: (-abs(moved[name]), name))
    return [
        ImportanceChange(
            name,
            formatting.percent_text(now.get(name, 0.0)),
            formatting.percent_text(before.get(name, 0.0)),
            formatting.signed_percent_text(moved[name]),
        )
        for name in names[:CHANGES]
    ]


def _shares(stored: Mapping[str, Any]) -> dict[str, float]:
    total = sum(each["importance"] for each in stored["features"])
    return {each["name"]: each["importance"] / total for each in stored["features"]} if total else {}


def _importance(features: Sequence[Mapping[str, Any]]) -> Plot:
    return importance_bars(
        "Importance of features",
        [(each["name"], each["importance"], each["low"], each["high"]) for each in features],
        summary="The mean absolute contribution of the most important features, with its interval.",
    )


def fold_importance(name: str, stored: Mapping[str, Any]) -> FoldImportance:
    """A contender's importance over folds, as `importance_over_folds` gives it."""
    plot = importance_bars(
        "Importance over folds",
        [(each["name"], each["mean"], each["low"], each["high"]) for each in stored["features"][:SHOWN]],
        summary="The mean over folds of the mean absolute contribution, from the lowest fold to the highest.",
    )
    return FoldImportance(name, plot, fold_stability_in_words(stored["stability"]))


def importance_bars(title: str, features: Sequence[tuple[str, float, float, float]], *, summary: str) -> Plot:
    """A bar for each (name, importance, low, high), with a whisker from low to high."""
    names, importance, low, high = zip(*features, strict=True) if features else ((), (), (), ())
    bars = Series("importance", list(zip(names, importance, strict=True)), kind="bar", low=low, high=high)
    return Plot(
        title,
        Axis("Feature", "text"),
        Axis("Mean absolute contribution (log-odds)"),
        [bars],
        summary=summary,
        horizontal=True,
        height=60 + 26 * len(features),
    )


def fold_stability_in_words(stability: Mapping[str, float | None]) -> str:
    """How alike the features' importance is in different folds; "" where it cannot be said."""
    correlation, index = stability["rank_correlation"], stability["top_stability"]
    if correlation is None:
        return ""
    text = (
        f"Trained anew on each fold, the order of features has a mean rank correlation of {correlation:.2f}"
    )
    if index is None:
        return f"{text}."
    return (
        f"{text}; the stability of the ten most important is {index:.2f}, {stability_word(index)}"
        " (1: always the same ten, 0: as by chance)."
    )


def stability_word(index: float) -> str:
    """The index in words, by the bounds that Nogueira et al. 2018 take from Fleiss."""
    if index < POOR:
        return "poor"
    return "excellent" if index > EXCELLENT else "intermediate to good"


def _swarm(features: Sequence[Mapping[str, Any]]) -> Plot:
    """A row for each feature; the points of a row are spread in a fixed pattern so that few hide others."""
    last = len(features) - 1
    series = []
    for level, (label, color) in enumerate(LEVELS):
        points = [
            (x, last - row + SPREAD * (2 * ((at * 0.618034) % 1) - 1))
            for row, each in enumerate(features)
            for at, (x, share) in enumerate(each["points"])
            if share is not None and min(int(share * len(LEVELS)), len(LEVELS) - 1) == level
        ]
        series.append(Series(label, points, color=color, kind="points"))
    missing = [
        (x, last - row + SPREAD * (2 * ((at * 0.618034) % 1) - 1))
        for row, each in enumerate(features)
        for at, (x, share) in enumerate(each["points"])
        if share is None
    ]
    return Plot(
        "Contributions by event",
        Axis(LOG_ODDS),
        Axis(
            "Feature", minimum=-0.5, maximum=last + 0.5, names=[each["name"] for each in reversed(features)]
        ),
        [*series, Series("missing", missing, color="muted", kind="points")],
        summary="Each point is the contribution of a feature to one event, colored by the feature's value.",
        height=80 + 30 * len(features),
    )


def _dependence(stored: Mapping[str, Any]) -> Plot:
    missing = stored["missing"]
    return Plot(
        stored["name"],
        Axis("Value"),
        Axis(LOG_ODDS),
        [Series("contribution", stored["points"], kind="points")],
        summary=f"The contribution of {stored['name']} against its value.",
        lines=[] if missing is None else [("mean of missing values", missing)],
    )


def _interactions(pairs: Sequence[Mapping[str, Any]]) -> Plot:
    return Plot(
        "Strongest interactions",
        Axis("Features", "text"),
        Axis("Mean absolute interaction (log-odds)"),
        [
            Series(
                "interaction",
                [(f"{each['first']} x {each['second']}", each["strength"]) for each in pairs],
                kind="bar",
            )
        ],
        summary="The pairs of features whose joint contribution differs most from the sum of both.",
        horizontal=True,
        height=60 + 26 * len(pairs),
        empty_text="No two features interact.",
    )
