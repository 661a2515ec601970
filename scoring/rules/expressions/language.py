"""The language of rules: a part of CEL that is bounded, with one type of numbers.

See docs/reference/rules.md. The tables here are what completion offers and what checking allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_CHARACTERS = 2_000
MAX_DEPTH = 16  # nested brackets
MAX_OPERATORS = 100  # comparisons, arithmetic, connectives and calls
MAX_PATTERN = 200  # characters of a regular expression
MAX_PATTERN_COST = 200  # of a regular expression with its repetitions written out
MAX_EXACT_INTEGER = 2**53  # larger ones are not exact as numbers


@dataclass(frozen=True, slots=True)
class LanguageFunction:
    """A function of the language. `method`: whether it follows a text and a dot."""

    name: str
    signature: str
    description: str
    example: str
    method: bool = False


FUNCTIONS: Mapping[str, LanguageFunction] = {
    function.name: function
    for function in (
        LanguageFunction("has", "has(name) -> flag", "whether the event has a value", "!has(device)"),
        LanguageFunction(
            "listed",
            'listed(field, "list") -> flag',
            "whether the field's value is in the list now",
            'listed(card, "stolen_cards")',
        ),
        LanguageFunction(
            "tagged",
            'tagged(field, "tag") -> flag',
            "whether the field's value carries the tag now",
            'tagged(customer, "trusted")',
        ),
        LanguageFunction(
            "banked",
            'banked("bank") -> flag',
            "whether a file of the event matches the hash bank now",
            'banked("known_abuse")',
        ),
        LanguageFunction(
            "size", "size(text) -> number", "its number of characters", "size(merchant) < 4", method=False
        ),
        LanguageFunction(
            "contains",
            "text.contains(text) -> flag",
            "whether the other text is part of it",
            'merchant.contains("test")',
            method=True,
        ),
        LanguageFunction(
            "startsWith",
            "text.startsWith(text) -> flag",
            "whether it starts with the other text",
            'merchant.startsWith("m_")',
            method=True,
        ),
        LanguageFunction(
            "endsWith",
            "text.endsWith(text) -> flag",
            "whether it ends with the other text",
            'merchant.endsWith("_test")',
            method=True,
        ),
        LanguageFunction(
            "matches",
            'text.matches("pattern") -> flag',
            "whether the regular expression (RE2) is found in it",
            'merchant.matches("^m_[0-9]+$")',
            method=True,
        ),
        LanguageFunction(
            "lowerAscii",
            "text.lowerAscii() -> text",
            "it with A-Z in lower case",
            'merchant.lowerAscii() == "shop"',
            method=True,
        ),
        LanguageFunction(
            "upperAscii",
            "text.upperAscii() -> text",
            "it with a-z in upper case",
            'merchant.upperAscii() == "SHOP"',
            method=True,
        ),
        LanguageFunction(
            "trim",
            "text.trim() -> text",
            "it without spaces at its ends",
            'merchant.trim() == "shop"',
            method=True,
        ),
        LanguageFunction(
            "math.abs", "math.abs(number) -> number", "its absolute value", "math.abs(amount - 100) < 1"
        ),
        LanguageFunction(
            "math.ceil", "math.ceil(number) -> number", "rounded up", "math.ceil(amount) == amount"
        ),
        LanguageFunction(
            "math.floor", "math.floor(number) -> number", "rounded down", "math.floor(amount) == amount"
        ),
        LanguageFunction(
            "math.round",
            "math.round(number) -> number",
            "rounded, halves away from zero",
            "math.round(amount) == 100",
        ),
        LanguageFunction(
            "math.greatest",
            "math.greatest(number, ...) -> number",
            "the greatest of the numbers",
            "math.greatest(amount, 100) > 500",
        ),
        LanguageFunction(
            "math.least",
            "math.least(number, ...) -> number",
            "the least of the numbers",
            "math.least(amount, 100) < 5",
        ),
    )
}
OPERATORS: Mapping[str, str] = {
    "&&": "both",
    "||": "either",
    "!": "not",
    "==": "equal",
    "!=": "different",
    "<": "less",
    "<=": "at most",
    ">": "greater",
    ">=": "at least",
    "in": "one of a list",
    "+": "sum, or joined texts",
    "-": "difference",
    "*": "product",
    "/": "quotient",
    "?": "condition ? value : other value",
}
MACROS = ("all", "exists", "exists_one", "existsOne", "filter", "map", "bind", "block")
RESERVED_WORDS = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while", "math"),
    )
)
