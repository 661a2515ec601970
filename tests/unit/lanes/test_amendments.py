"""Which version of an amended event a lane applies, whatever order its entries come in."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.lanes.amendments import AmendedEvent, AmendedEvents, place_entries
from scoring.lanes.order import Effect
from scoring.log.upcasters import current_version

RECEIPT, SECOND, THIRD, RETRACTION = 10, 20, 30, 40


def event(*, retracted: bool = False, labels: dict[int, int] | None = None) -> AmendedEvent:
    return AmendedEvent(
        receipt=RECEIPT,
        versions={RECEIPT: {}, SECOND: {}, THIRD: {}},
        labels=labels or {},
        retractions={RETRACTION} if retracted else (),
    )


def effects(amended: AmendedEvent, *positions: int) -> list[tuple[str, int, int]]:
    return [each[:3] for position in positions for each in amended.apply(position)]


def test_a_correction_undoes_the_version_before_and_applies_its_own() -> None:
    assert effects(event(), RECEIPT, SECOND) == [("event", 10, 0), ("undo", 10, 0), ("event", 20, 0)]


def test_a_correction_of_an_unapplied_event_undoes_nothing() -> None:
    assert effects(event(), SECOND) == [("event", 20, 0)]


def test_label_counts_move_to_the_new_version() -> None:
    assert effects(event(labels={15: 1, 25: -1}), RECEIPT, 15, SECOND, 25) == [
        ("event", 10, 0),
        ("label", 10, 1),
        ("label", 10, -1),
        ("undo", 10, 0),
        ("event", 20, 0),
        ("label", 20, 1),
        ("label", 20, -1),
    ]


def test_after_a_retraction_nothing_counts() -> None:
    assert effects(event(retracted=True, labels={50: 1}), RECEIPT, RETRACTION, 50, SECOND) == [
        ("event", 10, 0),
        ("undo", 10, 0),
        ("label", 10, 0),
        ("label", 10, 0),
    ]


def test_an_old_version_that_arrives_late_is_ignored() -> None:
    assert effects(event(), SECOND, RECEIPT) == [("event", 20, 0), ("label", 20, 0)]


@given(
    st.permutations([RECEIPT, SECOND, THIRD, RETRACTION, 15, 25, 35, 45]),
    st.lists(st.sampled_from([-1, 0, 1]), min_size=4, max_size=4),
    st.booleans(),
    st.integers(1, 8),
)
def test_only_the_current_version_counts_with_its_labels(
    order: list[int], deltas: list[int], retracted: bool, count: int
) -> None:
    """Whatever has come: what the effects add up to is one event with its labels, or nothing."""
    labels = dict(zip((15, 25, 35, 45), deltas, strict=True))
    amended = event(retracted=retracted, labels=labels)
    applied = [position for position in order if position != RETRACTION or retracted][:count]
    counts, positives = Counter[int](), Counter[int]()
    for position in applied:
        for kind, version, delta, _ in amended.apply(position):
            counts[version] += {"event": 1, "undo": -1, "label": 0}[kind]
            positives[version] += delta
    versions = [position for position in applied if position in (RECEIPT, SECOND, THIRD)]
    before = applied[: applied.index(RETRACTION)] if RETRACTION in applied else applied
    held = max((p for p in before if p in versions), default=None) if RETRACTION not in applied else None
    said = sum(labels.get(position, 0) for position in applied)
    assert +counts == ({held: 1} if held else {})
    assert not [value for value in counts.values() if value < 0]
    counted = {version: value for version, value in positives.items() if value}
    assert counted == ({held: said} if held and said else {})
    again = event(retracted=retracted, labels=labels)
    again.mark_applied(applied)
    assert (again.applied_version, again.positives, again.is_retracted) == (held, said, RETRACTION in applied)


def test_entries_take_as_many_seqs_as_they_have_effects() -> None:
    amended = event()
    events = AmendedEvents(dict.fromkeys((RECEIPT, SECOND), amended))
    positions, places, found = place_entries(np.array([5, 10, 20, 21]), events, first_seq=8)
    assert positions.tolist() == [5, 10, 20, 20, 21]
    assert places.tolist() == [0, 1, 2, 2, 3]
    assert found == {
        9: Effect("event", 10, 0, 10),
        10: Effect("undo", 10, 0, 10),
        11: Effect("event", 20, 0, 10),
    }


def test_a_correction_is_lifted_like_a_receipt() -> None:
    """It holds all that a receipt does: a new schema of one is a new schema of the other."""
    assert current_version("event.corrected") == current_version("event.received")
