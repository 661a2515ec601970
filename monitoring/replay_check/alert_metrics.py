"""Alerts on decisions that recomputing them from the log does not reproduce."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.replay_check.aspects import noun_of
from scoring.catalog.registry import scored_types
from scoring.replay.consistency.mismatches import AspectCheck, read_aspects

TWO_HOURS = timedelta(hours=2)  # the check counts by the hour


def mismatched_share(*, now: datetime) -> Iterator[Observation]:
    """The aspect of each event type with the largest share."""
    by_type: dict[str, list[AspectCheck]] = {name: [] for name in scored_types()}
    for check in read_aspects(since=now - TWO_HOURS):
        by_type.setdefault(check.event_type, []).append(check)
    for event_type, checks in by_type.items():
        worst = max(checks, key=_share, default=None)
        wrong = worst is not None and worst.mismatched > 0
        yield Observation(
            scope={"event_type": event_type},
            value=_share(worst) if worst else None,
            since=now - TWO_HOURS,
            until=now,
            rows=worst.compared if worst else 0,
            because=f"The log does not reproduce {noun_of(worst.aspect)}." if worst and wrong else "",
            path=f"replay-check/?type={event_type}",
        )


def _share(check: AspectCheck) -> float:
    return check.mismatched / max(check.compared, 1)


register_metric(
    Metric(
        name="replay.mismatched_share",
        title="Decisions that the log does not reproduce",
        help="The largest share of a checked aspect, such as the features, that came out differently.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("event_type",),
        observe=mismatched_share,
        suggested=SuggestedAlert(0, severity="critical", runbook="docs/how-to/replay-decisions.md"),
    )
)
