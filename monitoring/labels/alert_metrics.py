"""What alerts may be set on: labels that are missing, and how late labels are."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.labels.coverage import USUAL_WEEKS, WeekCoverage, cover_weeks, judged_week
from monitoring.labels.delays import MIN_LABELS
from monitoring.labels.describing import LATE, age_text, changed_on, delay_sentence
from monitoring.labels.history import DAY_SECONDS, HISTORY
from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.models import LabelDelay, LabelWeek
from scoring.admin_kit.formatting import percent_text
from scoring.catalog.registry import scored_types

SCOPE = ("event_type",)
HOURLY = timedelta(hours=1)  # the figures are measured once a night
STALE = timedelta(days=2)  # a comparison that was not made anew tells nothing
RUNBOOK = "docs/reference/performance-monitoring.md"


def _weeks(event_type: str, *, now: datetime) -> list[WeekCoverage]:
    rows = LabelWeek.objects.filter(event_type=event_type, start__gte=now - HISTORY)
    return cover_weeks(rows, now=now)


def observe_coverage_loss(*, now: datetime) -> Iterator[Observation]:
    """The share of usual labels that the youngest comparable week lacks, with its 95 % interval."""
    for name in scored_types():
        judged = judged_week(_weeks(name, now=now))
        if judged is None or judged.compared is None:
            continue
        found = judged.compared
        because = (
            f"After {age_text(found.age)} {percent_text(found.share, 2)} of the events of"
            f" {judged.week.start:%Y-%m-%d} had a label, and {percent_text(found.usual, 2)} of the weeks"
            " before: a source sends fewer labels, or later."
            if found.low > 0
            else ""
        )
        yield Observation(
            *({"event_type": name}, found.loss, judged.week.start, judged.week.until),
            rows=round(found.expected),
            low=found.low,
            high=found.high,
            because=because,
            path=f"label-coverage/?type={name}",
        )


def observe_delay(*, now: datetime) -> Iterator[Observation]:
    """The median delay of the labels that became known in the last complete week."""
    for name in scored_types():
        arrived = [each for each in _weeks(name, now=now) if each.delays and each.week.until <= now]
        if not arrived or (last := arrived[-1]).delays is None:
            continue
        usual = [each.delays.median for each in arrived[-USUAL_WEEKS - 1 : -1] if each.delays]
        because = ""
        if usual and last.delays.median > max(usual):
            because = f"In the {len(usual)} weeks before, the median was at most {max(usual)} days."
        yield Observation(
            *({"event_type": name}, last.delays.median * DAY_SECONDS, last.week.start, last.week.until),
            rows=last.delays.labels,
            because=because,
            path=f"label-coverage/?type={name}",
        )


def observe_source_delay(*, now: datetime) -> Iterator[Observation]:
    """How many times as long the labels of recent events take, by source, with its 99.9 % interval."""
    names = scored_types()
    for found in LabelDelay.objects.filter(event_type__in=names, computed_at__gte=now - STALE):
        yield Observation(
            {"event_type": found.event_type, "label_source": found.source},
            found.factor,
            changed_on(found),
            found.computed_at,
            rows=found.labels,
            low=found.low,
            high=found.high,
            because=delay_sentence(found) if found.low > 1 else "",
            path=f"label-coverage/?type={found.event_type}",
        )


register_metric(
    Metric(
        "labels.source_delay",
        "Later labels of a source",
        "How many times as long a source takes to label recent events as those before, at the same ages.",
        Unit.NUMBER,
        Worse.UP,
        (*SCOPE, "label_source"),
        observe_source_delay,
        HOURLY,
        SuggestedAlert(LATE, 1.1, min_rows=MIN_LABELS, runbook=RUNBOOK),
    )
)
register_metric(
    Metric(
        "labels.coverage_loss",
        "Missing labels",
        "The share of the usual labels that the youngest comparable week lacks at its age.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observe_coverage_loss,
        HOURLY,
        SuggestedAlert(0.3, 0.2, min_rows=20, runbook=RUNBOOK),
    )
)
register_metric(
    Metric(
        "labels.delay",
        "Label delay",
        "The median time from an event to its first label, over the labels of the last complete week.",
        Unit.SECONDS,
        Worse.UP,
        SCOPE,
        observe_delay,
        HOURLY,
    )
)
