"""Routing: which queue takes the case of an event, and the entities by which cases are linked.

The first queue, by priority, whose condition the event meets as it was decided. Where none does, a content
policy may name one; else the case goes to the default queue, "".
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from reviews.console.entity_index import busy_entities, entity_keys
from reviews.models.queues import ReviewQueue
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.expressions.operands import operands_of
from scoring.rules.rules.trial.decided_events import DecidedEvent, FeatureColumns, decided_event
from scoring.rules.rules.trial.trying import MATCHED, Trial

logger = logging.getLogger(__name__)

# An entity with more events than this, such as a large merchant, does not link its cases to each other.
MAX_LINKED_EVENTS = 200


class Routed(NamedTuple):
    """The queue that takes a case, in the version that does; "" and 0 for the default queue.

    `sla`: None without one. `linked`: keys of the entities that the event has in common with few others.
    """

    queue: str = ""
    number: int = 0
    sla: timedelta | None = None
    linked: tuple[int, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As logged in `case.opened`: no queue for the default one."""
        sla = {"sla_minutes": self.sla // timedelta(minutes=1)} if self.sla else {}
        named = {"queue": self.queue, "queue_version": self.number, **sla} if self.queue else {}
        return {**named, **({"shared_entities": list(self.linked)} if self.linked else {})}


NOT_ROUTED = Routed()


def route_decisions(
    decisions: Sequence[Entry], *, named: Mapping[str, str], now: datetime
) -> dict[str, Routed]:
    """Where the cases of these decided events go, by stream; nothing for types without queues.

    `named`: the queue that a content policy names for an event, by stream. Every type with a queue costs a
    few queries, whatever the number of decisions.
    """
    queues: dict[str, list[ReviewQueue]] = defaultdict(list)
    for queue in ReviewQueue.objects.in_use():
        queues[queue.event_type].append(queue)
    by_type: dict[str, set[str]] = defaultdict(set)
    for entry in decisions:
        if entry.data["event_type"] in queues:
            by_type[entry.data["event_type"]].add(entry.stream)
    return {
        stream: routed
        for name, streams in by_type.items()
        for stream, routed in route_events(name, sorted(streams), queues[name], named=named, now=now).items()
    }


def route_events(
    event_type: str,
    streams: Sequence[str],
    queues: Sequence[ReviewQueue],
    *,
    named: Mapping[str, str],
    now: datetime,
) -> dict[str, Routed]:
    """Where the cases of events of one type go, by stream. `queues`: those of the type, by priority."""
    columns, found = FeatureColumns(event_type), read_streams(streams)
    events = {stream: decided_event(found[stream], columns=columns) for stream in streams if stream in found}
    by_name = {queue.name: queue for queue in queues}
    takers = first_takers(queues, list(events.values()), now=now)
    keys = {stream: entity_keys(event_type, event.fields) for stream, event in events.items()}
    busy = busy_entities({key for each in keys.values() for key in each}, over=MAX_LINKED_EVENTS)
    return {
        stream: routed_to(
            takers.get(stream) or by_name.get(named.get(stream, "")), tuple(sorted(keys[stream] - busy))
        )
        for stream in events
    }


def first_takers(
    queues: Sequence[ReviewQueue], events: Sequence[DecidedEvent], *, now: datetime
) -> dict[str, ReviewQueue]:
    """For each event that meets a condition, the first of `queues` whose condition it meets, by stream.

    A condition that fails, or depends on a missing value, is not met.
    """
    takers: dict[str, ReviewQueue] = {}
    for queue in queues:
        left = [event for event in events if event.stream not in takers]
        compiled = compile_condition(queue) if left else None
        if compiled is None:
            continue
        for event, answer, _ in Trial(compiled, now=now).ask(left):
            if answer == MATCHED:
                takers[event.stream] = queue
    return takers


def compile_condition(queue: ReviewQueue) -> CompiledExpression | None:
    """The condition of a queue; None without one, or if what it names is gone."""
    condition = queue.terms["condition"]
    if not condition:
        return None
    try:
        return compile_expression(condition, operands_of(queue.event_type))
    except ExpressionInvalid as error:
        logger.warning("the review queue %s takes no cases: %s", queue.name, error)
        return None


def routed_to(queue: ReviewQueue | None, linked: tuple[int, ...] = ()) -> Routed:
    if queue is None:
        return Routed(linked=linked)
    return Routed(queue.name, queue.number, sla_of(queue.terms), linked)


def sla_of(terms: Mapping[str, Any]) -> timedelta | None:
    return timedelta(minutes=terms["sla_minutes"]) if terms["sla_minutes"] else None
