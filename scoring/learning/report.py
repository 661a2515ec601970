"""Runs and versions as tables for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.learning.metrics import Interval
from scoring.learning.runs import Evaluation, TrainingRun
from scoring.learning.stages import Standing

WORDS = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "base_rate": "share of positives",
    "precision_at_100_a_day": "precision at 100 a day",
    "recall_at_1pct_false_positives": "recall at 1 % false positives",
    "brier": "Brier score",
    "calibration_error": "calibration error (15 bins)",
}


def training_lines(run: TrainingRun) -> list[str]:
    """What `manage.py train` prints."""
    trained = run.trained
    calibration, thresholds = trained.calibration, trained.thresholds
    return [
        f"{run.name}  (artefact {run.digest[:12]}, {trained.rounds} trees)",
        "",
        *_slice_lines(trained.metrics["slices"]),
        "",
        "on the test slice",
        *metric_lines([trained.metrics]),
        *_threshold_lines(trained.metrics, thresholds),
        "",
        f"score = sigmoid({calibration.slope:.4f} x margin {calibration.intercept:+.4f})",
        "",
        *gate_lines(run.checks),
    ]


def gate_lines(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a check of the gate."""
    return ["gate"] + [
        f"  {'passed' if check['passed'] else 'FAILED':<8}{check['name']}: {check['sentence']}"
        + ("" if check["passed"] else f" Allowed: {check['allowed']}.")
        for check in checks
    ]


def evaluation_lines(name: str, evaluation: Evaluation) -> list[str]:
    """What `manage.py evaluate` prints."""
    columns = [evaluation.model] + ([evaluation.baseline] if evaluation.baseline else [])
    heads = [name, "logistic regression"][: len(columns)]
    lines = [f"{evaluation.model['rows']:,.0f} events, {evaluation.model['positives']:,.0f} positive", ""]
    lines += [" " * 32 + "".join(f"{head:>22}" for head in heads), *metric_lines(columns)]
    return lines + ([interval_line(evaluation.difference)] if evaluation.difference else [])


def metric_lines(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a metric, a column a model."""
    return [
        f"  {word:<30}" + "".join(f"{_number(c.get(key)):>22}" for c in columns)
        for key, word in WORDS.items()
    ]


def interval_line(interval: Interval) -> str:
    """The difference of average precision, with its interval."""
    return (
        f"  difference of average precision {interval.estimate:+.4f}, {interval.level:.0%} interval"
        f" [{interval.low:+.4f}, {interval.high:+.4f}] ({interval.samples} bootstrap samples)"
    )


def version_lines(versions: Iterable[Any], *, stood: Mapping[str, Standing]) -> list[str]:
    """A line a model version; `stood` says where each one stands."""
    lines = [f"{'model':<20}{'trained':<18}{'data until':<12}{'AP':>8}{'ROC AUC':>9}  {'gate':<6}stage"]
    for version in versions:
        passed = sum(check["passed"] for check in version.checks)
        gate = f"{passed}/{len(version.checks)}" if version.checks else "-"
        lines.append(
            f"{version.name:<20}{version.trained_at:%Y-%m-%d %H:%M}  {version.as_of:%Y-%m-%d}"
            f"{_number(version.metrics.get('average_precision')):>10}"
            f"{_number(version.metrics.get('roc_auc')):>9}  {gate:<6}{stood[version.name].text}".rstrip()
        )
    return lines


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


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
