"""The syntax tree of an expression as CEL compiles it."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.rules.expressions.tokens import SourceText, Token

# How tightly the operators bind that stand between two parts; those of one level group from the left.
_BINDS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
}


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Flag:
    value: bool


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    part: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function or method; what a method follows is its first argument."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Values:
    """A list in brackets."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class EscapedText:
    """A text with escapes or on several lines, as it is written; `literal_text` gives what it stands for."""

    written: str


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    condition: "Node"
    yes: "Node"
    no: "Node"


Node = Variable | Number | Text | EscapedText | Flag | Unary | Binary | Call | Values | Choice


def parse(rewritten: str) -> Node:
    """The tree of an expression that CEL has compiled. Raises ValueError for syntax that is not known."""
    parser = _Parser(SourceText(rewritten).tokens)
    tree = parser.choice()
    parser.expect_end()
    return tree


class _Parser:
    """Reads tokens from the left, one level of precedence in another."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> str:
        """The operator or word that comes next; "" for a text, so that its content is not taken for one."""
        if self._at == len(self._tokens) or self._tokens[self._at].kind == "text":
            return ""
        return self._tokens[self._at].text

    def _take(self) -> Token:
        if self._at == len(self._tokens):
            raise ValueError("the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, text: str) -> bool:
        found = self._next == text
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ValueError(f"{text!r} is expected in place of {self._next!r}")

    def expect_end(self) -> None:
        if self._at != len(self._tokens):
            raise ValueError(f"{self._next!r} follows the expression")

    def choice(self) -> Node:
        condition = self._binary(1)
        if not self._accept("?"):
            return condition
        yes = self._binary(1)
        self._expect(":")
        return Choice(condition, yes, self.choice())

    def _binary(self, level: int) -> Node:
        left = self._unary()
        while (binds := _BINDS.get(self._next, 0)) >= level:
            operator = self._take().text
            left = Binary(operator, left, self._binary(binds + 1))
        return left

    def _unary(self) -> Node:
        for operator in ("!", "-"):
            if self._accept(operator):
                return Unary(operator, self._unary())
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while self._accept("."):
            name = self._take().text
            self._expect("(")
            node = Call(name, (node, *self._items(")")))
        return node

    def _primary(self) -> Node:
        if self._accept("("):
            inside = self.choice()
            self._expect(")")
            return inside
        if self._accept("["):
            return Values(self._items("]"))
        token = self._take()
        if token.kind == "text":
            return _text(token.text)
        if token.kind == "float":
            return Number(float(token.text))
        if token.kind == "name":
            return self._named(token.text)
        raise ValueError(f"{token.text!r} starts no value")

    def _named(self, name: str) -> Node:
        if name in ("true", "false"):
            return Flag(name == "true")
        if name == "math":
            self._expect(".")
            name = f"math.{self._take().text}"
        return Call(name, self._items(")")) if self._accept("(") else Variable(name)

    def _items(self, close: str) -> tuple[Node, ...]:
        items = []
        while not self._accept(close):
            items.append(self.choice())
            if self._next != close:
                self._expect(",")
        return tuple(items)


def _text(written: str) -> Text | EscapedText:
    is_raw = written[0] in "rR"
    quoted = written[1:] if is_raw else written
    if quoted[:3] in ('"""', "'''") or ("\\" in quoted and not is_raw):
        return EscapedText(written)
    return Text(quoted[1:-1])
