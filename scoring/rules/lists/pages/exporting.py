"""The download of a list's values as CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.personal.access import ERASED, HIDDEN, SEE
from scoring.admin_kit.personal.revealing import EXPORTED, record_access
from scoring.formulas import guard_cell
from scoring.rules.lists.definitions import definition_in
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.models import ListedValue
from scoring.rules.lists.pages.definition import list_or_404
from scoring.rules.lists.pages.permissions import VIEW
from scoring.rules.lists.pages.rows import (
    LIVE,
    revealed_texts,
    rows_in_state,
)
from scoring.timestamps import to_iso

COLUMNS = ("value", "reason", "expires_at", "tags", "added_by", "added_at")
BATCH = 2_000


@register_page
class ListExportPage(AdminPage):
    """The values that hold, as a file to import again; personal ones only for users who need not ask."""

    path, name, title = "lists/<str:list_name>/export/", "list_export", "Export"
    permission = VIEW

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        definition = definition_in(list_or_404(kwargs["list_name"]))
        now = timezone.now()
        personal = listed_kinds()[definition.kind].is_personal and request.user.has_perm(SEE)
        if personal:
            what = {"page": self.name, "list_name": definition.name}
            record_access(EXPORTED, request=request, what=what, now=now)
        lines = export_lines(definition.name, personal=personal, now=now)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{definition.name}-{now:%Y-%m-%d}.csv"'
        return response


def export_lines(name: str, *, personal: bool, now: datetime) -> Iterator[str]:
    """The lines of the file, the header first; read in batches, so that any list fits in memory."""
    yield _line(COLUMNS)
    last = 0
    while rows := list(rows_in_state(name, LIVE, now=now).filter(id__gt=last).order_by("id")[:BATCH]):
        texts = revealed_texts(rows) if personal else {}
        for row in rows:
            yield _line(_cells(row, texts, personal=personal))
        last = rows[-1].pk


def _cells(row: ListedValue, texts: dict[str, str], *, personal: bool) -> tuple[str, ...]:
    value = row.value or (texts.get(bytes(row.key).hex(), "") or ERASED if personal else HIDDEN)
    return (
        value,
        row.reason,
        to_iso(row.expires_at) if row.expires_at else "",
        " ".join(row.tags),
        row.added_by,
        to_iso(row.added_at),
    )


class _Written(list[str]):
    """Where a CSV writer puts its lines."""

    write = list.append


def _line(cells: tuple[str, ...]) -> str:
    written = _Written()
    csv.writer(written, lineterminator="\n").writerow([guard_cell(cell) for cell in cells])
    return "".join(written)
