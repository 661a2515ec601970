"""Finds which expressions cannot match which of many events, so that CEL is asked about the others only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.prefilter.clauses import Atom, Clauses, clauses_of
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.expressions.prefilter.syntax import parse
from scoring.rules.expressions.prefilter.term_rows import Numbers, TermRows, Variables

Flags = NDArray[np.bool_]
Places = NDArray[np.intp]


def _differ(left: Numbers, right: Numbers) -> Flags:
    return (left < right) | (left > right)  # `!=` would hold for NaN


_TESTS: Final[Mapping[str, Callable[[Numbers, Numbers], Flags]]] = {
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": _differ,
}


class Prefilter:
    """The clauses of expressions of one event type, ready to be tested.

    An expression that is excluded for an event is false for it: CEL would neither match it nor fail on it.
    """

    def __init__(self, expressions: Sequence[CompiledExpression]) -> None:
        self._count = len(expressions)
        known = {place: expression_clauses(each) for place, each in enumerate(expressions)}
        known = {place: clauses for place, clauses in known.items() if clauses}
        self._places = _array(known)  # of the expressions that have clauses
        clauses = list(chain.from_iterable(known.values()))
        atoms = list(chain.from_iterable(clauses))
        self._first_clauses = _starts(map(len, known.values()))
        self._first_atoms = _starts(map(len, clauses))
        self._terms = TermRows(Variables.of(expressions))
        by_test = [list(dict.fromkeys(atom for atom in atoms if atom.test == test)) for test in _TESTS]
        self._tests = [(_TESTS[tested[0].test], *self._rows(tested)) for tested in by_test if tested]
        rows = {atom: row for row, atom in enumerate(chain.from_iterable(by_test))}
        self._atoms = _array(rows[atom] for atom in atoms)

    def _rows(self, atoms: Sequence[Atom]) -> tuple[Places, Places]:
        """The rows of the left and of the right terms of atoms."""
        add = self._terms.add
        return _array(add(atom.left) for atom in atoms), _array(add(atom.right) for atom in atoms)

    def may_match(self, events: Sequence[EventValues]) -> Flags:
        """Whether each expression may match each event, or fail on it: bool[expressions, events]."""
        possible = np.ones((self._count, len(events)), dtype=bool)
        if len(self._places) and events:
            false_atoms = self._false_atoms(self._terms.compute(events))
            false_clauses = np.logical_and.reduceat(false_atoms[self._atoms], self._first_atoms, axis=0)
            possible[self._places] = ~np.logical_or.reduceat(false_clauses, self._first_clauses, axis=0)
        return possible

    def _false_atoms(self, terms: Numbers) -> Flags:
        """Which atoms are false, in the order of their tests: bool[atoms, events]."""
        return np.concatenate([test(terms[left], terms[right]) for test, left, right in self._tests])


def expression_clauses(expression: CompiledExpression) -> Clauses:
    """What an expression implies; nothing if its syntax is not understood."""
    try:
        tree = parse(expression.rewritten)
    except ValueError:
        return ()
    return clauses_of(tree, expression.variables)


def _array(places: Iterable[int]) -> Places:
    return np.fromiter(places, dtype=np.intp)


def _starts(lengths: Iterable[int]) -> Places:
    return _array(list(accumulate(lengths, initial=0))[:-1])
