"""What an expression answers about an event, above all where values are missing."""

import math
from typing import Any

import numpy as np
import pytest

from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.columns import ask_columns
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionFailed
from scoring.rules.expressions.operands import operands_of

FIELDS = {
    "card": "c1",
    "customer": "u1",
    "merchant": "m_42",
    "amount": {"minor": 60_000, "currency": "USD"},
    "category": "grocery",
}


def compiled(text: str) -> CompiledExpression:
    return compile_expression(text, operands_of("payment"))


def matches(text: str, *, features: dict[str, float] | None = None, **event: Any) -> bool:
    expression = compiled(text)
    builder = ActivationBuilder([expression])
    values = [(features or {}).get(name) for name in builder.features]
    given = {"fields": FIELDS, "source": "shop", **event}
    return expression.matches(builder.build(**given, features=values))


# text, whether it matches an event without device and without features, scored 0.7
ANSWERS = [
    ("amount > 500", True),
    ("amount > 500.0", True),
    ("amount == 600", True),
    ("amount > 600", False),
    ("!has(device)", True),
    ("has(card)", True),
    ('device == "x"', False),
    ('device != "x"', False),
    ('!(device == "x")', False),
    ('has(device) && device == "x"', False),
    ('!has(device) || device == "x"', True),
    ('amount > 500 || device == "x"', True),
    ('device == "x" || amount > 500', True),
    ('amount > 600 && device == "x"', False),
    ('amount > 500 && device == "x"', False),
    ("card_count_1h > 5", False),
    ("!(card_count_1h > 5)", False),
    ("!has(card_count_1h)", True),
    ("score >= 0.5", True),
    ("score >= 0.8", False),
    ('source == "shop"', True),
    ('listed(card, "stolen")', True),
    ('!listed(device, "stolen")', True),
    ('tagged(customer, "trusted")', False),
    ('category in ["grocery", "food"]', True),
    ("amount in [600, 700]", True),
    ('merchant.matches("^m_[0-9]+$")', True),
    ('merchant.matches("4")', True),
    ('merchant.startsWith("m_") && merchant.endsWith("42") && merchant.contains("_")', True),
    ("size(merchant) == 4", True),
    ("size(merchant) + 1 == 5", True),
    ('size("é") == 1', True),
    ("amount / 0 > 1", True),
    ("math.abs(-amount) == 600 && math.floor(amount / 7) == 85", True),
    ("math.greatest(amount, 1000) == 1000 && math.least(amount, 5) == 5", True),
    ('has(device) ? device == "x" : amount > 500', True),
    ("amount > 500 ? true : card_count_1h > 5", True),
    ("true", True),
]


@pytest.mark.parametrize(("text", "expected"), ANSWERS, ids=[text for text, _ in ANSWERS])
def test_the_answer_is_the_documented_one(text: str, expected: bool) -> None:
    assert matches(text, score=0.7, hits={("card", "stolen")}) is expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_missing(value: float) -> None:
    assert not matches("card_count_1h > 5 || card_count_1h <= 5", features={"card_count_1h": value})
    assert matches("!has(card_count_1h)", features={"card_count_1h": value})


def test_the_score_is_missing_without_a_model() -> None:
    assert not matches("score >= 0.0")
    assert matches("!has(score)")


def test_money_is_in_units_of_the_base_currency() -> None:
    foreign = {"minor": 999, "currency": "EUR", "rate": "1.1", "base_minor": 1_099}
    assert matches("amount == 10.99", fields={**FIELDS, "amount": foreign})
    assert matches("card_amount_mean_24h == 12.34", features={"card_amount_mean_24h": 1_234.0})


def test_a_flag_feature_is_true_or_false() -> None:
    assert matches("card_new_merchant && amount > 500", features={"card_new_merchant": 1.0})
    assert not matches("card_new_merchant", features={"card_new_merchant": 0.0})


def test_an_expression_tells_what_it_uses() -> None:
    found = compiled(
        'amount > 5 && has(card_count_1h) && score > 0.5 && listed(ip, "a") && !tagged(card, "b")'
    )
    assert set(found.operands) == {"amount", "card_count_1h", "score"}
    assert found.features == {"card_count_1h"}
    assert found.needs_score
    assert (found.listed, found.tagged) == ({("ip", "a")}, {("card", "b")})
    assert found.lists == {"a", "b"}


def test_an_activation_holds_only_what_is_read() -> None:
    builder = ActivationBuilder([compiled("amount > 5"), compiled("has(device) && card_count_1h > 5")])
    values = builder.values(fields=FIELDS, source="shop", features=[3.0], score=0.5)
    assert values == {"v_amount": 600.0, "h_device": False, "v_card_count_1h": 3.0}


def test_one_activation_serves_many_expressions() -> None:
    expressions = [compiled("amount > 5"), compiled('category == "grocery"'), compiled("card_count_1h > 5")]
    activation = ActivationBuilder(expressions).build(fields=FIELDS, source="shop")
    assert [each.matches(activation) for each in expressions] == [True, True, False]


def test_a_value_of_another_type_is_a_failure_and_not_a_match() -> None:
    with pytest.raises(ExpressionFailed, match="v_merchant"):
        compiled('merchant.startsWith("m")').answer_values({"v_merchant": 5})


def test_columns_are_answered_as_events_are() -> None:
    texts = [text for text, _ in ANSWERS]
    amounts = [60_000, 100, None, 0]
    devices = [None, "x", "y", None]
    counts = [math.nan, 6.0, 5.0, math.inf]
    for text in texts:
        expression = compiled(text)
        builder = ActivationBuilder([expression])
        alone = []
        for amount, device, count in zip(amounts, devices, counts, strict=True):
            fields: dict[str, Any] = {**FIELDS, "device": device, "amount": amount and {"minor": amount}}
            fields = {name: value for name, value in fields.items() if value is not None}
            fields |= {"amount": {"minor": 0}} if amount == 0 else {}
            features = [count if name == "card_count_1h" else None for name in builder.features]
            hits = {("card", "stolen")} if device == "x" else set()
            alone.append(
                expression.matches(
                    builder.build(fields=fields, source="shop", features=features, score=0.7, hits=hits)
                )
            )
        together = ask_columns(
            expression,
            columns={
                "card": ["c1"] * 4,
                "customer": ["u1"] * 4,
                "merchant": ["m_42"] * 4,
                "category": np.array(["grocery"] * 4, dtype=object),
                "amount": np.array([math.nan if value is None else value for value in amounts]),
                "device": devices,
                "card_count_1h": np.array(counts),
                "score": np.full(4, 0.7),
                "source": ["shop"] * 4,
            },
            count=4,
            hits={("card", "stolen"): np.array([False, True, False, False])},
        )
        assert together.matched.tolist() == alone, text
        assert not together.failed


def test_columns_tell_where_an_answer_is_unknown() -> None:
    found = ask_columns(
        compiled("card_count_1h > 5"), columns={"card_count_1h": np.array([6.0, math.nan, 5.0])}, count=3
    )
    assert found.matched.tolist() == [True, False, False]
    assert found.unknown.tolist() == [False, True, False]


def test_a_condition_without_operands_holds_for_every_event() -> None:
    assert ask_columns(compiled("true"), columns={}, count=3).matched.tolist() == [True] * 3
