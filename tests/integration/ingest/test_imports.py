"""Files and frames into the log, on the real database."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from scoring.catalog.registry import event_type
from scoring.ingest import imports
from scoring.ingest.errors import ImportAlreadyRunning, InvalidMapping
from scoring.ingest.imports import ImportReport, ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.ingest.readers.opening import open_table
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Event, Label
from scoring.lanes.models import Pending
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.log.vault import reveal
from scoring.sql.advisory_locks import LockSpace, session_lock
from tests.factories.imports import ingest_file

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAYMENT = ColumnMapping(
    "payment",
    source="shop",
    id=("nr",),
    label=LabelMapping("is_fraud", {"1": "fraud", "0": "legitimate"}, "known_at", "chargeback"),
)


@pytest.fixture(autouse=True)
def _rejects_in_tmp(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "nr": f"T-{number}",
        "occurred_at": f"2019-01-01T00:{number // 60:02}:{number % 60:02}Z",
        "card": f"c-{number % 7}",
        "customer": f"u-{number % 7}",
        "merchant": "Robel, Cummerata and Prosacco",
        "amount": f"{number}.66",
        "is_fraud": "1" if number % 10 == 0 else "0",
        "known_at": "2019-02-15T00:00:00Z",
        "note": "not used",
        **changes,
    }


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def ingest(
    path: Path, *, mapping: ColumnMapping = PAYMENT, history: bool = True, **more: Any
) -> ImportReport:
    return ingest_file(path, mapping=mapping, history=history, clock=lambda: NOW, **more)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.accepted, report.duplicate, report.rejected, report.labels


def payloads(source: str) -> list[tuple[str, str, str]]:
    """Stream, type and data of the entries of a source, without its name."""
    entries = LogEntry.objects.filter(stream__contains=f"payment/{source}/").order_by("position")
    return [
        tuple(text.replace(f"/{source}/", "//").replace(f'"source":"{source}"', "") for text in entry)
        for entry in entries.values_list("stream", "type", "data")
    ]


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2),
        row(1),
        row(2, amount="9.99", card="c-9"),
        row(3, amount="x"),
        row(4, is_fraud=""),
    ]
    path = write_csv(tmp_path / "a.csv", rows)
    with path.open("a") as file:
        file.write("T-5,too,short\n")
    report = ingest(path)
    assert counts(report) == (7, 3, 1, 3, 2)
    assert report.read == report.accepted + report.duplicate + report.rejected
    assert report.unmapped == ("note",)
    with Path(report.rejects).open(newline="") as file:
        rejected = list(csv.reader(file))
    assert rejected[0] == ["reject_row", "reject_reason", *rows[0]]
    assert [(cells[0], cells[2]) for cells in rejected[1:]] == [("4", "T-2"), ("5", "T-3"), ("7", "T-5")]
    assert rejected[1][1] == "id T-2 was received before with different amount, card"
    assert rejected[2][1].startswith("amount 'x' must be a decimal amount")
    assert rejected[3][1] == "line 8 has 3 cells where the header has 9"
    assert rejected[2][2:] == list(rows[4].values())


def test_the_log_notes_how_far_an_import_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "HISTORY_CHUNK", 4)
    report = ingest(write_csv(tmp_path / "a.csv", [row(n) for n in range(10)]))
    stream = LogEntry.objects.filter(type="import.progressed").values_list("stream", flat=True)[0]
    notes = [entry.data for entry in read_stream(stream)]
    assert [note["read"] for note in notes] == [4, 8, 10, 10]
    assert [note["finished"] for note in notes] == [False, False, False, True]
    assert {key: notes[-1][key] for key in ("name", "type", "source", "accepted", "labels")} == {
        "name": "a.csv",
        "type": "payment",
        "source": "shop",
        "accepted": 10,
        "labels": 10,
    }
    assert counts(report) == (10, 10, 0, 0, 10)


def test_all_formats_give_the_same_entries(tmp_path: Path) -> None:
    rows = [row(n, customer_lat="37.824", customer_birth_year="1981") for n in range(1, 40)]
    frame = pd.DataFrame(rows).astype({"amount": float, "is_fraud": int, "customer_birth_year": "int16"})
    frame["customer_lat"] = frame["customer_lat"].astype("float32")
    frame["occurred_at"] = pd.to_datetime(frame["occurred_at"])
    frame["card"] = frame["card"].astype("category")
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    paths = [write_csv(tmp_path / "a.csv", rows), tmp_path / "a.parquet", tmp_path / "a.jsonl"]
    for path in paths:
        mapping = ColumnMapping(
            "payment", source=path.suffix[1:], id=("nr", "occurred_at"), label=PAYMENT.label
        )
        assert counts(ingest(path, mapping=mapping)) == (39, 39, 0, 0, 39)
    assert payloads("csv") == payloads("parquet") == payloads("jsonl")
    assert '"minor":3966' in payloads("csv")[-2][2]
    assert '"customer_lat":37.824' in payloads("csv")[-2][2]


def test_history_waits_for_its_place_by_the_time_it_became_known(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "a.csv", [row(10), row(11, known_at="")]))
    waiting = list(Pending.objects.order_by("position").values_list("kind", "state", "lane", "due_at"))
    occurred = [datetime(2019, 1, 1, 0, 0, second, tzinfo=UTC) for second in (10, 11)]
    matured = occurred[1] + event_type("payment").matures_after
    assert waiting == [
        ("event", "history", "commerce", occurred[0]),
        ("label", "history", "commerce", datetime(2019, 2, 15, tzinfo=UTC)),
        ("event", "history", "commerce", occurred[1]),
        ("label", "history", "commerce", matured),
    ]
    assert list(Event.objects.values_list("history", flat=True)) == [True, True]
    assert list(
        Label.objects.order_by("position").values_list("value", "previous", "effective", "source")
    ) == [
        ("fraud", None, "fraud", "chargeback"),
        ("legitimate", None, "legitimate", "chargeback"),
    ]


def test_the_same_import_again_changes_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1), row(2), row(3, amount="x")])
    first, before = ingest(path), LogEntry.objects.count()
    assert ingest(path) == first
    assert LogEntry.objects.count() == before
    assert Path(first.rejects).exists()


def test_an_overlapping_file_adds_only_what_is_new(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "a.csv", [row(n) for n in range(1, 6)]))
    more = [row(4), row(5, is_fraud="1"), row(6)]
    assert counts(ingest(write_csv(tmp_path / "b.csv", more))) == (3, 1, 2, 0, 2)
    said = read_stream("label/payment/shop/T-5")
    assert [(e.data["value"], e.data["previous"], e.data["effective"]) for e in said] == [
        ("legitimate", None, "legitimate"),
        ("fraud", "legitimate", "fraud"),
    ]


def test_a_label_that_came_before_its_event_takes_its_place_in_the_history(tmp_path: Path) -> None:
    statement = LabelStatement("payment", "T-1", "fraud", "review")
    record_labels([statement], source="shop", now=NOW)
    assert Pending.objects.get().state == Pending.State.HELD
    ingest(write_csv(tmp_path / "a.csv", [row(1)]))
    released = Pending.objects.order_by("position")[0]
    assert (released.kind, released.state, released.due_at) == ("label", "history", NOW)
    assert read_stream("label/payment/shop/T-1")[1].data["effective"] == "fraud"  # review outranks chargeback


def test_personal_values_go_to_the_vault_and_not_to_the_log(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "a.csv", [row(1, ip="203.0.113.77")]))
    digest = read_stream("payment/shop/T-1")[0].data["fields"]["ip"]
    assert reveal([digest]) == {digest: "203.0.113.77"}
    assert not LogEntry.objects.filter(data__contains="203.0.113.77").exists()


def test_live_rows_are_received_now_and_their_labels_known_now(tmp_path: Path, online_redis: Any) -> None:
    rows = [row(1), row(2), row(2), row(2, amount="5.00"), row(3, is_fraud="")]
    report = ingest(write_csv(tmp_path / "a.csv", rows), history=False)
    assert counts(report) == (5, 3, 1, 1, 2)
    assert set(Pending.objects.values_list("kind", "state")) == {("event", "ready"), ("label", "ready")}
    assert list(Label.objects.values_list("known_at", flat=True)) == [NOW, NOW]
    assert not Event.objects.filter(history=True).exists()


def test_a_live_import_again_changes_nothing(tmp_path: Path, online_redis: Any) -> None:
    rows = [row(1), row(2)]
    ingest(write_csv(tmp_path / "a.csv", rows), history=False)
    again = ingest(write_csv(tmp_path / "b.csv", [*rows, row(2)]), history=False)
    assert counts(again) == (3, 0, 3, 0, 0)


def test_a_frame_is_taken_like_a_file() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "occurred_at": pd.to_datetime(["2019-01-01T00:00:00Z", "2019-01-01T00:00:01Z"]),
            "card": ["c", "c"],
            "customer": ["u", "u"],
            "merchant": ["m", "m"],
            "amount": [61.66, 5.0],
            "label": ["fraud", None],
            "label_known_at": pd.to_datetime(["2019-01-03T00:00:00Z", None]),
        }
    )
    report = ingest_frame(frame, mapping=ColumnMapping("payment", source="generator"), history=True, now=NOW)
    assert counts(report) == (2, 2, 0, 0, 1)
    assert read_stream("payment/generator/a")[0].data["fields"]["amount"] == {
        "minor": 6166,
        "currency": "USD",
    }
    assert read_stream("label/payment/generator/a")[0].data["known_at"] == "2019-01-03T00:00:00Z"


def test_a_wrong_mapping_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match="no column 'trans'"):
        ingest(write_csv(tmp_path / "a.csv", [row(1)]), mapping=ColumnMapping("payment", id=("trans",)))
    assert not LogEntry.objects.exists()


def test_a_second_process_at_the_same_import_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1)])
    stream = imports.import_stream(open_table(path), PAYMENT, history=True)
    other = connection.copy()
    with session_lock(LockSpace.IMPORT, stream, connection=other), pytest.raises(ImportAlreadyRunning):
        ingest(path)
    other.close()
    assert counts(ingest(path))[:2] == (1, 1)


def test_a_chunk_takes_a_bounded_number_of_queries(
    tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    path = write_csv(tmp_path / "a.csv", [row(n) for n in range(500)])
    with django_assert_max_num_queries(30):
        ingest(path)


OPTIONS = {
    "type": "payment",
    "source": "shop",
    "id": "nr",
    "label": "is_fraud:1=fraud,0=legitimate",
    "label_known_at": "known_at",
    "history": True,
    "no_sequence": True,
    "verbosity": 0,
}


def test_the_command_says_what_became_of_every_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1), row(2), row(3, amount="x")])
    with pytest.raises(CommandError, match="1 of 3 rows were rejected"):
        call_command("ingest", str(path), **OPTIONS)
    said = capsys.readouterr().out
    assert "rejected by label: 1 of 3 legitimate (33.3%)" in said
    assert "a.csv: 3 rows = 2 accepted + 0 duplicate + 1 rejected; 2 labels recorded" in said
    assert "unused columns: note" in said
    assert "rejected rows, with reasons: " in said


def test_the_command_refuses_with_the_reason(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row(1)])
    with pytest.raises(CommandError, match="there is no column 'trans'"):
        call_command("ingest", str(path), **{**OPTIONS, "id": "trans"})
    with pytest.raises(CommandError, match="no such file"):
        call_command("ingest", str(path), str(tmp_path / "b.csv"), **OPTIONS)
    assert not LogEntry.objects.exists()


def test_several_files_become_one_history(tmp_path: Path, online_redis: Any) -> None:
    later, earlier = [row(n) for n in range(10, 20)], [row(n) for n in range(10)]
    paths = [write_csv(tmp_path / "b.csv", later), write_csv(tmp_path / "a.csv", earlier)]
    call_command("ingest", *map(str, paths), **{**OPTIONS, "no_sequence": False})
    assert not Pending.objects.filter(kind="event").exists()
    order = [position for entry in read_stream("lane/commerce") for position in positions_of(entry)]
    events = {e.position: e.external_id for e in Event.objects.all()}
    assert [events[p] for p in order if p in events] == [f"T-{n}" for n in range(20)]


def positions_of(entry: Any) -> list[int]:
    return [
        int.from_bytes(entry.packed[start : start + 8], "little", signed=True)
        for start in range(0, len(entry.packed), 8)
    ]


SPARKOV = ColumnMapping(
    "payment",
    id=("trans_num", "occurred_at", "card_id"),
    fields={"card": "card_id", "customer": "customer_id", "merchant": "merchant_id"},
    label=LabelMapping("is_fraud", {"1": "fraud", "0": "legitimate"}, "label_known_at", "chargeback"),
)


def test_public_payments_are_the_same_from_csv_and_parquet(test_data: Path, tmp_path: Path) -> None:
    whole = pd.read_parquet(test_data / "payments" / "sparkov_2019.parquet")
    head = whole.head(2000)
    known_at = head["label_known_at"].dt.floor("s")  # the CSV holds no fractions of a second
    head.assign(label_known_at=known_at).to_parquet(tmp_path / "head.parquet")
    sources = {"csv": test_data / "payments" / "sparkov_first_2000.csv", "parquet": tmp_path / "head.parquet"}
    for source, path in sources.items():
        mapping = ColumnMapping(**{**SPARKOV.describe(), "source": source, "label": SPARKOV.label})
        report = ingest(path, mapping=mapping)
        assert counts(report) == (2000, 2000, 0, 0, 2000)
        assert report.unmapped == ("customer_state",)
    assert payloads("csv") == payloads("parquet")


def test_a_careless_senders_repeated_ids_lose_no_row(test_data: Path) -> None:
    whole = pd.read_parquet(test_data / "payments" / "sparkov_2019.parquet")
    repeated = whole[whole["trans_num"].duplicated(keep=False)].sort_values("trans_num").head(300)
    by_number = ColumnMapping("payment", id=("trans_num",), fields=SPARKOV.fields, source="careless")
    report = ingest_frame(repeated, mapping=by_number, history=True, now=NOW)
    distinct = repeated["trans_num"].nunique()
    assert (report.read, report.accepted, report.rejected) == (300, distinct, 300 - distinct)
    composite = ingest_frame(repeated, mapping=SPARKOV, history=True, now=NOW)
    assert (composite.accepted, composite.rejected) == (300, 0)
