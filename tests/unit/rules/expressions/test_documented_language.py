"""docs/reference/rules.md says what the language does: its examples are compiled, its tables asked."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from scoring.rules.expressions import language
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.expressions.operands import operands_of

PAGE = (Path(settings.BASE_DIR) / "docs/reference/rules.md").read_text()
EVENT = {
    "card": "c1",
    "customer": "u1",
    "merchant": "m1",
    "amount": {"minor": 60_000, "currency": "USD"},
    "category": "grocery",
}


def examples() -> list[str]:
    blocks = re.findall(r"^```cel\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def rows(heading: str) -> list[list[str]]:
    """The cells of the last table below a heading, as they are read."""
    section = PAGE.split(f"### {heading}\n")[1].split("\n### ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    return [[each.strip().replace("\\|", "|").replace("\\`", "`") for each in row] for row in cells]


@pytest.mark.parametrize("text", examples())
def test_an_example_compiles(text: str) -> None:
    compile_expression(text, operands_of("payment"))


@pytest.mark.parametrize(("text", "matches", "_why"), rows("Missing values"))
def test_missing_values_answer_as_the_table_says(text: str, matches: str, _why: str) -> None:
    expression = compile_expression(text.strip("`"), operands_of("payment"))
    activation = ActivationBuilder([expression]).build(fields=EVENT, source="shop")
    assert expression.matches(activation) is (matches == "yes")


@pytest.mark.parametrize(("text", "message"), rows("Messages"))
def test_a_refused_expression_gets_the_documented_message(text: str, message: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        compile_expression(text.strip("`"), operands_of("payment"))
    assert str(refused.value) == message


def test_every_function_is_documented() -> None:
    section = PAGE.split("### Functions\n")[1].split("\n### ")[0]
    missing = [name for name in language.FUNCTIONS if f"{name}(" not in section]
    assert missing == []


def test_the_limits_are_those_of_the_code() -> None:
    section = PAGE.split("### Limits\n")[1].split("\n### ")[0]
    limits = (language.MAX_CHARACTERS, language.MAX_DEPTH, language.MAX_OPERATORS, language.MAX_PATTERN)
    for limit in (*limits, language.MAX_EXACT_INTEGER):
        assert f"{limit:,}" in section
