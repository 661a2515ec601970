"""Rewrites a checked expression into what CEL compiles, and maps places back.

Every operand becomes a variable of its own, `has(x)`, `listed(x, "l")` and `banked("b")` become flags, and
every number a double: the language has one type of numbers, so `amount > 5` and `size(merchant) > 5` mean
what they say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scoring.rules.expressions.lookups import (
    BANKED,
    LENGTH_OF_BANKED,
    LENGTH_OF_HAS,
    LENGTH_OF_LOOKUP,
    LOOKUPS,
    name_in,
)
from scoring.rules.expressions.operands import Operands
from scoring.rules.expressions.tokens import SourceText, Token

Lookup = tuple[str, str]  # the name of a field, and that of a list; ANY_FILE and the name of a bank
ANY_FILE = ""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`text` for CEL, the offset in the source of each of its characters and of its end, and what it uses."""

    text: str
    offsets: tuple[int, ...]
    end: int
    values: frozenset[str]
    presence: frozenset[str]
    listed: frozenset[Lookup]
    tagged: frozenset[Lookup]
    banked: frozenset[Lookup]

    def source_offset(self, offset: int) -> int:
        return self.offsets[offset] if offset < len(self.text) else self.end


def value_variable(name: str) -> str:
    """The variable of an operand's value. The prefixes keep variables apart from CEL's own names."""
    return f"v_{name}"


def presence_variable(name: str) -> str:
    """The flag whether an operand has a value."""
    return f"h_{name}"


def lookup_variable(lookup: Lookup) -> str:
    """The flag whether a field's value is in a list, or a file matches a bank."""
    field, list_name = lookup
    return f"l_{list_name.encode().hex()}_{field}"


def rewrite(source: SourceText, operands: Operands) -> Rewritten:
    """The expression for CEL. The source has passed `check_tokens`."""
    values: set[str] = set()
    presence: set[str] = set()
    lookups: dict[str, set[Lookup]] = {name: set() for name in (*LOOKUPS, BANKED)}
    parts: list[tuple[str, int]] = []
    tokens = list(_with_closed_sizes(source.tokens))
    index = 0
    while index < len(tokens):
        token = tokens[index]
        written, length = token.text, 1
        is_call = index + 1 < len(tokens) and tokens[index + 1].text == "("
        if token.kind == "integer":
            written = f"{token.text}.0"
        elif token.kind == "name" and is_call and token.text == "has":
            name, length = tokens[index + 2].text, LENGTH_OF_HAS
            presence.add(name)
            written = presence_variable(name)
        elif token.kind == "name" and is_call and token.text in LOOKUPS:
            lookup, length = (tokens[index + 2].text, name_in(tokens[index + 4])), LENGTH_OF_LOOKUP
            lookups[token.text].add(lookup)
            written = lookup_variable(lookup)
        elif token.kind == "name" and is_call and token.text == BANKED:
            lookup, length = (ANY_FILE, name_in(tokens[index + 2])), LENGTH_OF_BANKED
            lookups[BANKED].add(lookup)
            written = lookup_variable(lookup)
        elif token.kind == "name" and not is_call and token.text in operands.by_name:
            values.add(token.text)
            written = value_variable(token.text)
        parts.append((written, token.start))
        index += length
    text, offsets = _joined(parts)
    return Rewritten(
        text=text,
        offsets=offsets,
        end=tokens[-1].end if tokens else 0,
        values=frozenset(values),
        presence=frozenset(presence),
        listed=frozenset(lookups["listed"]),
        tagged=frozenset(lookups["tagged"]),
        banked=frozenset(lookups[BANKED]),
    )


def _joined(parts: Iterable[tuple[str, int]]) -> tuple[str, tuple[int, ...]]:
    """The parts with a space after each, and the source's offset for each character."""
    text, offsets = [], []
    for written, start in parts:
        text.append(written)
        offsets += [start] * (len(written) + 1)
    return " ".join(text), tuple(offsets)


def _with_closed_sizes(tokens: list[Token]) -> Iterator[Token]:
    """The tokens with `double(size(...))` for `size(...)`, which gives an integer."""
    depth, sizes = 0, []
    for index, token in enumerate(tokens):
        starts = token.kind == "name" and token.text == "size" and tokens[index + 1 : index + 2]
        if starts and tokens[index + 1].text == "(":
            sizes.append(depth)
            yield Token("call", "double(", token.start)
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0) if token.kind == "operator" else 0
        yield token
        if sizes and token.text == ")" and depth == sizes[-1]:
            sizes.pop()
            yield Token("operator", ")", token.start)
