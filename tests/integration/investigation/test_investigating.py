"""What a query finds: figures, comparison, top values, distribution, timeline, newest events."""

from datetime import timedelta
from typing import Any

import pytest

from reviews.investigation.errors import ConsoleBusy, QueryTooSlow
from reviews.investigation.query import session
from reviews.investigation.results.investigating import Result, investigate
from reviews.investigation.store.following import investigation_store
from scoring.rules.expressions.errors import ExpressionInvalid
from tests.integration.investigation.conftest import DAY, Pay, query

pytestmark = pytest.mark.django_db(transaction=True)
RULE = {"kind": "rule", "number": 1, "stage": "active", "outcome": "block", "code": "V", "text": "Velocity"}
LISTED = {
    "kind": "list",
    "number": 3,
    "stage": "active",
    "outcome": "block",
    "code": "L",
    "text": "On a list",
}


@pytest.fixture
def paid(pay: Pay) -> None:
    """Five payments of today, of which two are blocked; two of yesterday."""
    found = [{**RULE, "name": "velocity"}, {**LISTED, "name": "stolen", "field": "card"}]
    blocked: dict[str, Any] = {"outcome": "block", "score": 0.9, "findings": found}
    pay("t-1", merchant="m-1", minor=10_000, label="fraud", decision=blocked)
    pay("t-2", merchant="m-1", minor=20_000, label="legitimate", decision=blocked)
    pay("t-3", merchant="m-2", minor=500)
    pay("t-4", merchant="m-3", minor=600)
    pay("t-5", minor=700)
    pay("y-1", merchant="m-1", at=DAY - timedelta(hours=30))
    pay("y-2", merchant="m-9", at=DAY - timedelta(hours=30))


def ask(condition: str = "", **given: str) -> Result:
    return investigate(query(q=condition, **given), now=DAY)


def test_figures_are_of_the_matched_events(paid: None) -> None:
    result = ask("amount >= 100")
    figures = result.figures
    assert (figures.count, result.total, figures.stake) == (2, 5, 300.0)
    assert (figures.positives, figures.negatives, figures.positive_share) == (1, 1, 0.5)
    assert dict(figures.outcomes) == {"block": 2}
    assert figures.score == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("", 5),
        ('"velocity" in rules', 2),
        ('"stolen" in lists && outcome == "block"', 2),
        ('label == "fraud" && label_source == "chargeback"', 1),
        ("!has(merchant)", 1),
        ('merchant != "m-1"', 2),
        ('id == "t-3"', 1),
        ('outcome == "review" ? true : amount < 6', 1),
    ],
)
def test_conditions_find_their_events(paid: None, condition: str, count: int) -> None:
    assert ask(condition).figures.count == count


def test_top_values_are_compared_with_the_period_before(paid: None) -> None:
    result = ask(top="merchant,rules", compare="yes")
    merchants, rules = result.top
    assert [(each.value, each.count, each.before) for each in merchants.values] == [
        ("m-1", 2, 1),
        ("m-2", 1, 0),
        ("m-3", 1, 0),
        (None, 1, 0),
    ]
    assert (merchants.values[0].blocked, merchants.values[0].positive_share) == (2, 0.5)
    assert [(each.value, each.count) for each in rules.values] == [("velocity", 2)]
    assert result.before is not None
    assert result.before.count == 2


def test_time_and_distribution_hold_every_event(paid: None) -> None:
    result = ask(compare="yes", distribution="amount")
    assert result.timeline is not None
    assert {name: sum(counts) for name, counts in result.timeline.outcomes.items()} == {
        "allow": 3,
        "block": 2,
    }
    assert sum(result.timeline.before) == 2
    assert result.timeline.step == timedelta(minutes=30)
    assert result.histogram is not None
    assert sum(result.histogram.counts) == 5
    assert sum(result.histogram.before) == 2


def test_the_newest_events_come_with_the_chosen_columns(paid: None) -> None:
    result = ask("amount >= 100", columns="merchant,amount,label,lists")
    assert [row.values for row in result.rows] == [
        {"merchant": "m-1", "amount": 200.0, "label": "legitimate", "lists": ["stolen"]},
        {"merchant": "m-1", "amount": 100.0, "label": "fraud", "lists": ["stolen"]},
    ]


def test_a_withheld_label_is_unknown_to_the_query(paid: None) -> None:
    [row] = ask('label == "fraud"').rows
    hidden = investigate(query(q='label == "fraud"'), now=DAY, withheld=[row.event_position])
    assert hidden.figures.count == 0


def test_an_empty_store_and_an_empty_period_have_no_results(paid: None) -> None:
    result = investigate(query(now=DAY + timedelta(days=50)), now=DAY)
    assert (result.figures.count, result.rows) == (0, ())


def test_a_condition_that_does_not_compile_is_refused(paid: None) -> None:
    with pytest.raises(ExpressionInvalid):
        ask("amount >")


def test_a_slow_query_is_stopped() -> None:
    with session.open_session(investigation_store(), seconds=0.2) as opened, pytest.raises(QueryTooSlow):
        opened.execute("SELECT sum(sqrt(a.range * b.range)) FROM range(1000000) a, range(1000000) b")


def test_queries_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "WAIT_SECONDS", 0.01)
    with (
        session.open_session(investigation_store()),
        session.open_session(investigation_store()),
        pytest.raises(ConsoleBusy),
        session.open_session(investigation_store()),
    ):
        pass
