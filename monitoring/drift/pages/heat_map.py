"""The heat map of the drift page: a row for each feature, a cell for each day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from monitoring.drift.distance import State
from monitoring.drift.history import DayFigure, DriftHistory
from scoring.admin_kit.formatting import count_text

# The levels of a cell, with their meaning. Those that matter also have a mark, because colors are not enough.
KEYS = (
    *(("none", "no comparison"), ("stable", "below 0.1"), ("explained", "ordinary, or chance")),
    *(("moderate", "drifted"), ("shifted", "drifted strongly")),
)
_LEVELS = {
    State.STABLE: "stable",
    State.CHANCE: "explained",
    State.ORDINARY: "explained",
    State.MODERATE: "moderate",
    State.SHIFTED: "shifted",
}
_MARKS = {"moderate": "•", "shifted": "!"}


@dataclass(frozen=True)
class HeatCell:
    """A feature on a day: the level of its color, a mark, the state for screen readers, the hover text."""

    level: str
    mark: str
    state: str
    title: str


def heat_rows(history: DriftHistory, names: Iterable[str]) -> Iterator[tuple[str, list[HeatCell]]]:
    """The cells of each feature, in the order of `names`."""
    for name in names:
        figures = zip(history.days, history.figures[name], strict=True)
        yield name, [_cell(day, figure) for day, figure in figures]


def _cell(day: date, figure: DayFigure | None) -> HeatCell:
    if figure is None:
        return HeatCell("none", "", "", f"{day}: no comparison")
    level = _LEVELS.get(figure.state, "none")
    title = (
        f"{day}: PSI {figure.psi:.3f}, threshold {figure.threshold:.3f}, {count_text(figure.rows)} decisions"
    )
    return HeatCell(level, _MARKS.get(level, ""), figure.state.value, title)
