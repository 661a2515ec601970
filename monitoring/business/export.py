"""Business figures as CSV: a line for each day and segment, money in minor units."""

import csv
import io
from collections.abc import Mapping
from dataclasses import fields
from datetime import date

from monitoring.business.figures import DayFigures
from scoring.formulas import guard_cell

COLUMNS = tuple(each.name for each in fields(DayFigures))


def business_csv(event_type: str, segments: Mapping[str, Mapping[date, DayFigures]], *, currency: str) -> str:
    """The figures as CSV; cells that a spreadsheet would take for formulas are escaped."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(("day", "event_type", "segment", "currency", *COLUMNS))
    for segment, days in segments.items():
        for day, figures in days.items():
            named = (day.isoformat(), event_type, segment, currency)
            writer.writerow([*map(guard_cell, named), *(getattr(figures, name) for name in COLUMNS)])
    return written.getvalue()
