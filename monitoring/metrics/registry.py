"""The metrics that rooms register, in their modules `alert_metrics`."""

from functools import cache

from monitoring.metrics.metric import Metric
from scoring.discovery import discover

MODULE = "alert_metrics"
_metrics: dict[str, Metric] = {}


def register_metric(metric: Metric) -> Metric:
    """Register `metric` for alerts. Raises ValueError if there is another one with its name."""
    if _metrics.setdefault(metric.name, metric) is not metric:
        raise ValueError(f"there are two metrics named {metric.name!r}")
    return metric


def metrics() -> dict[str, Metric]:
    """All metrics by name, in alphabetical order."""
    _import_metrics()
    return {name: _metrics[name] for name in sorted(_metrics)}


@cache
def _import_metrics() -> None:
    discover(MODULE)
