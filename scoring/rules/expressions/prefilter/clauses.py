"""Derives from an expression what must not be false if it is to match: clauses of atoms.

An expression implies all its clauses, and a clause says that one of its atoms is not false. So an event on
which every atom of a clause is false does not match, whatever CEL cannot know of the rest: its `&&` is false
if a side is. What is not understood makes fewer clauses, never wrong ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Literal

from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT
from scoring.rules.expressions.prefilter.syntax import (
    Binary,
    Call,
    Flag,
    Node,
    Number,
    Text,
    Unary,
    Values,
    Variable,
)

Test = Literal["<", "<=", "==", "!="]
Types = Mapping[str, str]  # the type of each variable: NUMBER, TEXT or FLAG

MAX_CLAUSES = 32  # of an expression; a disjunction of conjunctions has the product of theirs
ARITHMETIC = ("+", "-", "*", "/")
TEXT_TESTS = ("contains", "startsWith", "endsWith")
ZERO, ONE = Number(0.0), Number(1.0)

# The test that two numbers pass where the comparison is false, and whether they change sides.
_FALSE_WHERE: Mapping[str, tuple[Test, bool]] = {
    ">": ("<=", False),
    ">=": ("<", False),
    "<": ("<=", True),
    "<=": ("<", True),
    "==": ("!=", False),
    "!=": ("==", False),
}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
# A pattern that only texts with a certain start match: no alternatives, no flags, no comments.
_ANCHORED = re.compile(r"\^([A-Za-z0-9 _@:/-]+)(.?)", re.DOTALL)
_REPEATS = "*?{"  # what makes the character before it optional


@dataclass(frozen=True, slots=True)
class TextTest:
    """Whether the text of a variable passes a test: 1 or 0. `test`: one of TEXT_TESTS, or "in"."""

    test: str
    variable: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """The number of characters of the text of a variable."""

    variable: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """Arithmetic with one part (its negation, "-") or two."""

    operator: str
    parts: tuple["Term", ...]


# A number that is known for every event, or NaN where a value is missing.
Term = Variable | Number | TextTest | Length | Calculation


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of a condition: false where `test` holds between two terms, which it never does for NaN."""

    test: Test
    left: "Term"
    right: "Term"


Clause = frozenset[Atom]
Clauses = Sequence[Clause]
NOTHING: Clauses = ()


def clauses_of(condition: Node, types: Types, *, negated: bool = False) -> Clauses:
    """What a condition, or its negation, implies; nothing for one that is not understood."""
    match condition:
        case Unary("!", part):
            return clauses_of(part, types, negated=not negated)
        case Binary("&&" | "||" as connective, left, right):
            parts = [clauses_of(each, types, negated=negated) for each in (left, right)]
            return _both(*parts) if (connective == "&&") != negated else _either(*parts)
        case Binary("in", part, Values(items)):
            return _membership(part, items, types, negated=negated)
        case Binary(operator, left, right) if operator in _OPPOSITE:
            return _comparison(_OPPOSITE[operator] if negated else operator, left, right, types)
    return _of_atom(condition, types, negated=negated)


def _of_atom(condition: Node, types: Types, *, negated: bool) -> Clauses:
    match condition:
        case Flag(value) if value == negated:
            return _one(Atom("==", ZERO, ZERO))  # always false
        case Variable(name) if types[name] == FLAG:
            return _one(Atom("==", condition, ONE if negated else ZERO))
        case Call(name, arguments):
            return _text_function(name, arguments, negated=negated)
    return NOTHING


def _one(*atoms: Atom) -> Clauses:
    return (frozenset(atoms),)


def _both(left: Clauses, right: Clauses) -> Clauses:
    return tuple(dict.fromkeys((*left, *right)))[:MAX_CLAUSES]


def _either(left: Clauses, right: Clauses) -> Clauses:
    return tuple(dict.fromkeys(one | other for one, other in product(left, right)))[:MAX_CLAUSES]


def _comparison(operator: str, left: Node, right: Node, types: Types) -> Clauses:
    first, second = _term(left, types), _term(right, types)
    if first is not None and second is not None:
        test, swapped = _FALSE_WHERE[operator]
        return _one(Atom(test, second, first) if swapped else Atom(test, first, second))
    match (left, right):
        case (Variable(name), Text(value)) | (Text(value), Variable(name)) if operator in ("==", "!="):
            return _text_test("in", name, (value,), negated=operator == "!=")
    return NOTHING


def _membership(part: Node, items: Sequence[Node], types: Types, *, negated: bool) -> Clauses:
    """`in` a list of literals: texts, or numbers."""
    texts = tuple(each.value for each in items if isinstance(each, Text))
    match part:
        case Variable(name) if types[name] == TEXT and len(texts) == len(items):
            return _text_test("in", name, texts, negated=negated)
    numbers = [each for item in items if isinstance(each := _term(item, types), Number)]
    if not numbers or len(numbers) < len(items):
        return NOTHING
    compared = [_comparison("!=" if negated else "==", part, each, types) for each in numbers]
    return reduce(_both if negated else _either, compared)


def _text_test(test: str, variable: str, arguments: tuple[str, ...], *, negated: bool) -> Clauses:
    return _one(Atom("==", TextTest(test, variable, arguments), ONE if negated else ZERO))


def _text_function(name: str, arguments: Sequence[Node], *, negated: bool) -> Clauses:
    match arguments:
        case (Variable(variable), Text(value)) if name in TEXT_TESTS:
            return _text_test(name, variable, (value,), negated=negated)
        case (Variable(variable), Text(pattern)) if name == "matches" and not negated:
            start = required_start(pattern)
            return _text_test("startsWith", variable, (start,), negated=False) if start else NOTHING
    return NOTHING


def required_start(pattern: str) -> str:
    """How every text starts that the regular expression matches; "" if that is not known.

    >>> required_start("^shop-[0-9]+$"), required_start("^shops?$"), required_start("^a|b")
    ('shop-', 'shop', '')
    """
    found = _ANCHORED.match(pattern)
    if not found or "|" in pattern:
        return ""
    start, follows = found.groups()
    return start[:-1] if follows and follows in _REPEATS else start


def _term(node: Node, types: Types) -> Term | None:
    """A value as a number, None if it is none or not understood."""
    match node:
        case Number():
            return node
        case Variable(name) if types[name] in (NUMBER, FLAG):
            return node
        case Unary("-", part) if (inner := _term(part, types)) is not None:
            return Number(-inner.value) if isinstance(inner, Number) else Calculation("-", (inner,))
        case Binary(operator, left, right) if operator in ARITHMETIC:
            first, second = _term(left, types), _term(right, types)
            return None if first is None or second is None else Calculation(operator, (first, second))
        case Call("double", (Call("size", (Variable(name),)),)):
            return Length(name)
    return None
