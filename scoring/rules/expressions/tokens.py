"""Splits an expression into tokens, as CEL's grammar does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

# In order: the first alternative that matches is taken.
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
    |(?P<text>[rR]?(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<other_number>0[xX][0-9a-fA-F]+[uU]?|\d+[uU])
    |(?P<integer>\d+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
    |(?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: "space", "text", "float", "integer", "other_number", "name", "operator" or "unknown"."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class SourceText:
    """An expression as it was written, with the places of its characters."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens that mean something: without spaces and comments."""
        return [token for token in self.all_tokens if token.kind != "space"]

    @cached_property
    def all_tokens(self) -> list[Token]:
        return list(_split(self.text))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character; of the end for the offset behind the last one."""
        line = self.text.count("\n", 0, offset)
        return line + 1, offset - (self.text.rfind("\n", 0, offset) + 1) + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a place, within the text."""
        starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        start = starts[min(max(line, 1), len(starts)) - 1]
        return min(start + max(column, 1) - 1, len(self.text))


def _split(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        yield Token(str(match.lastgroup), match.group(), match.start())
