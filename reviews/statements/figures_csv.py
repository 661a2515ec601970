"""The figures of moderation as CSV, in the terms of the DSA's transparency reports and database.

`automated_detection`, `automated_decision` and `source_type` have the values of the Commission's Transparency
Database; see docs/reference/review-queue.md for the sources.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from reviews.statements.automated_figures import REPORTED as REPORTED_TO_SOFTWARE
from reviews.statements.automated_figures import AutomatedFigures
from reviews.statements.figures import DUPLICATE, FOUND_BY_SOFTWARE, REPORTED, Figures
from scoring.formulas import guard_cell

COLUMNS = (
    *(
        "from",
        "to",
        "event_type",
        "policy",
        "origin",
        "decided_by",
        "automated_detection",
        "automated_decision",
    ),
    *("source_type", "action", "decisions", "strikes", "median_minutes_to_action"),
    *(
        "appeals",
        "appeals_granted",
        "appeals_rejected",
        "appeals_pending",
        "median_minutes_to_appeal_decision",
    ),
)
NOTICE, OWN_INITIATIVE = "SOURCE_ARTICLE_16", "SOURCE_VOLUNTARY"
FULLY, PARTIALLY = "AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY"
NOT_AUTOMATED = "AUTOMATED_DECISION_NOT_AUTOMATED"
PERSON = "person"


def figures_csv(
    figures: Iterable[Figures],
    automated: Iterable[AutomatedFigures],
    *,
    since: datetime,
    until: datetime,
) -> str:
    """The figures as CSV; cells that a spreadsheet would take for formulas are escaped."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    span = (f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}")
    rows = [
        *(cells for row in figures for cells in _of_people(row)),
        *(cells for row in automated for cells in _of_software(row)),
    ]
    for cells in rows:
        writer.writerow([guard_cell(str(cell)) for cell in (*span, *cells)])
    return written.getvalue()


def _of_people(row: Figures) -> Iterator[tuple[object, ...]]:
    """A line for each action; what is not counted by action is in the first."""
    detected = "Yes" if row.origin in (FOUND_BY_SOFTWARE, DUPLICATE) else "No"
    decision = PARTIALLY if row.origin == DUPLICATE else NOT_AUTOMATED
    source = NOTICE if row.origin == REPORTED else OWN_INITIATIVE
    named = (row.event_type, row.policy, row.origin, PERSON, detected, decision, source)
    pending = row.appeals - row.granted - row.rejected
    appeals = (row.appeals, row.granted, row.rejected, pending, _minutes(row.time_to_appeal_decision))
    counted = (row.strikes, _minutes(row.time_to_action), *appeals)
    for place, (action, decisions) in enumerate(sorted(row.actions.items())):
        yield (*named, action, decisions, *(counted if place == 0 else ("",) * len(counted)))


def _of_software(row: AutomatedFigures) -> Iterator[tuple[object, ...]]:
    source = NOTICE if row.origin == REPORTED_TO_SOFTWARE else OWN_INITIATIVE
    named = (row.event_type, row.policy, row.origin, row.decided_by, "Yes", FULLY, source)
    appeals = (row.appeals, row.granted, row.rejected, row.pending, _minutes(row.time_to_appeal_decision))
    for place, (action, decisions) in enumerate(sorted(row.actions.items())):
        further = appeals if place == 0 else ("",) * len(appeals)
        yield (*named, action, decisions, "", _minutes(row.times[action]), *further)


def _minutes(time: timedelta | None) -> object:
    return "" if time is None else round(time / timedelta(minutes=1), 1)
