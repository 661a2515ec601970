"""A bank's items as CSV, to import again."""

import csv
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from scoring.formulas import guard_cell
from scoring.rules.banks.importing.columns import COLUMNS
from scoring.rules.banks.models import BankItem
from scoring.timestamps import to_iso

EXPORTED = (*COLUMNS, "added_by", "added_at")
BATCH = 2_000


class _Written(list[str]):
    """Where a CSV writer puts its lines."""

    write = list.append


def export_lines(bank: str, *, now: datetime) -> Iterator[str]:
    """The items that hold, as lines of CSV, the header first; read in batches, so that any bank fits."""
    yield _line(EXPORTED)
    held = BankItem.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), bank_name=bank, removed_version=None
    )
    last = 0
    while rows := list(held.filter(id__gt=last).order_by("id")[:BATCH]):
        for row in rows:
            yield _line(_cells(row))
        last = rows[-1].pk


def _cells(row: BankItem) -> tuple[str, ...]:
    return (
        row.hex,
        "" if row.quality is None else str(row.quality),
        row.source,
        row.reason,
        to_iso(row.expires_at) if row.expires_at else "",
        " ".join(row.tags),
        row.media,
        row.added_by,
        to_iso(row.added_at),
    )


def _line(cells: tuple[str, ...]) -> str:
    written = _Written()
    csv.writer(written, lineterminator="\n").writerow([guard_cell(cell) for cell in cells])
    return "".join(written)
