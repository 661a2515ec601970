"""A bank's items, to import again: pictures as CSV, videos as indicators in JSON, one a line."""

import csv
from collections.abc import Iterator
from datetime import datetime

import orjson
from django.db.models import Q, QuerySet

from scoring.formulas import guard_cell
from scoring.rules.banks.importing.columns import COLUMNS
from scoring.rules.banks.models import BankItem
from scoring.timestamps import to_iso

EXPORTED = (*COLUMNS, "added_by", "added_at")
BATCH, BATCH_OF_VIDEOS = 2_000, 50


class _Written(list[str]):
    """Where a CSV writer puts its lines."""

    write = list.append


def export_lines(bank: str, *, now: datetime) -> Iterator[str]:
    """The pictures that hold, as lines of CSV, the header first; read in batches, so that any bank fits."""
    yield _line(EXPORTED)
    for row in _in_batches(_held(bank, now).filter(frames=""), BATCH):
        yield _line(_cells(row))


def export_videos(bank: str, *, now: datetime) -> Iterator[bytes]:
    """The videos that hold, as indicators of the type VPDQ, one a line."""
    for row in _in_batches(_held(bank, now).exclude(frames=""), BATCH_OF_VIDEOS):
        told = {
            "type": "VPDQ",
            "indicator": row.frame_lines,
            "source": row.source,
            "reason": row.reason,
            "expires_at": to_iso(row.expires_at) if row.expires_at else None,
            "tags": row.tags,
            "media": row.media,
            "added_by": row.added_by,
            "added_at": to_iso(row.added_at),
        }
        yield orjson.dumps(told) + b"\n"


def _held(bank: str, now: datetime) -> QuerySet[BankItem]:
    return BankItem.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), bank_name=bank, removed_version=None
    )


def _in_batches(items: QuerySet[BankItem], size: int) -> Iterator[BankItem]:
    last = 0
    while rows := list(items.filter(id__gt=last).order_by("id")[:size]):
        yield from rows
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
