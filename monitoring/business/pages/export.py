"""Business figures as CSV: a line for each period and segment, money in minor units."""

import csv
import io
from collections.abc import Mapping
from dataclasses import fields
from datetime import date

from monitoring.business.figures import DayFigures
from monitoring.business.pages.choosing import Choice
from monitoring.business.periods import sum_by_period
from monitoring.business.segments import ALL
from scoring.formulas import guard_cell

COLUMNS = tuple(each.name for each in fields(DayFigures))


def business_csv(choice: Choice, segments: Mapping[str, Mapping[date, DayFigures]]) -> str:
    """The figures as CSV; cells that a spreadsheet would take for formulas are escaped.

    `field` and `segment` are empty for all events.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow((choice.period, "event_type", "field", "segment", "currency", *COLUMNS))
    for segment, days in segments.items():
        field = choice.field if segment != ALL else ""
        for first, figures in sum_by_period(days, choice.period).items():
            named = (first.isoformat(), choice.kind.name, field, segment, choice.kind.base_currency)
            writer.writerow([*map(guard_cell, named), *(getattr(figures, name) for name in COLUMNS)])
    return written.getvalue()
