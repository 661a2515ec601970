"""Any text is either an expression or refused with problems that lie within it."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid, Problem
from scoring.rules.expressions.operands import operands_of

PIECES = (
    *(
        "amount",
        "card",
        "device",
        "ip",
        "score",
        "has",
        "listed",
        "tagged",
        "size",
        "matches",
        "math",
        "abs",
        "in",
    ),
    *(
        "true",
        "false",
        "null",
        "and",
        "all",
        "x",
        "1",
        "1.5",
        "1e3",
        "0x1",
        "5u",
        ".5",
        "5.",
        "99999999999999999",
    ),
    *('"a"', "'b'", '"', "'", '"""', "r'\\d'", "b'a'", '"\\q"', '"(a{9}){99}"', '"("', "//", "/*", "\\"),
    *(
        "&&",
        "||",
        "!",
        "==",
        "=",
        "<",
        "<=",
        "<>",
        "+",
        "-",
        "*",
        "/",
        "%",
        "?",
        ":",
        ".",
        ",",
        ";",
        "&",
        "|",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        " ",
        "\n",
        "\r\n",
        "\t",
        "é",
        "“",
        "\N{GRINNING FACE}",
        "\x00",
        "$",
        "@",
        "#",
    ),
)
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=60)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        compile_expression(text, operands_of("payment"))
    except ExpressionInvalid as error:
        return error.problems
    return ()


@settings(max_examples=500, deadline=None)
@given(text=texts)
@example("has(")
@example("listed(card,")
@example("listed(card, 'a'")
@example("math.")
@example("card.matches(")
@example("card.matches('a'")
@example("size(size(card))")
@example("card.")
@example("amount in")
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems_of(text):
        assert problem.message
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
