"""Files hold lists of links and attachments: natively in JSON Lines and Parquet."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.content.media.models import MediaItem
from scoring.ingest.imports import ImportReport
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.intake.models import Event
from scoring.log.read import read_stream
from tests.factories.imports import ingest_file

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = ["ab" * 32, "cd" * 32]
LINKS = ["https://a.example/x", "https://b.example"]
ROW = {"id": "c1", "occurred_at": "2025-03-01T10:00:00Z", "kind": "post", "author": "ann", "text": "Hello"}


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    for media in FILES:
        MediaItem.objects.create(
            id=media, type="image/png", kind="image", bytes=1, status="done", source="forum", version=1,
            received_at=NOW,
        )  # fmt: skip


def take(path: Path) -> ImportReport:
    mapping = ColumnMapping("content", source="forum")
    return ingest_file(path, mapping=mapping, history=True, clock=lambda: NOW)


def written(tmp_path: Path, form: str, *rows: dict[str, Any]) -> Path:
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_native_lists_are_read(tmp_path: Path, form: str) -> None:
    row = {**ROW, "links": LINKS, "attachments": FILES}
    empty = {**ROW, "id": "c2", "links": [], "attachments": []}
    report = take(written(tmp_path, form, row, empty))
    assert (report.accepted, report.rejected) == (2, 0)
    [receipt] = read_stream("content/forum/c1")
    fields = receipt.data["fields"]
    assert fields["attachments"] == " ".join(FILES)
    assert {"a.example", "b.example"} <= set(map(str, fields.values()))  # the domains of the links
    assert Event.objects.filter(external_id="c2").exists()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_bad_item_rejects_its_line_and_names_the_field(tmp_path: Path, form: str) -> None:
    rows = [{**ROW, "attachments": ["nonsense"]}, {**ROW, "id": "c2", "attachments": FILES}]
    report = take(written(tmp_path, form, *rows))
    assert (report.accepted, report.rejected) == (1, 1)
    rejects = Path(report.rejects).read_text()
    assert "attachments item [0] is no id of a file" in rejects
    assert "nonsense" in rejects


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_list_in_a_field_of_single_values_is_still_refused(tmp_path: Path, form: str) -> None:
    report = take(written(tmp_path, form, {**ROW, "author": ["ann"]}))
    assert report.rejected == 1
    assert "author is" in Path(report.rejects).read_text()
