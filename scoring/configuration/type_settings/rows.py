"""Settings with a row for each of several names: how they are read from the log, and checked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from scoring.configuration.type_settings.errors import FieldProblem

Row = TypeVar("Row", bound=Any)  # a dataclass


def rows_of(logged: Iterable[Mapping[str, Any]], defaults: Sequence[Row], *, key: str) -> tuple[Row, ...]:
    """The rows as logged, one for each default and in their order. `key`: the member that names a row.

    Rows and members that are newer than the entry have their defaults.
    """
    by_name = {row[key]: row for row in logged}
    return tuple(replace(each, **by_name.get(getattr(each, key), {})) for each in defaults)


def check_names(setting: str, found: tuple[str, ...], allowed: tuple[str, ...]) -> Iterator[FieldProblem]:
    """The problem of rows that are not one for each of the allowed names, in their order."""
    if found != allowed:
        named = ", ".join(found) or "none"
        yield setting, f"must be {', '.join(allowed)}, one each, not {named}", allowed


def check_range(name: str, value: float | None, bounds: tuple[float, float]) -> Iterator[FieldProblem]:
    """The problem of a number that is missing or outside its bounds, which are allowed themselves."""
    low, high = bounds
    if value is None or not low <= value <= high:
        allowed = f"{low:,.10g} to {high:,.10g}"
        found = "none" if value is None else f"{value:,.10g}"
        yield name, f"must be {allowed}, not {found}", allowed
