"""The slices of a version's held-out events as tables, and the gaps of its fairness report in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.admin_kit import formatting
from scoring.learning.fairness.lines import between

COLUMNS = (
    ("average_precision", "Average precision"),
    ("recall_at_{at}", "Recall"),
    ("precision_at_{at}", "Precision"),
    ("false_positive_rate_at_{at}", "False positive rate"),
    ("flagged_at_{at}", "Flagged"),
    ("calibration", "Score minus observed"),
)
CRITERIA = {
    "demographic_parity": ("Demographic parity", "share flagged"),
    "equal_opportunity": ("Equal opportunity", "recall"),
    "predictive_equality": ("Predictive equality", "false positive rate"),
    "equalized_odds": ("Equalized odds", "the larger gap of recall and false positive rate"),
    "calibration": ("Calibration", "mean score minus observed share"),
}


@dataclass(frozen=True)
class SliceCell:
    """A metric of a slice with its interval, and its gap to the rest; `tone`: "warn" if beyond chance."""

    column: str
    value: str
    interval: str = ""
    gap: str = ""
    tone: str = ""


@dataclass(frozen=True)
class SliceRow:
    """One slice; no `cells` if it is too small."""

    name: str
    rows: str
    positives: str
    cells: Sequence[SliceCell]


@dataclass(frozen=True)
class FairnessRow:
    """The largest gap by one definition. `beyond_chance`: whether its interval excludes 0."""

    criterion: str
    meaning: str
    threshold: str
    gap: str
    between: str
    ratio: str
    beyond_chance: bool


@dataclass(frozen=True)
class SliceTable:
    """The slices of a field at each threshold, and its fairness report."""

    field: str
    title: str
    columns: Sequence[str]
    by_threshold: Sequence[tuple[str, Sequence[SliceRow]]]
    fairness: Sequence[FairnessRow]

    @property
    def beyond_chance(self) -> int:
        """The number of gaps that are more than chance."""
        return sum(row.beyond_chance for row in self.fairness)


def slice_tables(stored: Mapping[str, Any]) -> list[SliceTable]:
    """One table for each field of `ModelAnalysis.slices`."""
    return [_table(each, stored["thresholds"]) for each in stored.get("fields", ())]


def interval_text(measured: Mapping[str, float | None]) -> str:
    """ "1.0 % to 2.0 %"; "" without an interval."""
    if measured["low"] is None:
        return ""
    return f"{formatting.percent_text(measured['low'])} to {formatting.percent_text(measured['high'])}"


def _table(stored: Mapping[str, Any], thresholds: Sequence[str]) -> SliceTable:
    return SliceTable(
        stored["field"],
        stored["field"].replace("_", " ").capitalize(),
        [title for _, title in COLUMNS],
        [(at, [_row(each, at) for each in stored["slices"]]) for at in thresholds],
        [_fairness_row(gap) for gap in stored["fairness"]],
    )


def _row(each: Mapping[str, Any], at: str) -> SliceRow:
    cells = [_cell(each, key.format(at=at), title) for key, title in COLUMNS] if each["metrics"] else []
    rows, positives = (formatting.count_text(each[key]) for key in ("rows", "positives"))
    return SliceRow(each["name"], rows, positives, cells)


def _cell(each: Mapping[str, Any], key: str, title: str) -> SliceCell:
    measured, gap = each["metrics"][key], each["gaps"][key]
    if measured["value"] is None:
        return SliceCell(title, formatting.NO_VALUE)
    beyond = gap["value"] is not None and (gap["low"] > 0 or gap["high"] < 0)
    return SliceCell(
        title,
        formatting.percent_text(measured["value"]),
        interval_text(measured),
        "" if gap["value"] is None else f"{formatting.signed_percent_text(gap['value'])} to the rest",
        "warn" if beyond else "",
    )


def _fairness_row(gap: Mapping[str, Any]) -> FairnessRow:
    name, meaning = CRITERIA[gap["criterion"]]
    difference = gap["difference"]
    return FairnessRow(
        name,
        meaning,
        gap["at"] or "any",
        f"{formatting.percent_text(difference['value'])} ({interval_text(difference)})",
        between(gap),
        formatting.decimal_text(gap["ratio"], 2),
        gap["beyond_chance"],
    )
