"""Applies the items of a lane one by one."""

from collections.abc import Sequence
from itertools import combinations

from scoring.catalog.event_type import EventType
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import Declarations, Names, kind_of
from tests.contract.reference.entity_values import EntityValues
from tests.contract.reference.event_values import Vocabularies
from tests.contract.reference.histories import Histories, History, Seen
from tests.contract.reference.items import fulfills
from tests.contract.reference.needs import Needs
from tests.contract.reference.usual import usual_value


class Reference:
    """Applies lane items one by one; `apply` gives the row of a scored event (vector, then usual values)."""

    def __init__(self, members: Sequence[type[EventType]], vocabularies: Vocabularies) -> None:
        self.declarations = Declarations(members)
        self.needs = Needs(self.declarations)
        self.histories = Histories(self.declarations)
        self.values = EntityValues(self.histories, vocabularies)

    @property
    def saturated(self) -> dict[str, int]:
        """Reads of full maps, by feature."""
        return self.values.saturated

    def apply(self, item: LaneItem) -> list[float] | None:
        row = None
        if item.kind == "event" and self.declarations.members[item.type].scored:
            features = self.declarations.features[item.type]
            row = [self.values.value(item, feature) for feature in features]
            row += [usual_value(self.values, item, feature) for feature in features]
        for kinds, role in self._touched(item):
            history = self.histories.find(item, kinds, role)
            if history is not None:
                self._remember(item, history, kinds, role)
        return row

    def _touched(self, item: LaneItem) -> list[tuple[Names, Names]]:
        """(kinds, the item's fields that make a key of them)."""
        declared = self.declarations.members[item.type].fields.items()
        fields = [(kind_of(field), name) for name, field in declared]
        touched = []
        for kinds in sorted(self.declarations.kinds):
            for chosen in combinations([each for each in fields if each[0] in kinds], len(kinds)):
                found, role = zip(*sorted(chosen, key=lambda each: each[0]), strict=True)
                if found == kinds and (item.kind == "event" or self.needs.counts(item, kinds, role)):
                    touched.append((kinds, role))
        return touched

    def _remember(self, item: LaneItem, history: History, kinds: Names, role: Names) -> None:
        history.seq = item.seq
        if item.kind == "label" and item.positive_delta == 0:
            return
        latest = history.latest()
        if item.kind == "event":
            latest = item.occurred_at_us if latest is None else max(latest, item.occurred_at_us)
        history.too_late += self.needs.is_too_late(item, kinds, role, latest)
        if latest is None or item.occurred_at_us > latest:  # only labels and undone events
            return
        history.items.append((item, role))
        if item.kind == "event":
            self._show(item, history, kinds, role)

    def _show(self, item: LaneItem, history: History, kinds: Names, role: Names) -> None:
        """Note the values that the event shows of the fields which maps remember."""
        for *of_map, name, cap, where in self.needs.maps:
            shown = item.fields.get(name)
            if of_map == [kinds, item.type, role] and shown is not None and fulfills(item, where):
                seen = history.seen.setdefault((item.type, role, name, cap, where), Seen())
                seen.show(shown, item.occurred_at_us, cap)
