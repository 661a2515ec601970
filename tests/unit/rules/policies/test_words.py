"""Policies in words, and what differs between two of them."""

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.rules.policies.costs import NEVER, Action
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, Capacity, Segment, Terms
from scoring.rules.policies.words import (
    differences,
    example_outcomes,
    example_thresholds,
    heads_in_words,
    policy_values,
    terms_in_words,
    threshold_text,
    thresholds_in_words,
)
from tests.factories.comments import Comment
from tests.factories.policies import costs, policy
from tests.factories.transfers import Transfer

PAYMENT = event_type("payment")
CAPACITY_TERMS = Terms(
    CAPACITY,
    {"review": 0.31, "block": 0.9},
    capacity=Capacity(100, since="2026-02-01", until="2026-03-01", events=9_000, model="payment-1"),
)


def told(terms: Terms, kind: type[EventType] = PAYMENT, **of_model: float) -> str:
    return plain(" ".join(terms_in_words(terms, kind, of_model=of_model)))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_thresholds_are_told_in_order_of_severity() -> None:
    thresholds = {"block": 0.9, "challenge": 0.05, "limit": 0.5}
    assert plain(thresholds_in_words(thresholds, Transfer)) == (
        "Events are challenged from a score of 5.0 %, limited from 50.0 % and blocked from 90.0 %."
    )


def test_what_is_never_given_is_not_told() -> None:
    assert plain(thresholds_in_words({"review": 0.2, "block": NEVER}, PAYMENT)) == (
        "Events are reviewed from a score of 20.0 %."
    )
    assert thresholds_in_words({"block": NEVER}, PAYMENT) == "Every event is allowed, whatever its score."
    assert threshold_text(NEVER) == "never"


def test_every_mode_is_told() -> None:
    assert told(Terms(MODEL)) == "The thresholds stored with the model that decides. No model decides yet."
    assert "reviewed from a score of 10.0 %" in told(Terms(MODEL), review=0.1, block=0.9)
    assert told(Terms(FIXED, {"block": 0.5})) == "Events are blocked from a score of 50.0 %."
    assert "about 100 cases a day" in told(CAPACITY_TERMS)
    assert told(Terms(COST, costs=costs(loss_share=0.7))) == (
        "Every event gets the outcome that is expected to cost least. Allowed fraud costs 70 % of its amount"
        " and a fee of 25.00 USD; a refused good customer costs 20.0 % of the amount and 10.00 USD. A review"
        " costs 4.00 USD and catches 80 % of fraud."
    )


def test_costs_are_illustrated_by_a_few_amounts() -> None:
    terms = Terms(COST, costs=costs())
    assert example_outcomes(terms) == ["review", "block"]
    amounts = {
        plain(each.amount): [plain(text) for text in each.thresholds]
        for each in example_thresholds(costs(), PAYMENT)
    }
    assert amounts["100.00 USD"] == ["4.0 %", "47.3 %"]
    assert list(amounts) == ["10.00 USD", "100.00 USD", "1,000.00 USD"]
    assert example_outcomes(Terms(MODEL)) == []


def test_differences_name_every_value_that_differs() -> None:
    before = policy(terms=Terms(COST, costs=costs()))
    segment = Segment("large", "amount > 500.0", Terms(FIXED, {"block": 0.4}))
    review = Action("review", 400, 0.9, 0.01)
    after = policy(
        2, terms=Terms(COST, costs=costs(actions=(review,))), segments=(segment,), description="why"
    )
    found = {
        each.name: (plain(each.before), plain(each.after)) for each in differences(before, after, PAYMENT)
    }
    assert found == {
        "Fraud that a review catches": ("80.0 %", "90.0 %"),
        "Good customers that a review loses": ("0.0 %", "1.0 %"),
        "Segment large": ("", "amount > 500.0"),
        "Segment large: decides by": ("", "fixed thresholds"),
        "Segment large: block from": ("", "40.0 %"),
        "Why": ("", "why"),
    }
    assert differences(before, before, PAYMENT) == []


def test_a_capacity_is_among_the_values() -> None:
    values = policy_values(policy(terms=CAPACITY_TERMS), PAYMENT)
    assert (values["Cases a day"], plain(values["Review from"])) == ("100", "31.0 %")


def test_content_policies_are_told_by_title_and_compared() -> None:
    strict = policy(terms=Terms(MODEL), heads={"scam": Terms(FIXED, {"block": 0.4})})
    assert [(title, plain(" ".join(words))) for title, words in heads_in_words(strict, Comment)] == [
        ("Scam", "Events are blocked from a score of 40.0 %.")
    ]
    [mode, block] = differences(policy(terms=Terms(MODEL)), strict, Comment)
    assert (mode.name, mode.before, mode.after) == ("Scam: decides by", "", "fixed thresholds")
    assert (block.name, plain(block.after)) == ("Scam: block from", "40.0 %")
