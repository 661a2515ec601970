"""Thresholds that are moved on a model's page: what they make of its held-out events."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.learning.pages.thresholds import panel
from scoring.learning.pages.thresholds.panel import thresholds_panel
from scoring.learning.pages.thresholds.table import threshold_rows
from scoring.registry.models import HeldOutSample, ModelVersion
from scoring.rules.policies.policy import COST, FIXED, Terms
from tests.factories.judged import EVENTS
from tests.factories.policies import costs, store_policy

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def version(monkeypatch: pytest.MonkeyPatch) -> ModelVersion:
    """A model whose sample is EVENTS: fraud at 0.95, 0.6 and 0.1; it blocks from 0.9 and reviews from 0.3."""
    monkeypatch.setattr(panel, "thresholds_of", lambda model: {"review": 0.3, "block": 0.9})
    HeldOutSample.objects.create(
        model="payment-1",
        sample={
            "positions": list(range(1, len(EVENTS) + 1)),
            "scores": [score for score, _, _ in EVENTS],
            "positive": [int(fraud) for _, fraud, _ in EVENTS],
            "stakes": [stake for _, _, stake in EVENTS],
            "weights": [1.0] * len(EVENTS),
            "days": 2.0,
            "rows": len(EVENTS),
            "since": SINCE.isoformat(),
            "until": SINCE.isoformat(),
        },
    )
    return ModelVersion(name="payment-1", event_type="payment")


def values(shown: Any, side: str) -> dict[str, str]:
    """The figures by title, with plain spaces."""
    return {row.title: plain(getattr(row, side).value) for row in shown.estimate.rows}


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_todays_thresholds_are_shown_without_a_move(version: ModelVersion) -> None:
    shown = thresholds_panel(version, {})
    assert shown is not None
    assert (shown.moved, shown.today) == (False, "the thresholds of payment-1")
    assert [(each.outcome, each.value) for each in shown.fields] == [("review", "30"), ("block", "90")]
    today = values(shown, "before")
    assert (today["Precision of blocks"], today["Recall of blocks"]) == ("50.0 %", "33.3 %")
    assert today["Recall of everything not allowed"] == "66.7 %"
    assert today["Precision of everything not allowed"] == "50.0 %"
    assert [each.name for each in shown.standings] == ["today, review", "today, block"]


def test_a_moved_threshold_is_measured_beside_them(version: ModelVersion) -> None:
    shown = thresholds_panel(version, {"if_review": "10", "if_block": "95"})
    assert shown is not None
    assert shown.moved
    after = values(shown, "after")
    assert (after["Precision of blocks"], after["Recall of blocks"]) == ("100.0 %", "33.3 %")
    assert (after["Recall of everything not allowed"], after["Fraud let through a day"]) == ("100.0 %", "0.0")
    row = next(row for row in shown.estimate.rows if row.title == "Good money blocked a day, USD")
    assert (row.before.value, row.after.value, row.difference) == ("100.00", "0.00", "\N{MINUS SIGN}100.00")
    assert row.difference_interval != "not known"
    review = next(row for row in shown.estimate.rows if "review" in row.title)
    assert review.after.a_day == "2.0 a day"  # 0.9, 0.6, 0.3 and 0.1 in two days
    stricter = next(each for each in shown.standings if each.name == "what if, review")
    assert (stricter.recall, stricter.precision) == (1.0, 0.6)
    assert stricter.false_positive_rate == pytest.approx(0.5)


def test_what_cannot_be_a_threshold_changes_nothing(version: ModelVersion) -> None:
    shown = thresholds_panel(version, {"if_review": "50", "if_block": "x"})
    assert shown is not None
    assert not shown.moved
    assert [bool(each.problem) for each in shown.fields] == [False, True]


def test_the_policy_in_use_is_what_holds_today(version: ModelVersion) -> None:
    store_policy("active", terms=Terms(FIXED, {"review": 0.2, "block": 0.5}))
    shown = thresholds_panel(version, {})
    assert shown is not None
    assert shown.today == "version 1 of the policy"
    assert values(shown, "before")["Recall of blocks"] == "66.7 %"
    assert not any("Cost" in title for title in values(shown, "before"))
    store_policy("active", number=2, terms=Terms(COST, costs=costs()))
    shown = thresholds_panel(version, {})
    assert shown is not None
    assert "Cost a day, USD" in values(shown, "before")


def test_versions_without_a_sample_or_files_have_no_panel(
    version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert thresholds_panel(ModelVersion(name="payment-0", event_type="payment"), {}) is None
    assert threshold_rows(ModelVersion(name="payment-0", event_type="payment")) == []
    monkeypatch.setattr(panel, "thresholds_of", lambda model: {})
    assert thresholds_panel(version, {}) is None


def test_the_card_lists_thresholds_that_are_reached(version: ModelVersion) -> None:
    rows = threshold_rows(version)
    assert [plain(row[0]) for row in rows][:3] == ["5 %", "10 %", "20 %"]
    last = tuple(plain(cell) for cell in rows[-1])
    assert last[:3] == ("95 %", "14.29 %", "0.5")
    assert last[3].startswith("100.0 % (")
    assert last[4].startswith("33.3 % (")
