"""Checks an expression before it is compiled: its size, its names and its functions.

What passes is bounded and uses only the operands and the functions of the language. CEL then checks the
syntax and the types.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from scoring.catalog.parsing.characters import ALLOWED_IN_TEXTS, describe
from scoring.rules.expressions.errors import MAX_NAME_SHOWN, Problem
from scoring.rules.expressions.language import (
    FUNCTIONS,
    MACROS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_EXACT_INTEGER,
    MAX_OPERATORS,
    OPERATORS,
)
from scoring.rules.expressions.lookups import (
    BANKED,
    LOOKUPS,
    Found,
    Trouble,
    check_banked,
    check_has,
    check_lookup,
)
from scoring.rules.expressions.operands import Operands
from scoring.rules.expressions.tokens import SourceText, Token

MAX_PROBLEMS = 10
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
# They show an expression in another order than it is read in: the second person would approve another rule.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_QUOTES = 'straight quotes, such as "shop"'
_CLOSING = {"(": ")", "[": "]"}
_UNKNOWN = {
    "=": ("`=` does not compare.", "`==`"),
    "&": ("`&` is not an operator.", "`&&`"),
    "|": ("`|` is not an operator.", "`||`"),
    ";": ("An expression is one condition.", "`&&` or `||` between conditions"),
    "≥": ("`≥` is not an operator.", "`>=`"),
    "≤": ("`≤` is not an operator.", "`<=`"),
    "≠": ("`≠` is not an operator.", "`!=`"),
    "\u00d7": ("`\u00d7` is not an operator.", "`*`"),
    "\u2212": ("This is a typographic minus.", "`-`"),
    "\u2013": ("This is a dash.", "`-`"),
    '"': ("This text is not closed.", 'a text in quotes on one line, such as "shop"'),
    "'": ("This text is not closed.", 'a text in quotes on one line, such as "shop"'),
    "`": ("Names are written without quotes.", ""),
    **dict.fromkeys(_TYPOGRAPHIC, ("Typographic quotes do not delimit a text.", _QUOTES)),
}
_WORDS = {
    "and": ("`and` is not an operator.", "`&&`"),
    "or": ("`or` is not an operator.", "`||`"),
    "not": ("`not` is not an operator.", "`!`"),
    "is": ("`is` is not an operator.", "`==`, or `has(name)`"),
    "null": ("Values are not compared with null.", "`has(name)` and `!has(name)`"),
    "None": ("Values are not compared with None.", "`has(name)` and `!has(name)`"),
    "True": ("`True` is not a value.", "`true`"),
    "False": ("`False` is not a value.", "`false`"),
    "like": ("`like` is not an operator.", '`name.contains("text")` or `name.matches("pattern")`'),
    "between": ("`between` is not an operator.", "`name >= 1 && name <= 2`"),
}  # fmt: skip


def check_size(source: SourceText) -> list[Problem]:
    """The problem of a text that is empty, too long, cannot be stored or is not shown as it is read."""
    if not source.text.strip():
        return [Problem(1, 1, "The expression is empty.", "a condition such as `amount > 500`")]
    if (length := len(source.text)) > MAX_CHARACTERS:
        place = source.place(MAX_CHARACTERS)
        return [Problem(*place, f"The expression has {length:,} characters.", f"at most {MAX_CHARACTERS:,}")]
    if wrong := _NOT_STORABLE.search(source.text):
        place = source.place(wrong.start())
        return [Problem(*place, f"The expression has the character {describe(wrong[0])}.", ALLOWED_IN_TEXTS)]
    if wrong := _REORDERING.search(source.text):
        place, escaped = source.place(wrong.start()), f"\\u{ord(wrong[0]):04x}"
        message = f"The character {describe(wrong[0])} changes the order of what is shown."
        return [Problem(*place, message, f"in a text `{escaped}`")]
    return []


def check_tokens(source: SourceText, operands: Operands) -> list[Problem]:
    """The first problems with the characters, brackets, names and functions of an expression."""
    problems = [*_check_characters(source), *_check_brackets(source), *_check_amount(source)]
    problems += _check_lists(source) if not problems else []
    if not problems:
        problems = list(_check_words(source, operands))
    return sorted(problems)[:MAX_PROBLEMS]


def _check_characters(source: SourceText) -> Iterator[Problem]:
    for token in source.tokens:
        place = source.place(token.start)
        if token.kind == "unknown":
            message, allowed = _UNKNOWN.get(
                token.text, (f"`{token.text}` has no meaning here.", "names, numbers, texts and operators")
            )
            yield Problem(*place, message, allowed)
            if token.text in "\"'":
                return  # what follows was meant as text
        elif token.text in ("{", "}"):
            yield Problem(*place, "Maps are not part of the language.", "lists such as `[1, 2]`")
        elif token.text == "%":
            yield Problem(*place, "`%` is not an operator: numbers are decimals.", "`+`, `-`, `*` and `/`")
        elif problem := _number_problem(token):
            yield Problem(*place, *problem)


def _number_problem(token: Token) -> tuple[str, str] | None:
    if token.kind == "other_number":
        return f"`{token.text}` is not a decimal number.", "numbers such as `5`, `0.5` and `1e3`"
    if token.kind == "integer" and (len(token.text) > 16 or int(token.text) > MAX_EXACT_INTEGER):
        return "This number is too large to be exact.", f"at most {MAX_EXACT_INTEGER:,}"
    if token.kind == "float" and float(token.text) == float("inf"):
        return "This number is too large.", "at most 1.7e308"
    return None


def _check_brackets(source: SourceText) -> Iterator[Problem]:
    still_open: list[Token] = []
    previous = ""
    for token in source.tokens:
        if token.text in _CLOSING and token.kind == "operator":
            still_open.append(token)
            if len(still_open) == MAX_DEPTH + 1:
                place = source.place(token.start)
                yield Problem(*place, "The brackets are nested too deeply.", f"at most {MAX_DEPTH} levels")
        elif token.kind == "operator" and token.text in _CLOSING.values():
            if not still_open or _CLOSING[still_open.pop().text] != token.text:
                place = source.place(token.start)
                yield Problem(*place, f"No bracket is open that `{token.text}` would close.")
                return
        elif token.text == ",":
            yield from _check_comma(source, token, still_open[-1].text if still_open else "", previous)
        previous = token.kind
    for token in still_open[:1]:
        yield Problem(
            *source.place(token.start), f"`{token.text}` is not closed.", f"`{_CLOSING[token.text]}`"
        )


def _check_comma(source: SourceText, comma: Token, bracket: str, previous: str) -> Iterator[Problem]:
    if bracket:
        return
    allowed = (
        "numbers without separators, such as `1234.5`" if previous == "integer" else "commas in brackets"
    )
    yield Problem(*source.place(comma.start), "A comma is not allowed here.", allowed)


def _check_lists(source: SourceText) -> Iterator[Problem]:
    """Lists of plain values have one type: CEL would compare numbers with texts, which never are equal."""
    kinds: list[set[str]] = []
    for token in source.tokens:
        if token.text in _CLOSING and token.kind == "operator":
            kinds.append({token.text})
        elif token.text in _CLOSING.values() and token.kind == "operator":
            kinds.pop()
        elif kinds and "[" in kinds[-1] and token.kind in ("text", "integer", "float"):
            kinds[-1].add("text" if token.kind == "text" else "number")
            if {"text", "number"} <= kinds[-1]:
                kinds[-1].discard("[")
                yield Problem(
                    *source.place(token.start),
                    "A list holds values of one type.",
                    "only numbers, or only texts",
                )


def _check_amount(source: SourceText) -> Iterator[Problem]:
    counted = [token for token in source.tokens if token.text in OPERATORS and token.kind != "text"]
    calls = [token for token, after in _pairs(source.tokens) if token.kind == "name" and after == "("]
    if (count := len(counted) + len(calls)) > MAX_OPERATORS:
        place = source.place((counted + calls)[MAX_OPERATORS].start)
        message = f"The expression has {count:,} operators and calls."
        yield Problem(*place, message, f"at most {MAX_OPERATORS}; divide it into several rules")


def _pairs(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    for index, token in enumerate(tokens):
        yield token, tokens[index + 1].text if index + 1 < len(tokens) else ""


def _check_words(source: SourceText, operands: Operands) -> Iterator[Problem]:
    tokens = source.tokens
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "name":
            length, problem = _check_word(tokens, index, operands)
            if problem:
                at, message, allowed = problem
                yield Problem(*source.place(tokens[at].start), message, allowed)
            index += length
        elif token.text == "<" and tokens[index + 1 : index + 2] == [Token("operator", ">", token.end)]:
            yield Problem(*source.place(token.start), "`<>` is not an operator.", "`!=`")
            index += 2
        else:
            index += 1


def _check_word(tokens: list[Token], index: int, operands: Operands) -> Found:
    """Check the name at a place: an operand, a function, a method or a word of the language."""
    name = tokens[index].text
    if index and tokens[index - 1].text == "." and index > 1 and _ends_value(tokens[index - 2]):
        return 1, _method_problem(tokens, index)
    if _text_at(tokens, index + 1) == ".":
        return _check_dotted(tokens, index, operands)
    if _text_at(tokens, index + 1) == "(":
        return _check_call(tokens, index, operands)
    if name in ("true", "false", "in"):
        return 1, None
    return 1, _operand_problem(index, name, operands)


def _ends_value(token: Token) -> bool:
    return token.kind in ("name", "text") or token.text in (")", "]")


def _text_at(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def _check_dotted(tokens: list[Token], index: int, operands: Operands) -> Found:
    """`math.abs(`, a method of an operand, or a name with a dot, which no operand has."""
    name, member = tokens[index].text, _text_at(tokens, index + 2)
    is_call = _text_at(tokens, index + 3) == "("
    if name == "math":
        return 3, None if f"math.{member}" in FUNCTIONS and is_call else _unknown_function(
            index, f"math.{member}"
        )
    if is_call:
        return 1, _operand_problem(index, name, operands)
    return 3, _operand_problem(index, f"{name}.{member}", operands)


def _method_problem(tokens: list[Token], index: int) -> Trouble | None:
    name = tokens[index].text
    function = FUNCTIONS.get(name)
    if _text_at(tokens, index + 1) == "(" and function and function.method:
        return None
    if function and not function.method:
        return index, f"`{name}` does not follow a dot.", f"`{function.example}`"
    return _unknown_function(index, name)


def _check_call(tokens: list[Token], index: int, operands: Operands) -> Found:
    name = tokens[index].text
    if name == BANKED:
        return check_banked(tokens, index, operands)
    if name == "has" or name in LOOKUPS:
        check = check_has if name == "has" else check_lookup
        return check(tokens, index, operands, _operand_problem)
    function = FUNCTIONS.get(name)
    if function and function.method:
        return 1, (index, f"`{name}` follows a text and a dot.", f"`{function.example}`")
    if name == "in":
        return 1, (index, "`in` takes a list.", '`name in ["a", "b"]`')
    if name in _WORDS:
        return 1, (index, *_WORDS[name])
    return 1, None if function else _unknown_function(index, name)


def _unknown_function(index: int, name: str) -> Trouble:
    if name in MACROS:
        return (
            index,
            f"`{name}` repeats, and expressions have no repetitions.",
            "several conditions with `||`",
        )
    close = f"`math.{name}`" if f"math.{name}" in FUNCTIONS else _close_to(name, FUNCTIONS)
    return index, f"There is no function `{name[:MAX_NAME_SHOWN]}`.", close or ", ".join(FUNCTIONS)


def _operand_problem(index: int, name: str, operands: Operands) -> Trouble | None:
    """Why a name is no operand that has a value here, or None if it is one."""
    operand = operands.by_name.get(name)
    if operand is None and name in _WORDS:
        return index, *_WORDS[name]
    if operand is None:
        message = f"`{name[:MAX_NAME_SHOWN]}` is not a name of {operands.event_type} events."
        return index, message, _names_like(name, operands.by_name)
    if operand.personal and operand.type == "text":
        message = f"`{name}` is personal: only a digest of it is stored, which has nothing to compare."
        return index, message, f'`has({name})` and `listed({name}, "list")`'
    return None


def _names_like(name: str, names: Mapping[str, object]) -> str:
    if close := _close_to(name.replace(".", "_"), names):
        return close
    return "fields, features and signals of the type, `score` and `source`"


def _close_to(name: str, names: Mapping[str, object]) -> str:
    """Names that are spelled alike, in code quotes; "" without any."""
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    return " or ".join(f"`{by_lower[each]}`" for each in close)
