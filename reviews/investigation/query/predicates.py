"""Writes a condition as SQL that DuckDB evaluates: the same answer as CEL's, NULL where that is unknown.

SQL's three-valued AND, OR and NOT are CEL's. What differs is written out here: comparisons with NaN, lists
with a missing item, the choice `? :`, and functions that SQL defines otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reviews.investigation.errors import ConditionTooNested
from scoring.rules.expressions.compiling import CompiledExpression, literal_text
from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT
from scoring.rules.expressions.prefilter.syntax import (
    Binary,
    Call,
    Choice,
    EscapedText,
    Flag,
    Node,
    Number,
    Text,
    Unary,
    Values,
    Variable,
    parse,
)

ARITHMETIC = ("+", "-", "*", "/")
COMPARISONS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What CEL's trim() removes: white space of Unicode, without the separators of ASCII.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" + (
    "\u2028\u2029\u202f\u205f\u3000"
)
MAX_SQL = 100_000  # characters: nested choices and comparisons repeat their parts
_METHODS = {
    "contains": "contains({}, {})",
    "startsWith": "starts_with({}, {})",
    "endsWith": "ends_with({}, {})",
    "matches": "regexp_matches({}, {})",
}
_NUMERIC = {"math.abs": "abs", "math.ceil": "ceil", "math.floor": "floor", "math.round": "round"}
_EXTREMES = {"math.greatest": "greatest", "math.least": "least"}


class SqlCondition:
    """A condition as SQL over columns. `text`: the SQL; `parameters`: the values that it names as $c0, ..."""

    def __init__(self, expression: CompiledExpression, columns: Mapping[str, str]) -> None:
        """`columns`: SQL of each of the expression's variables."""
        self.parameters: dict[str, Any] = {}
        self._columns = columns
        self._types = expression.variables
        self.text = self._sql(parse(expression.rewritten))

    def _parameter(self, value: Any) -> str:
        name = f"c{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def _sql(self, node: Node) -> str:
        """The SQL of a node. Raises ConditionTooNested."""
        written = self._written(node)
        if len(written) > MAX_SQL:
            raise ConditionTooNested
        return written

    def _written(self, node: Node) -> str:  # noqa: PLR0911 - one for each kind of node
        match node:
            case Variable(name):
                return self._columns[name]
            case Number(value):
                return f"{self._parameter(float(value))}::DOUBLE"
            case Text() | EscapedText():
                return f"{self._parameter(_content(node))}::VARCHAR"
            case Flag(value):
                return "TRUE" if value else "FALSE"
            case Unary(operator, part):
                return f"(NOT {self._sql(part)})" if operator == "!" else f"(-{self._sql(part)})"
            case Binary(operator, left, right):
                return self._binary(operator, left, right)
            case Choice(condition, yes, no):
                return self._choice(condition, yes, no)
            case Values(items):
                return f"[{', '.join(map(self._sql, items))}]"
            case Call(name, arguments):
                return self._call(name, arguments)
        raise TypeError(f"no SQL for {node!r}")

    def _binary(self, operator: str, left: Node, right: Node) -> str:
        if operator in ("&&", "||"):
            return f"({self._sql(left)} {'AND' if operator == '&&' else 'OR'} {self._sql(right)})"
        if operator in COMPARISONS:
            return self._comparison(operator, left, right)
        if operator == "in":
            return self._membership(left, right)
        if operator == "+" and self._type(left) == TEXT:
            return f"({self._sql(left)} || {self._sql(right)})"
        return f"({self._sql(left)} {operator} {self._sql(right)})"

    def _comparison(self, operator: str, left: Node, right: Node) -> str:
        """DuckDB takes NaN for equal to itself and greater than all else, CEL for neither."""
        first, second = self._sql(left), self._sql(right)
        compared = f"({first} {COMPARISONS[operator]} {second})"
        doubtful = [sql for sql, node in ((first, left), (second, right)) if _may_be_nan(node)]
        if not doubtful or self._type(left) != NUMBER:
            return compared
        nan = " OR ".join(f"isnan({each})" for each in doubtful)
        known = f"{first} IS NULL OR {second} IS NULL"
        with_nan = "TRUE" if operator == "!=" else "FALSE"
        return f"(CASE WHEN {known} THEN NULL WHEN {nan} THEN {with_nan} ELSE {compared} END)"

    def _membership(self, part: Node, values: Node) -> str:
        """`in` is unknown if the part or an item is, whatever the other items are."""
        if not isinstance(values, Values):
            return f"list_contains({self._sql(values)}, {self._sql(part)})"
        unknown = [self._sql(each) for each in (part, *values.items) if not _is_literal(each)]
        compared = [self._comparison("==", part, each) for each in values.items] or ["FALSE"]
        found = f"({' OR '.join(compared)})"
        if not unknown:
            return found
        missing = " OR ".join(f"{each} IS NULL" for each in unknown)
        return f"(CASE WHEN {missing} THEN NULL ELSE {found} END)"

    def _choice(self, condition: Node, yes: Node, no: Node) -> str:
        asked = self._sql(condition)
        return f"(CASE WHEN {asked} THEN {self._sql(yes)} WHEN NOT {asked} THEN {self._sql(no)} END)"

    def _call(self, name: str, arguments: Sequence[Node]) -> str:
        if name == "double":
            return self._sql(arguments[0])  # of size(), which is a DOUBLE here
        if name == "size":
            return self._size(arguments[0])
        if name in _METHODS:
            return f"({_METHODS[name].format(*map(self._sql, arguments))})"
        if name in _NUMERIC:
            return f"{_NUMERIC[name]}({self._sql(arguments[0])})"
        if name in _EXTREMES:
            return self._extreme(_EXTREMES[name], arguments)
        return self._changed_text(name, self._sql(arguments[0]))

    def _changed_text(self, name: str, text: str) -> str:
        if name == "trim":
            return f"trim({text}, {self._parameter(SPACES)}::VARCHAR)"
        given, wanted = (LETTERS.upper(), LETTERS) if name == "lowerAscii" else (LETTERS, LETTERS.upper())
        return f"translate({text}, '{given}', '{wanted}')"

    def _size(self, part: Node) -> str:
        if isinstance(part, Values) or self._type(part) not in (TEXT,):
            return f"len({self._sql(part)})::DOUBLE"
        return f"length({self._sql(part)})::DOUBLE"

    def _extreme(self, function: str, arguments: Sequence[Node]) -> str:
        """DuckDB leaves NULL out of the greatest and least of several values."""
        flat = [each for one in arguments for each in (one.items if isinstance(one, Values) else (one,))]
        parts = [self._sql(each) for each in flat]
        missing = " OR ".join(f"{each} IS NULL" for each in parts)
        return f"(CASE WHEN {missing} THEN NULL ELSE {function}({', '.join(parts)}) END)"

    def _type(self, node: Node) -> str:  # noqa: PLR0911 - as above
        """The type of a value; "" for a list."""
        match node:
            case Variable(name):
                return self._types[name]
            case Number():
                return NUMBER
            case Text() | EscapedText():
                return TEXT
            case Unary(operator, _):
                return FLAG if operator == "!" else NUMBER
            case Binary(operator, left, _):
                return self._type(left) if operator in ARITHMETIC else FLAG
            case Choice(_, yes, _):
                return self._type(yes)
            case Call(name, _):
                return _type_of_call(name)
        return FLAG if isinstance(node, Flag) else ""


def _type_of_call(name: str) -> str:
    if name in _METHODS:
        return FLAG
    return TEXT if name in ("lowerAscii", "upperAscii", "trim") else NUMBER


def _content(node: Text | EscapedText) -> str:
    return node.value if isinstance(node, Text) else literal_text(node.written)


def _is_literal(node: Node) -> bool:
    return isinstance(node, Number | Text | EscapedText | Flag)


def _may_be_nan(node: Node) -> bool:
    """Whether a calculation is part of it: stored numbers are finite."""
    match node:
        case Binary(operator, _, _):
            return operator in ARITHMETIC
        case Unary(_, part):
            return _may_be_nan(part)
        case Choice(_, yes, no):
            return _may_be_nan(yes) or _may_be_nan(no)
        case Call(name, arguments):
            return name.startswith("math.") and any(map(_may_be_nan, arguments))
        case Values(items):
            return any(map(_may_be_nan, items))
    return False
