"""Compiles expressions. No other module knows the engine: CEL, by `cel_expr_python`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_strings

from scoring.rules.expressions import checking, messages
from scoring.rules.expressions.errors import ExpressionFailed, ExpressionInvalid, Problem
from scoring.rules.expressions.operands import FLAG, NUMBER, SCORE, TEXT, TEXTS, Operand, Operands
from scoring.rules.expressions.patterns import pattern_problem
from scoring.rules.expressions.rewriting import (
    Lookup,
    Rewritten,
    lookup_variable,
    presence_variable,
    rewrite,
    value_variable,
)
from scoring.rules.expressions.tokens import SourceText, Token

_TYPES: Mapping[str, Any] = {
    NUMBER: cel.Type.DOUBLE,
    TEXT: cel.Type.STRING,
    FLAG: cel.Type.BOOL,
    TEXTS: cel.Type.List(cel.Type.STRING),
}
_MISSING = 'No value with name "'  # how CEL says that a value was left out of the activation


@dataclass(frozen=True, slots=True, eq=False)
class CompiledExpression:
    """A condition on events of a type. It is compiled once and asked for every event.

    `values`: the operands whose value it reads; `presence`: those that it asks for with `has()`; `listed` and
    `tagged`: the (field, list) that it looks up; `banked`: the (ANY_FILE, bank).
    """

    text: str
    event_type: str
    values: Mapping[str, Operand]
    presence: Mapping[str, Operand]
    listed: frozenset[Lookup]
    tagged: frozenset[Lookup]
    banked: frozenset[Lookup]
    rewritten: str = field(repr=False)  # as CEL compiles it
    program: Any = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)  # CEL's variables with their types

    @property
    def operands(self) -> dict[str, Operand]:
        """Every operand that it mentions outside `listed()`, `tagged()` and `banked()`, by name."""
        return {**self.values, **self.presence}

    @property
    def lookups(self) -> frozenset[Lookup]:
        return self.listed | self.tagged | self.banked

    @property
    def lists(self) -> frozenset[str]:
        """The lists and tags that it names."""
        return frozenset(name for _, name in self.listed | self.tagged)

    @property
    def banks(self) -> frozenset[str]:
        """The hash banks that it names."""
        return frozenset(name for _, name in self.banked)

    @property
    def features(self) -> frozenset[str]:
        """The features that it reads: a decision without the lane's states lacks them."""
        return frozenset(each.column for each in self.operands.values() if each.kind == "feature")

    @property
    def needs_score(self) -> bool:
        return SCORE in self.operands

    def matches(self, activation: Any) -> bool:
        """Whether the event of an activation meets the condition; False if that cannot be known.

        It cannot be known if the result depends on a missing value. Raises ExpressionFailed.
        """
        return self.answer(activation) is True

    def answer(self, activation: Any) -> bool | None:
        """True, False, or None if the result depends on a missing value. Raises ExpressionFailed."""
        try:
            result = self.program.eval(activation).value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise ExpressionFailed(self.text, str(error)) from error
        return self._understood(result)

    def answer_values(self, values: Mapping[str, Any]) -> bool | None:
        """As `answer`, from the variables of `ActivationBuilder.values`."""
        try:
            result = self.program.eval(data=values).value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise ExpressionFailed(self.text, str(error)) from error
        return self._understood(result)

    def _understood(self, result: Any) -> bool | None:
        if result is True or result is False:
            return bool(result)
        if _MISSING in str(result):
            return None
        raise ExpressionFailed(self.text, str(result))


def compile_expression(text: str, operands: Operands) -> CompiledExpression:
    """The compiled condition. Raises ExpressionInvalid with every problem found, each at its place."""
    source = SourceText(text)
    _refuse(checking.check_size(source))
    _refuse(checking.check_tokens(source, operands))
    _refuse(_check_patterns(source))
    rewritten = rewrite(source, operands)
    variables = variables_of(rewritten, operands)
    try:
        program = compile_rewritten(rewritten.text, variables)
    except RuntimeError as error:
        raise ExpressionInvalid(messages.problems_of(str(error), rewritten, source)) from error
    _refuse(_check_result(program))
    by_name = operands.by_name
    return CompiledExpression(
        text=source.text,
        event_type=operands.event_type,
        values={name: by_name[name] for name in sorted(rewritten.values)},
        presence={name: by_name[name] for name in sorted(rewritten.presence)},
        listed=rewritten.listed,
        tagged=rewritten.tagged,
        banked=rewritten.banked,
        rewritten=rewritten.text,
        program=program,
        variables=variables,
    )


def variables_of(rewritten: Rewritten, operands: Operands) -> dict[str, str]:
    """The variables of an expression with their types."""
    return {
        **{value_variable(name): operands.by_name[name].type for name in rewritten.values},
        **{presence_variable(name): FLAG for name in rewritten.presence},
        **{
            lookup_variable(lookup): FLAG for lookup in rewritten.listed | rewritten.tagged | rewritten.banked
        },
    }


def compile_rewritten(text: str, variables: Mapping[str, str]) -> Any:
    """CEL's program of a rewritten expression. Raises RuntimeError with the compiler's message."""
    return environment(variables).compile(text)


def environment(variables: Mapping[str, str]) -> Any:
    """CEL with these variables ({name: type}) and the functions of the language."""
    return cel.NewEnv(
        variables={name: _TYPES[each] for name, each in variables.items()},
        extensions=[ext_math.ExtMath(), ext_strings.ExtStrings()],
    )


def literal_text(written: str) -> str:
    """The text that a literal stands for: `'"a\\tb"'` has a tab. Raises RuntimeError for unknown escapes."""
    return str(environment({}).compile(written).eval(data={}).value())


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise ExpressionInvalid(found)


def _check_result(program: Any) -> list[Problem]:
    if program.return_type() == cel.Type.BOOL:
        return []
    given = messages.type_in_words(program.return_type().name())
    return [
        Problem(
            1, 1, f"The expression gives {given}, not a condition.", "a comparison such as `amount > 500`"
        )
    ]


def _check_patterns(source: SourceText) -> list[Problem]:
    """Problems of regular expressions: CEL would find them only when it first runs."""
    problems = []
    for index, token in enumerate(source.tokens):
        if token.kind == "name" and token.text == "matches":
            argument = source.tokens[index + 2 : index + 4]
            if problem := _pattern_problem(argument):
                message, allowed = problem
                at = argument[0] if argument else token
                problems.append(Problem(*source.place(at.start), message, allowed))
    return problems


def _pattern_problem(argument: list[Token]) -> tuple[str, str] | None:
    if [token.kind for token in argument[:1]] != ["text"] or [token.text for token in argument[1:]] != [")"]:
        return "`matches` takes one pattern in quotes.", '`name.matches("^a[0-9]+$")`'
    literal = argument[0].text
    try:
        pattern = literal_text(literal)
    except RuntimeError:
        return None  # an unknown escape, which compiling reports at its place
    if problem := pattern_problem(pattern):
        message, allowed = problem
        return f"This regular expression is refused: {message}.", allowed
    result = environment({}).compile(f'"".matches({literal})').eval(data={}).value()
    if isinstance(result, bool):
        return None
    return f"This is not a regular expression: {str(result).split('expression: ')[-1]}.", "the syntax of RE2"
