"""Values that are read from the history of an entity."""

import math
from typing import Any

from scoring import declare
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import Subject
from tests.contract.reference.event_values import EventValues, Vocabularies
from tests.contract.reference.histories import Histories, History, Seen
from tests.contract.reference.items import NAN, fulfills, haversine_km, number, seconds_since
from tests.contract.reference.windows import Summary


class EntityValues(EventValues):
    """A method for each word that reads a history; counts reads of full maps by feature."""

    def __init__(self, histories: Histories, vocabularies: Vocabularies) -> None:
        super().__init__(vocabularies)
        self.histories = histories
        self.saturated: dict[str, int] = {}

    def _Aggregate(self, item: LaneItem, feature: declare.Aggregate) -> float:
        summary = Summary(
            feature.function, feature.field_name, feature.where, feature.window.us, feature.tile
        )
        return summary.of(self.histories, item, feature)

    def _InSession(self, item: LaneItem, feature: declare.InSession) -> float:
        history = self.histories.read(item, feature)
        if history is None:
            return NAN
        began, last, members = session_of(history, self.histories.subject(item, feature), feature.gap.us)
        read = history.read_time(item)
        if began is None or last is None or read - last >= feature.gap.us:
            return 0.0
        if feature.function == "duration":
            return (read - began) / 1e6
        total = 0.0
        for member in members:
            value = 1.0 if feature.function == "count" else number(member, feature.field_name)
            if not math.isnan(value):
                total += value if member.kind == "event" else -value
        return total

    def _Labeled(self, item: LaneItem, feature: declare.Labeled) -> float:
        history = self.histories.read(item, feature)
        if history is None:
            return NAN
        read = history.read_time(item)
        first = (read - feature.delay.us - feature.window.us) // feature.tile
        end = (read - feature.delay.us) // feature.tile
        positives = events = 0.0
        for applied in history.applied(self.histories.subject(item, feature)):
            if first <= applied.occurred_at_us // feature.tile < end:
                positives += applied.positive_delta if applied.kind == "label" else 0
                events += {"event": 1, "undo": -1, "label": 0}[applied.kind]
        if feature.function == "count":
            return positives
        return NAN if events == 0 else positives / events

    def _Distinct(self, item: LaneItem, feature: declare.Distinct) -> float:
        history = self.histories.read(item, feature)
        if history is None:
            return NAN
        seen, cap = self._seen(item, feature, history)
        read = history.read_time(item)
        start = (read - feature.window.us) // feature.tile * feature.tile
        if seen.dropped is not None and start <= seen.dropped:
            name = f"{item.type}.{feature.name}"
            self.saturated[name] = self.saturated.get(name, 0) + 1
            return float(cap)
        return float(sum(last >= start for last in seen.last.values()))

    def _SinceLastSame(self, item: LaneItem, feature: declare.SinceLastSame) -> float:
        last = self._last_same(item, feature)
        return NAN if last is None else seconds_since(item, last)

    def _IsNew(self, item: LaneItem, feature: declare.IsNew) -> float:
        if self.histories.read(item, feature) is None or item.fields.get(feature.field.name) is None:
            return NAN
        return 1.0 if self._last_same(item, feature) is None else 0.0

    def _SinceLast(self, item: LaneItem, feature: declare.SinceLast) -> float:
        history = self.histories.read(item, feature)
        events = [] if history is None else history.events(self.histories.subject(item, feature))
        times = [event.occurred_at_us for event in events if fulfills(event, feature.where)]
        return seconds_since(item, max(times)) if times else NAN

    def _SinceFirst(self, item: LaneItem, feature: declare.SinceFirst) -> float:
        history = self.histories.read(item, feature)
        times = [] if history is None else [e.occurred_at_us for e in history.events()]
        return seconds_since(item, min(times)) if times else NAN

    def _Last(self, item: LaneItem, feature: declare.Last) -> float:
        last = self._last_with(item, feature, feature.field.name)
        return NAN if last is None else number(last, feature.field.name)

    def _Changed(self, item: LaneItem, feature: declare.Changed) -> float:
        name = feature.field.name
        last = self._last_with(item, feature, name)
        if last is None or item.fields.get(name) is None:
            return NAN
        return float(last.fields[name] != item.fields[name])

    def _last_with(self, item: LaneItem, feature: declare.OnEntity, name: str) -> LaneItem | None:
        """The event of the latest time that has a field; at equal times the later in the lane."""
        history = self.histories.read(item, feature)
        events = [] if history is None else history.events(self.histories.subject(item, feature))
        having = [event for event in events if event.fields.get(name) is not None]
        return max(having, key=lambda event: (event.occurred_at_us, event.seq), default=None)

    def _Traveled(self, item: LaneItem, feature: declare.Traveled) -> float:
        history = self.histories.read(item, feature)
        last: tuple[int, float, float] | None = None
        for event in history.events(self.histories.subject(item, feature)) if history is not None else ():
            there = number(event, feature.latitude.name), number(event, feature.longitude.name)
            known = not any(math.isnan(degrees) for degrees in there)
            if known and (last is None or event.occurred_at_us >= last[0]):
                last = (event.occurred_at_us, *there)
        if last is None:
            return NAN
        here = number(item, feature.latitude.name), number(item, feature.longitude.name)
        kilometers = haversine_km(last[1], last[2], *here)
        hours = max(60_000_000, item.occurred_at_us - last[0]) / 3.6e9
        return kilometers if feature.function == "distance" else kilometers / hours

    def _seen(self, item: LaneItem, feature: Any, history: History) -> tuple[Seen, int]:
        subject, where = self.histories.subject(item, feature), getattr(feature, "where", None)
        of_map = (subject.of, subject.role, feature.field.name, feature.cap, where)
        return history.seen.get(of_map, Seen()), feature.cap

    def _last_same(self, item: LaneItem, feature: Any) -> int | None:
        history = self.histories.read(item, feature)
        value = item.fields.get(feature.field.name)
        if history is None or value is None:
            return None
        seen, cap = self._seen(item, feature, history)
        return seen.kept(cap).get(value)


def session_of(history: History, subject: Subject, gap: int) -> tuple[int | None, int | None, list[LaneItem]]:
    """When the last session began and had its last event, and its events and undoings, in lane order."""
    began: int | None = None
    last: int | None = None
    members: list[LaneItem] = []
    for applied in history.applied(subject):
        if applied.kind == "label":
            continue
        time = applied.occurred_at_us
        if applied.kind == "event" and (last is None or time >= last + gap):
            began, last, members = time, time, []
        if applied.kind == "event" and last is not None:
            last = max(last, time)
        if began is not None and last is not None and began <= time <= last:
            members.append(applied)
    return began, last, members
