"""How the values of a feature divide events, and in which windows."""

from datetime import UTC, datetime

import numpy as np
import pytest

from monitoring.drift.groups.segment_windows import MAX_VALUES, divide, to_window
from monitoring.drift.groups.segments import segment_fields
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import lane_plan
from scoring.features.compile.specs import FeatureSpec

VALUES = tuple(f"category {number}" for number in range(1, MAX_VALUES + 3))


@pytest.fixture(scope="module")
def specs() -> dict[str, FeatureSpec]:
    found = lane_plan("commerce", {"payment": {"category": VALUES}}).feature_set("payment")
    return {spec.name: spec for spec in found.features}


def divided(spec: FeatureSpec, *values: float) -> dict[str, list[int]]:
    return {name: np.flatnonzero(inside).tolist() for name, inside in divide(spec, np.array(values))}


def test_payments_are_divided_by_category_and_by_how_long_a_card_is_known(
    specs: dict[str, FeatureSpec],
) -> None:
    assert segment_fields(event_type("payment"), specs) == ["category", "card_since_first"]


def test_rare_and_unseen_categories_are_one_segment(specs: dict[str, FeatureSpec]) -> None:
    rare = float(len(VALUES))
    assert divided(specs["category"], 1, 2, 1, 0, rare, np.nan) == {
        "category 1": [0, 2],
        "category 2": [1],
        "other values": [3, 4],
        "missing": [5],
    }
    every = divided(specs["category"], *range(len(VALUES) + 1), np.nan)
    assert len(every) == MAX_VALUES + 2


def test_ages_have_bands(specs: dict[str, FeatureSpec]) -> None:
    assert divided(specs["card_since_first"], 0, 86_400, 1e9, np.nan) == {
        "below 1 d": [0],
        "1 d to 7 d": [1],
        "from 90 d": [2],
        "missing": [3],
    }


@pytest.mark.parametrize(("hour", "start"), [(0, 0), (3, 0), (4, 4), (23, 20)])
def test_windows_are_four_hours_long(hour: int, start: int) -> None:
    assert to_window(datetime(2026, 3, 1, hour, 59, 3, tzinfo=UTC)) == datetime(2026, 3, 1, start, tzinfo=UTC)
