"""The sections of a card about slices and fairness."""

from collections.abc import Sequence

from scoring.admin_kit import formatting
from scoring.learning.cards.sections import CardSection
from scoring.learning.pages.slice_tables import COLUMNS, SliceCell, SliceTable


def slice_sections(tables: Sequence[SliceTable]) -> list[CardSection]:
    """Metrics by slice at the mildest threshold, and the largest gaps; nothing for a version without them."""
    if not tables:
        return []
    return [_slices(tables), _fairness(tables)]


def _slices(tables: Sequence[SliceTable]) -> CardSection:
    rows = [
        (table.title, row.name, row.rows, row.positives, *(_text(cell) for cell in row.cells or ()))
        for table in tables
        for _, found in table.by_threshold[:1]
        for row in found
    ]
    width = 4 + len(COLUMNS)
    padded = [(*row, *[formatting.NO_VALUE] * (width - len(row))) for row in rows]
    return CardSection(
        "slices",
        "Metrics by slice",
        (
            "At the review threshold, with 95\N{NO-BREAK SPACE}% intervals from resampling whole entities."
            " Average precision depends on a slice's share of positives.",
        ),
        (),
        ("Field", "Slice", "Events", "Positive", *(title for _, title in COLUMNS)),
        padded,
    )


def _text(cell: SliceCell) -> str:
    return f"{cell.value} ({cell.interval})" if cell.interval else cell.value


def _fairness(tables: Sequence[SliceTable]) -> CardSection:
    rows = [
        (
            table.title,
            row.criterion,
            row.threshold,
            row.gap,
            row.between,
            row.ratio,
            "more than chance" if row.beyond_chance else "within chance",
        )
        for table in tables
        for row in table.fairness
    ]
    return CardSection(
        "fairness",
        "Fairness",
        (
            "The largest gap between two slices of a field by each definition; intervals hold for all pairs"
            " of the field together. Where shares of positives differ, no model meets all definitions.",
        ),
        (),
        ("Field", "Definition", "Threshold", "Largest gap", "Between", "Ratio", "Result"),
        rows,
    )
