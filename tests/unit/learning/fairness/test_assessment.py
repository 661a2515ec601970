"""The stored assessment: which fields, how many events, as JSON, as text and as tables."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from scoring.catalog.registry import event_type
from scoring.learning.errors import InvalidSliceField
from scoring.learning.fairness import assessment
from scoring.learning.fairness.assessment import assess_slices
from scoring.learning.fairness.fields import default_fields, slicings_of
from scoring.learning.fairness.lines import between, slice_lines
from scoring.learning.fairness.slicing import Slicing
from scoring.learning.pages.slice_tables import slice_tables
from tests.unit.learning.made_up import training_set

DATA = training_set(rows=4_000, rate=0.2)
AT = {"review": 0.3, "block": 0.8}


@pytest.fixture
def by_code(monkeypatch):
    """Slices by column 4, in which one value is scored too high."""

    def slicings(fields, data):
        for field in fields:
            codes = data.X[:, 4].astype(np.int64)
            yield Slicing(field, tuple(f"code {code}" for code in range(5)), codes)

    monkeypatch.setattr(assessment, "slicings_of", slicings)


def scores(data):
    base = np.where(data.y == 1, 0.6, 0.1) + np.random.default_rng(0).normal(0, 0.1, len(data.y))
    return np.clip(base + 0.3 * (data.X[:, 4] == 2), 0, 1)


def test_a_slice_that_is_scored_too_high_is_found(by_code):
    found = assess_slices(DATA, scores(DATA), thresholds=AT, fields=["code"], samples=50)
    [field] = found["fields"]
    odds = {(gap["criterion"], gap["at"]): gap for gap in field["fairness"]}[
        ("predictive_equality", "review")
    ]
    assert odds["highest"] == "code 2"
    assert odds["beyond_chance"]
    assert sum(each["rows"] for each in field["slices"]) == found["rows"] == len(DATA.y)
    assert orjson.dumps(found)


def test_the_same_events_give_the_same_figures(by_code):
    first, second = (
        assess_slices(DATA, scores(DATA), thresholds=AT, fields=["code"], samples=20) for _ in range(2)
    )
    assert first == second


def test_of_many_events_all_positives_and_a_sample_of_others_stand_for_all(by_code, monkeypatch):
    whole = assess_slices(DATA, scores(DATA), thresholds=AT, fields=["code"], samples=20)
    monkeypatch.setattr(assessment, "MAX_EVENTS", 2_000)
    part = assess_slices(DATA, scores(DATA), thresholds=AT, fields=["code"], samples=20)
    assert part["rows"] == 2_000
    for one, other in zip(whole["fields"][0]["slices"], part["fields"][0]["slices"], strict=True):
        assert other["positives"] == one["positives"]
        assert other["metrics"]["recall_at_review"]["value"] == one["metrics"]["recall_at_review"]["value"]
        for rate in ("false_positive_rate_at_review", "flagged_at_review", "calibration"):
            assert other["metrics"][rate]["value"] == pytest.approx(one["metrics"][rate]["value"], abs=0.1)


@pytest.mark.parametrize("label", [0, 1])
def test_many_events_of_one_class_are_sampled_too(by_code, monkeypatch, label):
    monkeypatch.setattr(assessment, "MAX_EVENTS", 2_000)
    data = replace(DATA, y=np.full_like(DATA.y, label))
    found = assess_slices(data, scores(data), thresholds=AT, fields=["code"], samples=20)
    assert found["rows"] == 2_000
    sizes = [each["rows"] for each in found["fields"][0]["slices"]]
    assert sum(sizes) == 2_000


def test_tables_and_lines_show_every_slice_and_gap(by_code):
    found = assess_slices(DATA, scores(DATA), thresholds=AT, fields=["code"], samples=20)
    [table] = slice_tables(found)
    assert [at for at, _ in table.by_threshold] == ["review", "block"]
    assert [row.name for row in table.by_threshold[0][1]] == [f"code {code}" for code in range(5)]
    assert table.beyond_chance > 0
    text = "\n".join(slice_lines(found))
    assert "code at review" in text
    assert "code 2 above" in text
    assert "more than chance" in text
    assert slice_lines({}) == []


@pytest.mark.parametrize("field", ["nonsense", "card", "ip"])
def test_entities_personal_and_unknown_fields_are_refused_with_what_is_allowed(field):
    with pytest.raises(InvalidSliceField, match="allowed are the fields amount, category"):
        list(slicings_of([field], replace(DATA, vocabularies={})))


def test_payments_are_sliced_by_what_their_type_declares_as_far_as_the_model_knows_it():
    kind = event_type("payment")
    assert default_fields(kind, ["card_since_first"]) == [
        "category",
        "amount",
        "card_since_first",
        "customer_city_pop",
    ]


def test_slices_that_are_all_alike_are_not_set_above_each_other():
    assert between({"highest": "US", "lowest": "DE"}) == "US above DE"
    assert between({"highest": "US", "lowest": "US"}) == "all slices alike"
