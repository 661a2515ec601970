"""Asks one expression about many events at once, from columns: for backtests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.errors import ExpressionFailed
from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT, Operand
from scoring.rules.expressions.rewriting import Lookup, lookup_variable, presence_variable, value_variable

Column = Sequence[Any] | NDArray[Any]
MAX_REMEMBERED = 200_000  # results of rules over texts and flags, of which many events share one


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of an expression about many events.

    `matched`: bool[N], as `CompiledExpression.matches` would answer. `unknown`: bool[N], where the result
    depends on a missing value. `failed`: the error of each event on which the expression failed.
    """

    matched: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    failed: Mapping[int, str]


def ask_columns(
    expression: CompiledExpression,
    *,
    columns: Mapping[str, Column],
    count: int,
    hits: Mapping[Lookup, NDArray[np.bool_]] | None = None,
) -> Answers:
    """Ask about `count` events; exactly what `matches` answers for each alone.

    `columns`: by the operand's name, its stored values: numbers in minor units for money, NaN or None where
    missing; texts with None where missing. An operand without a column is missing everywhere. `hits`: where a
    (field, list) holds; nowhere by default.
    """
    variables = dict(_variables(expression, columns, hits or {}, count))
    remember = all(operand.type != NUMBER for operand in expression.values.values())
    rows = zip(*variables.values(), strict=True) if variables else repeat((), count)
    answers = _answers(expression, tuple(variables), rows, remember=remember)
    matched, unknown = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    failed: dict[int, str] = {}
    for index, answer in enumerate(answers):
        if answer is True:
            matched[index] = True
        elif answer is None:
            unknown[index] = True
        elif answer is not False:
            failed[index] = str(answer)
    return Answers(matched, unknown, failed)


def _variables(
    expression: CompiledExpression,
    columns: Mapping[str, Column],
    hits: Mapping[Lookup, NDArray[np.bool_]],
    count: int,
) -> Iterator[tuple[str, list[Any]]]:
    """The values of every variable, None where it is left out."""
    for name, operand in expression.operands.items():
        values = operand_values(operand, columns[name]) if name in columns else [None] * count
        if name in expression.values:
            yield value_variable(name), values
        if name in expression.presence:
            yield presence_variable(name), [value is not None for value in values]
    for lookup in sorted(expression.lookups):
        yield lookup_variable(lookup), hits[lookup].tolist() if lookup in hits else [False] * count


def operand_values(operand: Operand, column: Column) -> list[Any]:
    """The values of an operand, as `Operand.value_of` gives each; None where it is missing."""
    if operand.type == TEXT or not isinstance(column, np.ndarray) or column.dtype.kind not in "fiub":
        values = column.tolist() if isinstance(column, np.ndarray) else column
        return [None if value != value else operand.value_of(value) for value in values]  # noqa: PLR0124
    numbers = column.astype(np.float64)
    finite = np.isfinite(numbers)
    found = (numbers != 0 if operand.type == FLAG else numbers / operand.divisor).tolist()
    if not finite.all():
        for index in np.flatnonzero(~finite).tolist():
            found[index] = None
    return list(found)


def _answers(
    expression: CompiledExpression, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]], *, remember: bool
) -> Iterator[bool | str | None]:
    known: dict[tuple[Any, ...], bool | str | None] = {}
    for row in rows:
        if remember and row in known:
            yield known[row]
            continue
        answer = _answer(expression, names, row)
        if remember and len(known) < MAX_REMEMBERED:
            known[row] = answer
        yield answer


def _answer(
    expression: CompiledExpression, names: tuple[str, ...], row: tuple[Any, ...]
) -> bool | str | None:
    data = {name: value for name, value in zip(names, row, strict=True) if value is not None}
    try:
        return expression.answer_values(data)
    except ExpressionFailed as error:
        return error.problem
