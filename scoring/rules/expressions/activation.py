"""Builds the values that expressions are asked with: for one event only those that some expression reads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.rules.expressions.compiling import CompiledExpression, environment
from scoring.rules.expressions.operands import FLAG, SCORE, SOURCE, Operand, Value
from scoring.rules.expressions.rewriting import Lookup, lookup_variable, presence_variable, value_variable


class ActivationBuilder:
    """Builds activations for a set of expressions of one event type.

    `features`: the features that the expressions read, in the order in which `build` takes their values.
    """

    def __init__(self, expressions: Iterable[CompiledExpression]) -> None:
        expressions = list(expressions)
        self._environment = environment(
            {name: kind for each in expressions for name, kind in each.variables.items()}
        )
        operands = {name: operand for each in expressions for name, operand in each.operands.items()}
        read = {name for each in expressions for name in each.values}
        asked = {name for each in expressions for name in each.presence}
        self._variables = {
            name: (
                value_variable(name) if name in read else None,
                presence_variable(name) if name in asked else None,
            )
            for name in operands
        }
        self._named = [operand for operand in operands.values() if operand.kind in ("field", "signal")]
        self._features = [operand for operand in operands.values() if operand.kind == "feature"]
        self._feature_variables = [
            (*self._variables[operand.name], operand.type == FLAG) for operand in self._features
        ]
        self._divisors = np.array([operand.divisor for operand in self._features])
        self._own = [operand for operand in operands.values() if operand.kind in (SCORE, SOURCE)]
        self._lookups = {
            lookup: lookup_variable(lookup) for each in expressions for lookup in sorted(each.lookups)
        }
        self.features = tuple(operand.column for operand in self._features)
        self.lookups: frozenset[Lookup] = frozenset(self._lookups)

    def build(
        self,
        *,
        fields: Mapping[str, Any],
        source: str,
        signals: Mapping[str, Any] | None = None,
        features: Sequence[float | None] | NDArray[np.float64] = (),
        score: float | None = None,
        hits: Collection[Lookup] = frozenset(),
    ) -> Any:
        """The activation of one event, for `CompiledExpression.matches`.

        `fields` are canonical, as in the log; `signals` by column; `features` in the order of
        `self.features`, or empty if none is known; `hits`: the (field, list) that hold now, tags included.
        """
        return self._environment.Activation(
            self.values(
                fields=fields, source=source, signals=signals, features=features, score=score, hits=hits
            )
        )

    def values(
        self,
        *,
        fields: Mapping[str, Any],
        source: str,
        signals: Mapping[str, Any] | None = None,
        features: Sequence[float | None] | NDArray[np.float64] = (),
        score: float | None = None,
        hits: Collection[Lookup] = frozenset(),
    ) -> dict[str, Any]:
        """The variables of one event, without those of missing values."""
        data: dict[str, Any] = {variable: lookup in hits for lookup, variable in self._lookups.items()}
        for operand in self._named:
            self._add(
                data, operand, (fields if operand.kind == "field" else signals or {}).get(operand.column)
            )
        if len(features):
            self._add_features(data, features)
        else:
            data.update(dict.fromkeys((each for _, each, _ in self._feature_variables if each), False))
        for operand in self._own:
            self._add(data, operand, score if operand.kind == SCORE else source)
        return data

    def _add_features(
        self, data: dict[str, Any], features: Sequence[float | None] | NDArray[np.float64]
    ) -> None:
        """As `_add` for every feature: rules read dozens of them, for every event."""
        numbers = np.asarray(features, dtype=np.float64) / self._divisors
        for (variable, presence, is_flag), number, known in zip(
            self._feature_variables, numbers.tolist(), np.isfinite(numbers).tolist(), strict=True
        ):
            if presence is not None:
                data[presence] = known
            if variable is not None and known:
                data[variable] = number != 0 if is_flag else number

    def _add(self, data: dict[str, Any], operand: Operand, stored: Any) -> None:
        value = operand.value_of(stored)
        variable, presence = self._variables[operand.name]
        if presence is not None:
            data[presence] = value is not None
        if variable is not None and value is not None:
            data[variable] = value


def values_read(
    expression: CompiledExpression,
    *,
    fields: Mapping[str, Any],
    source: str,
    signals: Mapping[str, Any] | None = None,
    features: Mapping[str, float | None],
    score: float | None = None,
) -> dict[str, Value | None]:
    """The value of every operand whose value an expression reads, None where it is missing; for people."""
    stored: Mapping[str, Mapping[str, Any]] = {
        "field": fields,
        "signal": signals or {},
        "feature": features,
        SCORE: {SCORE: score},
        SOURCE: {SOURCE: source},
    }
    return {
        name: operand.value_of(stored[operand.kind].get(operand.column))
        for name, operand in expression.values.items()
    }
