"""What the prefilter excludes, and what it leaves to CEL."""

from typing import Any

import pytest

from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.operands import operands_of
from scoring.rules.expressions.prefilter import term_rows
from scoring.rules.expressions.prefilter.clauses import MAX_CLAUSES, required_start
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.expressions.prefilter.prefilter import Prefilter, expression_clauses
from scoring.rules.expressions.prefilter.syntax import Binary, Number, Unary, Variable, parse

FIELDS = {
    "card": "c1",
    "merchant": "m_42",
    "category": "grocery",
    "amount": {"minor": 60_000, "currency": "USD"},
}
FEATURES = {"card_count_1h": 3.0, "card_count_24h": float("nan"), "card_amount_mean_30d": 20_000.0}


def compiled(text: str) -> CompiledExpression:
    return compile_expression(text, operands_of("payment"))


def event(**given: Any) -> EventValues:
    return EventValues(
        **{
            "fields": FIELDS,
            "source": "shop",
            "features": FEATURES,
            "score": 0.7,
            "hits": {("card", "stolen")},
            **given,
        }
    )


def may_match(text: str, *events: EventValues) -> list[bool]:
    [row] = Prefilter([compiled(text)]).may_match(events or [event()])
    return list(map(bool, row))


# expression, whether it may match an event without a device
EXPRESSIONS = [
    ("amount > 600", False),
    ("amount >= 600", True),
    ("amount < 600", False),
    ("amount <= 600", True),
    ("amount == 600", True),
    ("amount != 600", False),
    ("amount == 500", False),
    ("600 < amount", False),
    ("!(amount >= 600)", False),
    ("!(amount > 600)", True),
    ("amount in [1, -5]", False),
    ("amount in [1, 600]", True),
    ("!(amount in [1, 600])", False),
    ("amount > card_amount_mean_30d * 3", False),
    ("amount > card_amount_mean_30d * 2", True),
    ("amount - 1 > 600 || amount + 1 < 600", False),
    ("-amount > 0", False),
    ("amount / 0 < 5", False),
    ("amount * 0 / 0 > 5", True),  # no number: not excluded
    ("card_count_24h > 5", True),  # unknown
    ("card_count_24h > 5 && amount > 600", False),
    ("card_count_24h > 5 || amount > 600", True),
    ("has(device)", False),
    ("!has(device)", True),
    ("!has(card)", False),
    ("has(card_count_24h)", False),
    ("!has(card_count_1h)", False),
    ('device == "x"', True),  # unknown
    ('category == "travel"', False),
    ('category != "grocery"', False),
    ('"travel" == category', False),
    ('category in ["travel", "fuel"]', False),
    ('category in ["grocery"]', True),
    ('source == "web"', False),
    ('merchant.startsWith("x")', False),
    ('merchant.endsWith("42")', True),
    ('!merchant.contains("_4")', False),
    ('merchant.matches("^shop")', False),
    ('merchant.matches("^m_[0-9]+$")', True),
    ('merchant.matches("^x|m")', True),
    ('!merchant.matches("^m_[0-9]+$")', True),  # CEL's
    ("size(merchant) > 4", False),
    ("size(merchant) == 4", True),
    ('listed(card, "stolen")', True),
    ('!listed(card, "stolen")', False),
    ('listed(card, "other")', False),
    ("score > 0.9", False),
    ("false", False),
    ("!true || false", False),
    ("true", True),
    ("true ? amount > 600 : amount > 600", True),  # choices are CEL's
    ("math.abs(amount) > 600", True),
    ('merchant == "\\u0041"', True),  # a text with escapes
    ("(amount > 600 || amount < 5) && (has(device) || true)", False),
    ("!(amount <= 600 || has(device))", False),
    ("!(amount <= 600 && !has(device))", False),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_only_what_is_surely_false_is_excluded(text: str, expected: bool) -> None:
    assert may_match(text) == [expected]


def test_each_expression_is_tested_on_each_event() -> None:
    prefilter = Prefilter(
        [compiled("amount > 700"), compiled("math.abs(amount) > 1"), compiled("has(device)")]
    )
    rich = event(
        fields={**FIELDS, "amount": {"minor": 80_000, "currency": "USD"}, "device": "d"}, features={}
    )
    assert prefilter.may_match([event(), rich]).tolist() == [[False, True], [True, True], [False, True]]
    assert prefilter.may_match([]).shape == (3, 0)
    assert Prefilter([]).may_match([event()]).shape == (0, 1)


def test_texts_beyond_those_remembered_are_tested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(term_rows, "MAX_REMEMBERED", 2)
    prefilter = Prefilter([compiled('merchant.startsWith("m_1")')])
    events = [event(fields={"merchant": f"m_{number}"}) for number in (1, 2, 3, 1, 10, 2)]
    for _ in range(2):
        assert prefilter.may_match(events).tolist() == [[True, False, False, True, True, False]]


def test_a_disjunction_of_conjunctions_has_a_bounded_number_of_clauses() -> None:
    side = " && ".join(f"amount > {number}" for number in range(600, 609))
    expression = compiled(f"({side}) || ({side})")
    assert len(expression_clauses(expression)) == MAX_CLAUSES
    assert may_match(expression.text) == [False]


def test_operators_bind_as_in_cel() -> None:
    assert parse("v_a + 1.0 * - 2.0 > 3.0") == Binary(
        ">",
        Binary("+", Variable("v_a"), Binary("*", Number(1.0), Unary("-", Number(2.0)))),
        Number(3.0),
    )


@pytest.mark.parametrize("text", ["", "v_a >", "v_a v_b", "( v_a", "v_a [ 1.0 ]", "[ v_a v_b ]", "v_a . b"])
def test_unknown_syntax_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"expression|expected|value"):
        parse(text)


# pattern, how every text starts that it matches
PATTERNS = [
    ("^shop", "shop"),
    ("^shop$", "shop"),
    ("^shop-[0-9]{3}", "shop-"),
    ("^shops?", "shop"),
    ("^shops*", "shop"),
    ("^shops+", "shops"),
    ("^shops{0,1}", "shop"),
    ("^a?", ""),
    ("shop", ""),
    ("^shop|^mall", ""),
    ("^(shop)", ""),
    ("(?i)^shop", ""),
    ("^\\d", ""),
    ("^a.b", "a"),
    ("^a\\.b", "a"),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_a_pattern_says_how_texts_start(pattern: str, expected: str) -> None:
    assert required_start(pattern) == expected
