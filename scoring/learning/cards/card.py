"""The card of a model version: what it is for, what it learned from, how good it is, and who approved it.

The sections are those of Mitchell et al., *Model Cards for Model Reporting* (2019), filled from what is
stored with the version and from the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.admin_kit import formatting
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.cards.intervals import metric_interval
from scoring.learning.cards.sections import CardSection
from scoring.learning.cards.slice_sections import slice_sections
from scoring.learning.cards.slices import slices_in_time
from scoring.learning.leakage.accepting import accepted_in_words
from scoring.learning.leakage.served import served_in_words
from scoring.learning.noise.estimating import DoubleReviews
from scoring.learning.noise.words import error_in_words, noise_in_words
from scoring.learning.pages.gate_table import check_rows, why_not_compared
from scoring.learning.pages.history import ModelHistoryLine
from scoring.learning.pages.metric_table import METRICS, MetricDescription, difference_in_words, positive_of
from scoring.learning.pages.slice_tables import SliceTable
from scoring.learning.pages.thresholds.table import COLUMNS
from scoring.registry.models import ModelVersion

SLICE_COLUMNS = ("Slice", "From", "Until", "Events", "Positive", "Negative by maturity alone")
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class CardFacts:
    """What a card is made of besides the version's row.

    `stage`: in words. `lineage`: rows of names and values. `history`: newest first. `policies`: rows (policy,
    broken, average precision, chance) of the heads. `slices`: metrics and fairness by field.
    `thresholds`: rows of `thresholds.table.COLUMNS`. `double_reviews`: those of the event type.
    """

    stage: str
    lineage: Sequence[tuple[str, str]]
    history: Sequence[ModelHistoryLine]
    policies: Sequence[tuple[str, str, str, str]] = ()
    slices: Sequence[SliceTable] = ()
    thresholds: Sequence[Sequence[str]] = ()
    double_reviews: DoubleReviews = DoubleReviews(0, 0)  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class MetricFigure:
    """A metric as numbers; `low` and `high` are the ends of its 95 % interval, None if it has none."""

    key: str
    value: float | None
    low: float | None
    high: float | None
    champion: float | None


@dataclass(frozen=True)
class ModelCard:
    """The card; `issued_at` is when it was made, because approval and deployment change."""

    model: str
    event_type: str
    artifact: str
    issued_at: datetime
    sections: Sequence[CardSection]
    metrics: Sequence[MetricFigure]


def make_card(version: ModelVersion, facts: CardFacts, *, now: datetime) -> ModelCard:
    """The card of a version as of now."""
    sections = (
        _purpose(version, facts),
        _data(version),
        _labels(version, facts.double_reviews),
        _metrics(version),
        *_thresholds(facts),
        *_policies(facts),
        *slice_sections(facts.slices),
        _gate(version),
        _limits(version, facts.double_reviews),
        CardSection("lineage", "Lineage", facts=facts.lineage),
        _approval(version, facts),
    )
    return ModelCard(
        version.name, version.event_type, version.artifact, now, sections, metric_figures(version)
    )


def metric_figures(version: ModelVersion) -> list[MetricFigure]:
    """The metrics on the held-out events, each with its interval and the champion's value."""
    champion = version.comparison.get("champion_metrics") or {}
    found = []
    for metric in METRICS:
        low, high = metric_interval(metric.key, version.metrics) or (None, None)
        value = version.metrics.get(metric.key)
        found.append(MetricFigure(metric.key, value, low, high, champion.get(metric.key)))
    return found


def _purpose(version: ModelVersion, facts: CardFacts) -> CardSection:
    kind = find_event_type(version.event_type)
    outcomes = ", ".join(kind.outcome_title(name) for name in kind.outcomes)
    return CardSection(
        "purpose",
        "Purpose",
        (
            f"Gives each {kind.name} event the probability of {kind.labels.positive}, with reasons.",
            f"Thresholds of the active policy turn it into an outcome: {outcomes}. Lists, rules and hash"
            " banks can decide otherwise.",
            "It is meant for the event type and the traffic that it was trained on, and for no other decision"
            " about a person.",
        ),
        (
            ("Model", version.name),
            ("Owner of the event type", kind.owner or NOT_RECORDED),
            ("Kind", "gradient-boosted trees (XGBoost) with Platt scaling"),
            ("Trained", f"{_moment(version.trained_at)} by {version.trained_by or NOT_RECORDED}"),
            ("Stage", facts.stage),
        ),
    )


def _data(version: ModelVersion) -> CardSection:
    slices = slices_in_time(version)
    features = version.reference.get("features", ())
    return CardSection(
        "data",
        "Data",
        ("Slices follow each other in time. Metrics are of the slice test, on which nothing was fitted.",),
        (
            ("Events", _counted(version.lineage.get("rows"))),
            ("Features", _counted(len(features)) if features else NOT_RECORDED),
            ("Left out of the trees", ", ".join(version.parameters.get("features_left_out") or ()) or "none"),
        ),
        SLICE_COLUMNS if slices else (),
        [_slice_row(name, part) for name, part in slices],
    )


def _slice_row(name: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (_counted(part.get(key)) for key in ("rows", "positives", "inferred"))
    return (name, part["from"][:10], part["to"][:10], *counts)


def _labels(version: ModelVersion, double_reviews: DoubleReviews) -> CardSection:
    lineage, labels = version.lineage, find_event_type(version.event_type).labels
    days = lineage.get("matures_after_days")
    return CardSection(
        "labels",
        "Labels and their delay",
        (
            f"Labels are {labels.positive} and {labels.negative}, as known at {_moment(version.as_of)}.",
            "A mature event without a label counts as negative, unless it was blocked, which leaves it"
            " unknown.",
        ),
        (
            (f"Events labeled {labels.positive}", _counted(lineage.get("positives"))),
            ("Negative by maturity alone", _counted(lineage.get("inferred_negatives"))),
            ("Labels mature after", NOT_RECORDED if days is None else f"{days:g} days"),
            ("Blocked without a label, left out", _counted(lineage.get("unknown_blocks"))),
            ("Explored, weighted by 1 / propensity", _counted(lineage.get("explored"))),
            ("Explored with a clipped weight", _counted(lineage.get("clipped"))),
            ("Error of one reviewer", error_in_words(double_reviews)),
        ),
    )


def _metrics(version: ModelVersion) -> CardSection:
    champion = version.comparison.get("champion") if version.comparison.get("champion_metrics") else None
    why = why_not_compared(version)
    compared = difference_in_words(version.comparison) or (
        f"Not compared with a champion: {why}." if why else ""
    )
    rows, positives = (_counted(version.metrics.get(key)) for key in ("rows", "positives"))
    kind = find_event_type(version.event_type)
    pairs = zip(METRICS, metric_figures(version), strict=True)
    return CardSection(
        "metrics",
        "Metrics",
        tuple(
            filter(
                None,
                (
                    f"On {rows} held-out events, {positives} of them {positive_of(version)}.",
                    compared,
                    "Intervals are 95\N{NO-BREAK SPACE}%: Boyd et al. (2013) for average precision, Hanley &"
                    " McNeil (1982) for ROC AUC and Wilson for recall at a false positive rate, which take"
                    " events for independent; linearized over entities with weights for precision and recall"
                    " at thresholds.",
                ),
            )
        ),
        (),
        ("Metric", "Value", "95\N{NO-BREAK SPACE}% interval", *([str(champion)] if champion else ())),
        [_metric_row(metric, figure, kind=kind, with_champion=bool(champion)) for metric, figure in pairs],
    )


def _metric_row(
    metric: MetricDescription, figure: MetricFigure, *, kind: type[EventType], with_champion: bool
) -> tuple[str, ...]:
    def text(value: float | None) -> str:
        return metric.text({metric.key: value}, currency=kind.base_currency)

    interval = formatting.NO_VALUE if figure.low is None else f"{text(figure.low)} to {text(figure.high)}"
    name = metric.name.format(positive=kind.labels.positive)
    return (name, text(figure.value), interval, *([text(figure.champion)] if with_champion else ()))


def _policies(facts: CardFacts) -> list[CardSection]:
    if not facts.policies:
        return []
    columns = ("Policy", "Broken / held out", "Average precision", "Chance")
    sentence = "Each policy has a score of its own in this model; the most severe outcome counts."
    return [CardSection("policies", "Policies", (sentence,), (), columns, facts.policies)]


def _gate(version: ModelVersion) -> CardSection:
    rows = [
        (
            check["name"],
            "passed" if check["passed"] else "failed",
            f"{check['sentence']} Allowed: {check['allowed']}.",
        )
        for check in check_rows(version)
    ]
    never = () if rows else ("This version was never checked.",)
    return CardSection(
        "gate", "Checks before approval", never, (), ("Check", "Result", "Finding") if rows else (), rows
    )


def _thresholds(facts: CardFacts) -> list[CardSection]:
    """What single thresholds separate; nothing for versions without a stored sample."""
    if not facts.thresholds:
        return []
    told = (
        "Of held-out events with at least this score, with 95 % intervals that take events for independent.",
    )
    return [CardSection("thresholds", "Thresholds", told, columns=COLUMNS, rows=facts.thresholds)]


def _limits(version: ModelVersion, double_reviews: DoubleReviews) -> CardSection:
    noise = noise_in_words(double_reviews, version.metrics)
    return CardSection("limits", "Limits and caveats", (*limits_of(version), *([noise] if noise else ())))


def limits_of(version: ModelVersion) -> list[str]:
    """What a reader must know before trusting the figures, in sentences."""
    lineage = version.lineage
    found = [
        "Figures are of one test period. Fraud and content change: drift is measured from the distributions"
        " stored with this version.",
        "Contributions explain the score, not the cause of an event.",
    ]
    if version.metrics.get("positives", 0) < 100:
        found.append("Fewer than 100 positive held-out events: all figures are uncertain.")
    if lineage.get("unknown_blocks"):
        found.append(
            "Blocked events without a label are in no figure; exploration alone shows what they were."
        )
    if lineage.get("unknown_blocks") is None:
        found.append("Unlabeled blocked events were taken for negative ones.")
    if lineage.get("explored"):
        found.append(
            "Explored events have large weights. The intervals of average precision and ROC AUC are those of"
            " as many equally weighted events as would tell as much, and so approximate."
        )
    if accepted := accepted_in_words(lineage):
        found.append(f"Features were accepted although they seem to know the label: {accepted}.")
    if skewed := served_in_words(lineage.get("leakage", {})):
        found.append(f"Features were accepted although decisions were given other values: {skewed}.")
    if reason := lineage.get("not_promotable"):
        found.append(f"It can never be deployed: {reason}.")
    if failed := [check["name"] for check in version.checks if not check["passed"]]:
        found.append(f"It failed these checks: {', '.join(failed)}.")
    return found


def _approval(version: ModelVersion, facts: CardFacts) -> CardSection:
    judged = version.status != ModelVersion.Status.CANDIDATE
    judged_by = f"{version.judged_by or NOT_RECORDED} at {_moment(version.judged_at)}"
    sentence = (
        f"{version.status.capitalize()} by {judged_by}: {version.note or 'no note'}"
        if judged
        else "Neither approved nor rejected yet."
    )
    rows = [(_moment(line.at), line.actor, line.what, line.note) for line in facts.history]
    return CardSection(
        "approval", "Approval and history", (sentence,), (), ("Time", "Actor", "What", "Note"), rows
    )


def _counted(value: float | None) -> str:
    return NOT_RECORDED if value is None else formatting.count_text(value)


def _moment(moment: datetime | None) -> str:
    return NOT_RECORDED if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
