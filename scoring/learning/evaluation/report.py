"""Training runs, evaluations and model versions as text tables for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.catalog.currency import format_minor
from scoring.learning.baseline_names import BASELINES
from scoring.learning.dataset.outliers import outlier_sentences
from scoring.learning.dataset.selection import MAX_WEIGHT
from scoring.learning.evaluation.evaluate import Evaluation
from scoring.learning.leakage.accepting import accepted_in_words
from scoring.learning.leakage.served import served_in_words
from scoring.learning.metrics.resampling import Interval
from scoring.learning.metrics.weighted_shares import effective_text
from scoring.learning.promotion.stages import ModelStage
from scoring.learning.training.runs import TrainingRun
from scoring.registry.feature_sets import SetUse
from scoring.timestamps import to_iso

MONEY_NAMES = {
    "fraud_amount_stopped_a_day": "amount stopped a day",
    "money_saved_a_day": "money saved a day",
}
METRIC_NAMES = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "base_rate": "share of positives",
    "precision_at_100_a_day": "precision at 100 a day",
    "ndcg_at_100_a_day": "NDCG at 100 a day",
    "entity_precision": "entity precision at 100 a day",
    "entities_caught": "entities caught",
    "best_f1": "best F1",
    "recall_at_0.1pct_false_positives": "recall at 0.1 % false positives",
    "recall_at_1pct_false_positives": "recall at 1 % false positives",
    "brier": "Brier score",
    "calibration_error": "calibration error (15 bins)",
}


def training_lines(run: TrainingRun) -> list[str]:
    """The output of `manage.py train`."""
    trained = run.trained
    calibration, thresholds = trained.calibration, trained.thresholds
    return [
        f"{run.name}  (artifact {run.digest[:12]}, {trained.rounds} trees)",
        "",
        *_slice_lines(trained.metrics["slices"]),
        *_window_lines(run.lineage),
        "",
        "on the test slice",
        *metric_lines([trained.metrics]),
        *_threshold_lines(trained.metrics, thresholds),
        *share_lines(trained.metrics),
        "",
        f"score = sigmoid({calibration.slope:.4f} x margin {calibration.intercept:+.4f})",
        "",
        *gate_lines(run.checks),
    ]


def _window_lines(lineage: Mapping[str, Any]) -> list[str]:
    """The events excluded from the slices, and those that count more than once."""
    since = lineage.get("since")
    lines = [f"  excluded: events before {since}"] if since else []
    lines += [f"  excluded: {text}" for text in outlier_sentences(lineage.get("outliers"))]
    if unknown := lineage.get("unknown_blocks"):
        lines.append(
            f"  excluded: {unknown:,} blocked {'event' if unknown == 1 else 'events'} without a label"
        )
    if explored := lineage.get("explored"):
        bound = f"1 / propensity times, at most {MAX_WEIGHT:g}"
        lines.append(f"  weighted: {explored:,} explored, each counted {bound}")
    if accepted := accepted_in_words(lineage):
        lines.append(f"  accepted although too good to be true: {accepted}")
    if skewed := served_in_words(lineage.get("leakage", {})):
        lines.append(f"  accepted although served with other values: {skewed}")
    return lines


def gate_lines(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each check of the gate."""
    return ["gate"] + [
        f"  {'passed' if check['passed'] else 'FAILED':<8}{check['name']}: {check['sentence']}"
        + ("" if check["passed"] else f" Allowed: {check['allowed']}.")
        for check in checks
    ]


def evaluation_lines(name: str, evaluation: Evaluation) -> list[str]:
    """The output of `manage.py evaluate`."""
    columns = [evaluation.model] + ([evaluation.other] if evaluation.other else [])
    heads = [name, BASELINES.get(evaluation.against, evaluation.against)][: len(columns)]
    lines = [f"{evaluation.model['rows']:,.0f} events, {evaluation.model['positives']:,.0f} positive", ""]
    lines += [" " * 32 + "".join(f"{head:>22}" for head in heads), *metric_lines(columns)]
    lines += _money_lines(columns, evaluation.currency)
    lines += share_lines(evaluation.model)
    return lines + ([interval_line(evaluation.difference)] if evaluation.difference else [])


def metric_lines(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each metric, one column for each model."""
    return [
        f"  {word:<30}" + "".join(f"{_number(c.get(key)):>22}" for c in columns)
        for key, word in METRIC_NAMES.items()
    ]


def _money_lines(columns: Sequence[Mapping[str, Any]], currency: str) -> list[str]:
    """One line for each amount that one of the models has."""
    return [
        f"  {word:<30}" + "".join(f"{_amount(c.get(key), currency):>22}" for c in columns)
        for key, word in MONEY_NAMES.items()
        if any(c.get(key) is not None for c in columns)
    ]


def interval_line(interval: Interval) -> str:
    """The difference in average precision with its interval."""
    return (
        f"  difference in average precision {interval.estimate:+.4f}, {interval.level:.0%} interval"
        f" [{interval.low:+.4f}, {interval.high:+.4f}] ({interval.samples} bootstrap samples)"
    )


def version_lines(
    versions: Iterable[Any], *, stages: Mapping[str, ModelStage], sets: Mapping[str, int]
) -> list[str]:
    """One line for each model version; `stages` gives its stage, `sets` the number of its feature set."""
    head = f"{'model':<20}{'trained':<18}{'data until':<12}{'set':>4}{'AP':>8}{'ROC AUC':>9}"
    lines = [f"{head}  {'gate':<6}stage"]
    for version in versions:
        passed = sum(check["passed"] for check in version.checks)
        gate = f"{passed}/{len(version.checks)}" if version.checks else "-"
        lines.append(
            f"{version.name:<20}{version.trained_at:%Y-%m-%d %H:%M}  {version.as_of:%Y-%m-%d}"
            f"{sets.get(version.name) or '-':>6}"
            f"{_number(version.metrics.get('average_precision')):>8}"
            f"{_number(version.metrics.get('roc_auc')):>9}  {gate:<6}{stages[version.name].text}".rstrip()
        )
    return lines


def described_versions(
    versions: Iterable[Any], *, stages: Mapping[str, ModelStage], sets: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The same of each version as JSON values, with all its metrics and the checks that failed."""
    return [
        {
            "model": version.name,
            "event_type": version.event_type,
            "trained": to_iso(version.trained_at),
            "data_until": to_iso(version.as_of),
            "feature_set": sets.get(version.name),
            "metrics": version.metrics,
            "passed": all(check["passed"] for check in version.checks),
            "failed": [check["name"] for check in version.checks if not check["passed"]],
            "stage": stages[version.name].text,
        }
        for version in versions
    ]


def set_lines(uses: Iterable[SetUse], *, before: Mapping[str, str | None], with_features: bool) -> list[str]:
    """One line for each feature set, followed by its features if requested. `before`: for each event type the
    model that a rollback would restore.
    """
    lines = [
        f"{'event type':<16}{'set':>4}  {'declared':<18}{'features':>8}  {'code':<9}{'deployed models':<32}"
    ]
    for use in uses:
        declared = f"{use.declared_at:%Y-%m-%d %H:%M}" if use.declared_at else "not yet"
        lines.append(
            f"{use.event_type:<16}{use.number or '-':>4}  {declared:<18}{len(use.names):>8}"
            f"  {_place_in_code(use):<9}{_deployment_text(use, before=before[use.event_type])}"
        )
        lines += [f"{'':<22}{name}" for name in use.names] if with_features else []
    return lines


def _place_in_code(use: SetUse) -> str:
    if use.is_newest:
        return "newest"
    return "earlier" if use.in_code else "no"


def _deployment_text(use: SetUse, *, before: str | None) -> str:
    if not use.may_be_retired:
        return ", ".join(f"{arm.model} ({arm.role})" for arm in use.arms) or "none"
    held = f", but a rollback would restore {before}, which needs it" if before in use.models else ""
    return f"none: it can be removed from the code{held}"


def _slice_lines(slices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    head = f"  {'slice':<14}{'from':<12}{'until':<12}{'events':>10}{'positive':>10}{'inferred':>10}"
    return [head] + [
        f"  {name:<14}{part['from'][:10]:<12}{part['to'][:10]:<12}"
        f"{part['rows']:>10,}{part['positives']:>10,}{part['inferred']:>10,}"
        for name, part in slices.items()
    ]


def _threshold_lines(metrics: Mapping[str, Any], thresholds: Mapping[str, float]) -> list[str]:
    return [
        f"  {name} from a score of {value:.4f}".ljust(42)
        + f"precision {_number(metrics[f'precision_at_{name}'])},"
        + f" recall {_number(metrics[f'recall_at_{name}'])}"
        for name, value in thresholds.items()
    ]


def share_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Precision and recall at each threshold with their intervals, and how much weighted events tell."""
    lines = [
        f"  {key.replace('_', ' '):<30}{each['estimate']:>10.4f}  95 % interval [{each['low']:.4f},"
        f" {each['high']:.4f}], {each['effective']:,.0f} effective events"
        for key, each in sorted(metrics.get("intervals", {}).items())
    ]
    effective = effective_text(metrics)
    return lines + ([f"  {effective}"] if effective else [])


def _amount(minor: float | None, currency: str) -> str:
    return "-" if minor is None else format_minor(minor, currency)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
