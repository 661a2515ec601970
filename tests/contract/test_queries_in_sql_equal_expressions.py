"""A query's SQL finds the events that CEL's own evaluation of its condition matches, whatever is missing."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.investigation.errors import ConditionTooNested
from reviews.investigation.query.predicates import SqlCondition
from reviews.investigation.query.source import variable_columns
from reviews.investigation.store.columns import column_of, hit_of
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.operands import TEXTS as LIST_OF_TEXTS
from scoring.rules.expressions.operands import Operand, Operands
from tests.contract.test_expressions_are_three_valued import (
    NUMBERS,
    OPERANDS,
    TEXTS,
    Event,
    Node,
    activation_of,
    conditions,
    events,
)

WITH_RULES = Operands(
    "payment", {**OPERANDS.by_name, "rules": Operand("rules", "decision", LIST_OF_TEXTS, "rules", "")}
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def table_of(asked: Sequence[Event]) -> pa.Table:
    """The events as the investigation store holds them."""
    columns: dict[str, Any] = {
        column_of(OPERANDS.by_name[name]): pa.array([event[name] for event in asked], type=pa.float64())
        for name in NUMBERS
    }
    for name in TEXTS:
        columns[column_of(OPERANDS.by_name[name])] = pa.array([event[name] for event in asked], pa.string())
    columns["has.ip"] = [event["ip"] is not None for event in asked]
    columns["hits"] = [[hit_of(*hit) for hit in sorted(event["hits"])] for event in asked]
    columns["rules"] = [["velocity"] for _ in asked]
    return pa.table(columns)


def answers(database: duckdb.DuckDBPyConnection, text: str, asked: Sequence[Event]) -> list[bool | None]:
    expression = compile_expression(text, WITH_RULES)
    table = table_of(asked)
    condition = SqlCondition(expression, variable_columns(expression, table.column_names))
    database.register("d", table)
    found = database.execute(f"SELECT {condition.text} FROM d", condition.parameters).fetchall()  # noqa: S608
    return [answer for (answer,) in found]


@settings(max_examples=400, deadline=None)
@given(node=conditions, asked=st.lists(events, min_size=1, max_size=4))
def test_sql_answers_as_the_expression_does(
    node: Node, asked: list[Event], database: duckdb.DuckDBPyConnection
) -> None:
    text = " ".join(node.tokens)
    expression = compile_expression(text, OPERANDS)
    builder = ActivationBuilder([expression])
    expected = [expression.answer(activation_of(event, builder)) for event in asked]
    assert answers(database, text, asked) == expected


WORDS = st.text(st.sampled_from("aZé\t\n .\u2003\x1f😀0"), max_size=6)
OF_TEXTS = (
    'merchant.trim() == "a"',
    'merchant.lowerAscii() == "az"',
    'merchant.upperAscii() == "AZ"',
    'merchant.matches("a.a")',
    'merchant.matches("^[a-z]+$")',
    'merchant.matches("\\\\s")',
    'merchant.startsWith("a") || merchant.endsWith("é")',
    'merchant < "b" && merchant >= "\\u00e9"',
    "size(merchant.trim()) == 1",
    'merchant == "a\\tZ"',
    "merchant == r'\\s'",
)
OF_NUMBERS = (
    "math.round(amount / 2) == 1",
    "math.greatest(amount, score) > 0.5",
    "math.least(amount, score, 1) == amount",
    "math.ceil(amount) != math.floor(amount)",
    "amount / score != amount / score",
    "!(amount / score > 1)",
    "amount in [score, 1]",
    "amount in []",
    "(amount / score) in [1, 2]",
    "-amount * 1e308 * 10 - 1e308 * amount * 10 > 0",
    "math.abs(amount) == (score > 0.5 ? amount : -amount)",
)


@settings(max_examples=60, deadline=None)
@given(word=st.none() | WORDS, text=st.sampled_from(OF_TEXTS))
def test_functions_of_texts_are_those_of_the_language(
    word: str | None, text: str, database: duckdb.DuckDBPyConnection
) -> None:
    expect_equal(text, {"merchant": word}, database)


@settings(max_examples=150, deadline=None)
@given(
    amount=st.none() | st.sampled_from([0.0, 1.0, 0.5, -2.5, 3.0, 1e300]),
    score=st.none() | st.sampled_from([0.0, 0.5, 1.0]),
    text=st.sampled_from(OF_NUMBERS),
)
def test_functions_of_numbers_are_those_of_the_language(
    amount: float | None, score: float | None, text: str, database: duckdb.DuckDBPyConnection
) -> None:
    expect_equal(text, {"customer_lat": amount, "score": score}, database)


def expect_equal(text: str, values: dict[str, Any], database: duckdb.DuckDBPyConnection) -> None:
    text = text.replace("amount", "customer_lat")
    event = {**dict.fromkeys((*NUMBERS, *TEXTS, "ip")), "hits": set(), **values}
    expression = compile_expression(text, OPERANDS)
    expected = expression.answer(activation_of(event, ActivationBuilder([expression])))
    assert answers(database, text, [event]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"velocity" in rules', True),
        ('"other" in rules', False),
        ("size(rules) == 1", True),
        ('!("other" in rules) && has(rules)', True),
    ],
)
def test_a_list_of_texts_can_be_asked_for_its_items(
    text: str, expected: bool, database: duckdb.DuckDBPyConnection
) -> None:
    event = {**dict.fromkeys((*NUMBERS, *TEXTS, "ip")), "hits": set()}
    assert answers(database, text, [event]) == [expected]


def test_a_condition_whose_sql_would_explode_is_refused() -> None:
    text = "amount"
    for _ in range(8):
        text = f"({text} / score > 1 ? 1 : 2)"
    expression = compile_expression(f"{text} > 1", OPERANDS)
    with pytest.raises(ConditionTooNested):
        SqlCondition(expression, variable_columns(expression, ["score", "field.amount"]))
