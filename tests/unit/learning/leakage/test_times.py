from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.dataset.training_set import NO_TIME, RowTimes
from scoring.learning.errors import FutureInformation
from scoring.learning.leakage.times import check_times
from scoring.learning.training.recipe import TrainingRequest
from scoring.learning.training.running import inputs
from scoring.timestamps import to_micros
from tests.unit.learning.made_up import training_set


def timed(**changes):
    """A set of which every event is read when it happens, and every second one labeled an hour later."""
    data = training_set(rows=40)
    labeled = np.arange(40) % 2 == 0
    labeled_at = np.where(labeled, data.occurred_at + 3_600_000_000, NO_TIME)
    times = RowTimes(data.occurred_at.copy(), labeled_at, labeled_at.copy())
    for name, (row, value) in changes.items():
        getattr(times, name)[row] = value(data)
    return replace(data, inferred=~labeled, times=times)


def cut_off(data):
    return to_micros(data.as_of)


def test_what_was_known_in_time_is_accepted():
    check_times(timed())
    check_times(training_set(rows=40))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"read_at": (3, lambda data: cut_off(data) + 1)}, "features from after the cut-off"),
        ({"labeled_at": (4, lambda data: cut_off(data) + 1)}, "a label from after the cut-off"),
        ({"labeled_at": (4, lambda data: NO_TIME)}, "a label without a time"),
        (
            {"read_at": (4, lambda data: data.occurred_at[4] + 3_600_000_001)},
            "features from after their label became known",
        ),
    ],
)
def test_a_feature_or_label_from_later_fails_naming_the_event(changes, said):
    with pytest.raises(FutureInformation, match=f"1 event of the training set have? {said}") as refused:
        check_times(timed(**changes))
    row = next(iter(changes.values()))[0]
    assert (refused.value.count, refused.value.position) == (1, row)


def test_what_becomes_known_in_the_same_microsecond_is_in_time():
    check_times(timed(read_at=(4, lambda data: data.occurred_at[4] + 3_600_000_000)))
    check_times(timed(labeled_at=(4, cut_off)))


def test_an_event_after_the_cut_off_fails():
    data = timed()
    late = data.occurred_at.copy()
    late[7] = cut_off(data) + 1
    with pytest.raises(FutureInformation, match="happened after the cut-off"):
        check_times(replace(data, occurred_at=late))


@pytest.mark.parametrize("late", ["trained on", "judged on"])
def test_a_training_checks_the_events_it_is_trained_on_and_those_it_is_judged_on(late, monkeypatch):
    bad = timed(read_at=(3, lambda data: cut_off(data) + 1))

    def joined(*, until=None, **given):
        return bad if (until is None) == (late == "trained on") else timed()

    monkeypatch.setattr(inputs, "join_labels", joined)
    now = bad.as_of
    request = TrainingRequest("payment", as_of=now, test_until=now)
    with pytest.raises(FutureInformation, match="features from after the cut-off"):
        inputs.training_and_test(None, None, None, request, now=now)
