"""Conditions are edited as people expect, and stay valid."""

import pytest

from reviews.investigation.query.editing import (
    comparison_text,
    comparisons_of,
    equality_text,
    parts_of,
    text_literal,
    with_part,
    without_part,
)
from reviews.investigation.query.operands import query_operands
from scoring.rules.expressions.compiling import compile_expression, literal_text
from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT, TEXTS, Operand, operands_of

OPERANDS = operands_of("payment")
RULES = Operand("rules", "decision", TEXTS, "rules", "", optional=False)


@pytest.mark.parametrize(
    ("name", "comparison", "value", "expected"),
    [
        ("amount", ">=", "1,000.50", "amount >= 1000.5"),
        ("amount", "!=", "-3", "amount != -3"),
        ("merchant", "==", 'a "b" \\', 'merchant == "a \\"b\\" \\\\"'),
        ("merchant", "in", "a, b,,", 'merchant in ["a", "b"]'),
        ("merchant", "startsWith", "m_", 'merchant.startsWith("m_")'),
        ("device", "missing", "", "!has(device)"),
        ("ip", "present", "", "has(ip)"),
    ],
)
def test_a_comparison_of_the_form_is_a_valid_condition(
    name: str, comparison: str, value: str, expected: str
) -> None:
    text = comparison_text(OPERANDS.by_name[name], comparison, value)
    assert text == expected
    compile_expression(text, OPERANDS)


@pytest.mark.parametrize(
    ("name", "comparison", "value"),
    [("amount", ">=", "many"), ("amount", "==", "nan"), ("amount", "contains", "1"), ("ip", "==", "1.2.3.4")],
)
def test_what_does_not_fit_an_operand_is_refused(name: str, comparison: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|cannot be compared"):
        comparison_text(OPERANDS.by_name[name], comparison, value)


def test_every_comparison_that_is_offered_compiles() -> None:
    for operand in [*OPERANDS, RULES]:
        for comparison in comparisons_of(operand):
            text = comparison_text(operand, comparison, "1")
            if operand.type != TEXTS:
                compile_expression(text, OPERANDS)


@pytest.mark.parametrize(
    ("kind", "value", "only", "without"),
    [
        (NUMBER, 5.0, "x == 5", "!(x == 5)"),
        (TEXT, "a", 'x == "a"', '!(x == "a")'),
        (TEXT, None, "!has(x)", "has(x)"),
        (FLAG, True, "x", "!x"),
        (FLAG, False, "!x", "x"),
        (TEXTS, "a", '("a" in x)', '!("a" in x)'),
    ],
)
def test_a_value_is_chosen_or_excluded(kind: str, value: object, only: str, without: str) -> None:
    operand = Operand("x", "field", kind, "x", "")
    assert equality_text(operand, value) == only  # type: ignore[arg-type]
    assert equality_text(operand, value, excluded=True) == without  # type: ignore[arg-type]


def test_a_part_is_added_once_and_to_all_alternatives() -> None:
    assert with_part("a > 1", "b") == "a > 1\n&& b"
    assert with_part("a > 1\n&& b", "b") == "a > 1\n&& b"
    assert with_part("a || b // why", "c") == "(a || b // why\n)\n&& c"
    assert with_part("a // why", "c") == "a // why\n&& c"


def test_parts_are_those_that_must_all_hold() -> None:
    condition = 'a == "x && y" && (b || c) && d in [1, 2]'
    assert parts_of(condition) == ['a == "x && y"', "(b || c)", "d in [1, 2]"]
    assert parts_of("a && b || c") == ["a && b || c"]
    assert without_part(condition, 1) == 'a == "x && y"\n&& d in [1, 2]'
    assert without_part("a", 0) == ""


@pytest.mark.parametrize("text", ["", 'a "b"', "back\\slash", "tab\tline\n", "\u00e9\U0001f600", "\x07"])
def test_a_literal_stands_for_its_text(text: str) -> None:
    assert literal_text(text_literal(text)) == text


def test_names_of_the_decision_do_not_hide_those_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {**OPERANDS.by_name, "outcome": Operand("outcome", "field", TEXT, "outcome", "")}
    known = OPERANDS.__class__("payment", taken)
    monkeypatch.setattr("reviews.investigation.query.operands.operands_now", lambda event_type: known)
    found = query_operands("payment").by_name
    assert found["outcome"].kind == "field"
    assert (found["outcome_"].kind, found["outcome_"].column) == ("decision", "outcome")
