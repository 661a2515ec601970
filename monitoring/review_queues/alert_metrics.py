"""What alerts may be set on: cases whose SLA has ended, by queue."""

from collections.abc import Iterator
from datetime import datetime

from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from reviews.models.queues import ReviewQueue
from reviews.queue.states import NOTHING_PENDING, queue_states

RUNBOOK = "docs/reference/review-queues.md"


def observe_breaches(*, now: datetime) -> Iterator[Observation]:
    """How many undecided cases are late, of each queue with an SLA; two queries, one without such a queue."""
    named = [queue for queue in ReviewQueue.objects.in_use() if queue.terms["sla_minutes"]]
    states = queue_states(now=now) if named else {}
    for queue in named:
        state = states.get((queue.event_type, queue.name), NOTHING_PENDING)
        late = f"The oldest was opened at {state.oldest:%Y-%m-%d %H:%M} UTC." if state.oldest else ""
        yield Observation(
            {"event_type": queue.event_type, "queue": queue.name},
            state.breached,
            now,
            now,
            rows=state.pending,
            because=f"{state.pending} cases are undecided. {late}" if state.breached else "",
            path="review-queues/",
        )


register_metric(
    Metric(
        "reviews.sla_breached",
        "Cases past their SLA",
        "The number of undecided cases of a review queue whose SLA has ended.",
        Unit.COUNT,
        Worse.UP,
        ("event_type", "queue"),
        observe_breaches,
        suggested=SuggestedAlert(0, runbook=RUNBOOK),
    )
)
