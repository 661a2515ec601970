"""Which events a model learned from, as its lineage tells years later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import LabelHistory, VectorTable
from scoring.learning.errors import NoEventsToEvaluate
from scoring.learning.evaluation.evaluate import training_data_of
from scoring.learning.training.running.inputs import require_rows
from scoring.timestamps import to_iso, to_micros
from tests.unit.learning.made_up import training_set

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = np.append(np.arange(100), -5_000)  # and one event of a clock that was reset


def vectors():
    return VectorTable(
        event_type="payment",
        feature_names=("a",),
        feature_set="f",
        X=np.arange(len(DAYS), dtype=np.float32)[:, None],
        occurred_at=to_micros(START) + DAYS * 86_400_000_000,
        positions=np.arange(len(DAYS)),
        groups=np.zeros(len(DAYS), dtype=np.int64),
        vocabularies={},
    )


@pytest.mark.parametrize(
    ("lineage", "first", "count"),
    [
        ({"outliers": {}}, 0, 87),
        ({}, -5_000, 88),  # trained before outliers were left out
        ({"outliers": {}, "since": None}, 0, 87),
        ({"outliers": {}, "since": to_iso(START + timedelta(days=30))}, 30, 57),
    ],
)
def test_the_training_data_of_a_model_is_what_was_mature_at_its_cut_off(lineage, first, count):
    """A hundred days, a cut-off at the last of them, and thirteen days for labels."""
    row = SimpleNamespace(as_of=START + timedelta(days=99), lineage=lineage | {"matures_after_days": 13})
    none = np.empty(0, dtype=np.int64)
    labels = LabelHistory(rows=none, known_at=none, effective=none.astype(np.int8))
    data = training_data_of(row, vectors(), labels, SelectionHistory())
    assert (len(data.y), data.occurred_at.min()) == (count, to_micros(START + timedelta(days=first)))
    assert data.occurred_at.max() == to_micros(START + timedelta(days=86))


@pytest.mark.parametrize(("lineage", "left_out"), [({"unknown_blocks": 2}, 2), ({}, 0)])
def test_older_models_took_blocked_events_without_a_label_for_negatives(lineage, left_out):
    row = SimpleNamespace(as_of=START + timedelta(days=99), lineage=lineage | {"matures_after_days": 0})
    none = np.empty(0, dtype=np.int64)
    labels = LabelHistory(rows=none, known_at=none, effective=none.astype(np.int8))
    blocked = SelectionHistory(
        rows=np.array([3, 4]),
        decided_at=np.full(2, to_micros(START)),
        blocked=np.array([True, True]),
        weights=np.ones(2),
    )
    assert len(training_data_of(row, vectors(), labels, blocked).y) == len(DAYS[DAYS <= 99]) - left_out


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ([], "there are no mature events from 2"),
        ([0, 0, 0], "none of the 3 mature events from 2.* is labeled positive"),
    ],
)
def test_nothing_to_judge_on_is_refused(labels, why):
    test = training_set(rows=3).take(np.arange(len(labels)))
    test = replace(test, y=np.array(labels))
    with pytest.raises(NoEventsToEvaluate, match=why):
        require_rows(test, START, START + timedelta(days=1))


def test_a_single_fraud_is_enough_to_judge_on():
    test = training_set(rows=3)
    require_rows(replace(test, y=np.array([0, 1, 0])), START, START)
