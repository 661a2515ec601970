"""Which cases of the last days a queue would have taken."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reviews.models import Case
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.rules.trial.decided_events import FeatureColumns, read_decided_events
from scoring.rules.rules.trial.trying import MATCHED, UNKNOWN, Trial

PERIOD: Final = timedelta(days=30)
MAX_CASES = 2_000  # the latest ones, which are asked


@dataclass(frozen=True, slots=True)
class QueuePreview:
    """`total` cases were opened in the PERIOD, of which the `seen` latest were asked.

    `taken`: those that meet the condition, `from_queues` by the queue that they are in; `unknown`: those for
    which it depends on a missing value.
    """

    total: int
    seen: int
    taken: int
    unknown: int
    from_queues: Mapping[str, int]

    @property
    def share(self) -> float:
        return self.taken / self.seen if self.seen else 0.0

    @property
    def a_day(self) -> float:
        """Cases a day, if the others are like those that were asked."""
        return self.share * self.total / (PERIOD / timedelta(days=1))


def preview_queue(compiled: CompiledExpression, *, now: datetime) -> QueuePreview:
    """Ask a condition about the events of the latest cases of its type."""
    opened = Case.objects.filter(event_type=compiled.event_type, opened_at__gte=now - PERIOD)
    queues = dict(opened.order_by("-event_position").values_list("event_stream", "queue")[:MAX_CASES])
    events = read_decided_events(list(queues), columns=FeatureColumns(compiled.event_type))
    answers = [(event.stream, answer) for event, answer, _ in Trial(compiled, now=now).ask(events)]
    taken = [stream for stream, answer in answers if answer == MATCHED]
    return QueuePreview(
        total=opened.count() if len(queues) == MAX_CASES else len(queues),
        seen=len(events),
        taken=len(taken),
        unknown=sum(answer == UNKNOWN for _, answer in answers),
        from_queues=dict(Counter(queues[stream] for stream in taken).most_common()),
    )
