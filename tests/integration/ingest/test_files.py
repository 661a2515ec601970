"""Files as people have them: each taken in as it is, or refused in words."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.ingest.imports import ImportReport, ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.intake.models import Event
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from tests.factories.imports import ingest_file

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "id,occurred_at,card,customer,merchant,amount"


@pytest.fixture(autouse=True)
def _rejects_in_tmp(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def take(path: Path, *, history: bool = True, **mapping: Any) -> ImportReport:
    return ingest_file(
        path, mapping=ColumnMapping("payment", source="shop", **mapping), history=history, clock=lambda: NOW
    )


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def fields_of(event_id: str) -> dict[str, Any]:
    fields: dict[str, Any] = read_stream(f"payment/shop/{event_id}")[0].data["fields"]
    return fields


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.read, report.accepted, report.duplicate, report.rejected


def test_an_index_column_without_a_name_is_listed_and_never_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", f",{HEADER},ip\n0,p1,2025-03-01T10:00:00Z,c,u,m,1.00,\n")
    report = take(path)
    assert counts(report) == (1, 1, 0, 0)
    assert report.unmapped == ("(column 1)",)
    assert set(fields_of("p1")) == {"card", "customer", "merchant", "amount"}


def test_a_stray_quote_costs_one_row_of_five(tmp_path: Path) -> None:
    shops = ["a", '"b', "c", "d", "e"]
    rows = [f"p{n},2025-03-01T10:0{n}:00Z,c,u,{shop},1.00" for n, shop in enumerate(shops)]
    report = take(written(tmp_path / "a.csv", "\n".join([HEADER, *rows])))
    assert counts(report) == (5, 4, 0, 1)
    assert "line 3 opens a quote" in Path(report.rejects).read_text()


def test_a_semicolon_file_with_decimal_commas(tmp_path: Path) -> None:
    text = "id; occurred_at ;card;customer;merchant;amount;currency;;\n"
    text += "p1;01.03.2025 10:00;c;u;Café;1.234,50; eur ;;\n;;;;;;;;\np2;02.03.2025 10:00;c;u;m;3;usd;;\n"
    ExchangeRate.objects.create(
        currency="EUR", base="USD", rate=Decimal("1.2"), valid_from=datetime(2021, 1, 1, tzinfo=UTC)
    )
    report = take(
        written(tmp_path / "a.csv", text, "cp1252"),
        decimal=",",
        thousands=".",
        time_format="%d.%m.%Y %H:%M",
        timezone="Europe/Berlin",
    )
    assert (counts(report), report.blank) == ((2, 2, 0, 0), 1)
    assert fields_of("p1")["amount"] == {
        "minor": 123450,
        "currency": "EUR",
        "rate": "1.2",
        "base_minor": 148140,
    }
    assert fields_of("p1")["merchant"] == "Café"
    assert read_stream("payment/shop/p1")[0].data["occurred_at"] == "2025-03-01T09:00:00Z"


def test_history_is_converted_at_the_rate_of_its_time_and_live_events_at_todays(
    tmp_path: Path, online_redis: Any
) -> None:
    for rate, year in (("1.20", 2021), ("1.08", 2024)):
        ExchangeRate.objects.create(
            currency="EUR", base="USD", rate=Decimal(rate), valid_from=datetime(year, 1, 1, tzinfo=UTC)
        )
    header = f"{HEADER},currency\n"
    years = [f"p{year},{year}-06-01T00:00:00Z,c,u,m,100.00,EUR\n" for year in (2020, 2021, 2024)]
    report = take(written(tmp_path / "a.csv", header + "".join(years)))
    assert counts(report) == (3, 2, 0, 1)
    assert "no exchange rate from EUR to USD at 2020-06-01" in Path(report.rejects).read_text()
    assert [fields_of(f"p{year}")["amount"]["base_minor"] for year in (2021, 2024)] == [12000, 10800]
    live = written(tmp_path / "b.csv", header + "live,2021-06-01T00:00:00Z,c,u,m,100.00,EUR\n")
    take(live, history=False)
    assert fields_of("live")["amount"]["base_minor"] == 10800


def test_a_table_of_seconds_without_ids_is_taken_once_however_it_is_packed(tmp_path: Path) -> None:
    text = '"","Time","V1","Amount","Class"\n"1",0,-1.36,149.62,"0"\n'
    text += '"2",0,-1.36,149.62,"0"\n"3",1.0,1.19,2.69,"1"\n'
    mapping = {
        "id": ("row",),
        "fields": {"occurred_at": "Time", "amount": "Amount", "customer": "V1"},
        "constants": {"card": "c", "merchant": "m"},
        "time_origin": "2013-09-01T00:00:00Z",
        "label": LabelMapping("Class", {"1": "fraud", "0": "legitimate"}),
    }
    report = take(written(tmp_path / "a.csv", text), **mapping)
    assert (counts(report), report.labels) == ((3, 3, 0, 0), 3)
    moments = Event.objects.order_by("position").values_list("occurred_at", flat=True)
    assert [moment.second for moment in moments] == [0, 0, 1]
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    before = LogEntry.objects.count()
    take(tmp_path / "a.csv.gz", **mapping)
    assert LogEntry.objects.count() == before  # the same content is the same import
    grown = take(written(tmp_path / "b.csv", text + '"4",2,0,1.00,"0"\n'), **mapping)
    assert counts(grown) == (4, 1, 3, 0)


def test_hours_of_a_simulation_count_from_a_start(tmp_path: Path) -> None:
    text = "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,isFraud,isFlaggedFraud\n"
    text += "1,PAYMENT,9839.64,C1,170136.0,160296.36,M1,0,0\n743,TRANSFER,181.0,C2,181.0,0.0,C3,1,0\n"
    mapping = {
        "id": ("row",),
        "fields": {
            "occurred_at": "step",
            "card": "nameOrig",
            "customer": "nameOrig",
            "merchant": "nameDest",
            "category": "type",
        },
        "time_origin": "2025-01-01T00:00:00Z",
        "time_unit": "h",
        "label": LabelMapping("isFraud", {"1": "fraud", "0": "legitimate"}),
    }
    report = take(written(tmp_path / "a.csv", text), **mapping)
    assert (counts(report), report.labels) == ((2, 2, 0, 0), 2)
    last = Event.objects.latest("position").occurred_at
    assert last == datetime(2025, 1, 31, 23, tzinfo=UTC)


def test_words_for_nothing_make_no_device(tmp_path: Path) -> None:
    words = ["NULL", "nan", "\\N", "N/A", "None", "", "unknown", "unknown", "dev-1"]
    rows = [f"p{n},2025-03-01T10:0{n}:00Z,c,u,m,1.00,{word}\n" for n, word in enumerate(words)]
    report = take(written(tmp_path / "a.csv", f"{HEADER},device\n" + "".join(rows)))
    assert counts(report) == (9, 9, 0, 0)
    assert [fields_of(f"p{n}").get("device") for n in range(9)] == [None] * 6 + [
        "unknown",
        "unknown",
        "dev-1",
    ]
    assert report.words["device"]["unknown"] == 2


def test_a_label_with_a_problem_is_told_of_and_its_event_taken(tmp_path: Path) -> None:
    text = f"{HEADER},cb,status\np1,2025-03-01T10:00:00Z,c,u,m,1.00,2025-03-01,lost\n"
    text += "p2,2025-03-02T10:00:00Z,c,u,m,1.00,2025-03-01T09:00:00Z,lost\n"
    text += "p3,2025-03-02T10:00:00Z,c,u,m,1.00,2025-03-09,Product damaged\n"
    label = LabelMapping("status", {"lost": "fraud"}, "cb", "chargeback")
    report = take(written(tmp_path / "a.csv", text), label=label)
    assert (counts(report), report.labels, report.label_problems) == ((3, 3, 0, 0), 1, 2)
    assert Path(report.rejects).read_text().count("imported without its label: ") == 2
    others = LabelMapping("status", {"lost": "fraud", "*": ""}, "cb", "chargeback")
    again = take(tmp_path / "a.csv", label=others)  # the same rows, better told
    assert (counts(again), again.label_problems) == ((3, 0, 3, 0), 1)


def test_a_corrected_file_of_rejects_gives_the_labels_that_were_left_out(tmp_path: Path) -> None:
    text = f"{HEADER},cb\np1,2025-03-01T10:00:00Z,c,u,=m,1.00,soon\n"
    label = LabelMapping(value="fraud", known_at="cb")
    report = take(written(tmp_path / "a.csv", text), label=label)
    rejects = Path(report.rejects)
    assert rejects.stat().st_mode & 0o077 == 0
    assert ",'=m," in rejects.read_text()  # no formula for a spreadsheet, and read back as it was
    corrected = written(tmp_path / "b.csv", rejects.read_text().replace("soon", "2025-03-09"))
    again = take(corrected, label=label)
    assert (counts(again), again.labels) == ((1, 0, 1, 0), 1)


def test_rounded_amounts_are_counted_and_rejects_divided_by_label(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "occurred_at": pd.to_datetime(["2025-03-01T10:00:00Z"] * 4),
            "card": "c",
            "customer": "u",
            "merchant": "m",
            "amount": [17.13 * 5, 2.5, 7.125, 7.135],
            "label": ["fraud", "legitimate", "fraud", "legitimate"],
        }
    )
    mapping = ColumnMapping("payment", source="shop")
    report = ingest_frame(frame, mapping=mapping, history=True, now=NOW)
    assert (counts(report), report.rounded) == ((4, 2, 0, 2), 1)
    assert report.rejected_by_label == {"fraud": 1, "legitimate": 1}
    rounding = ColumnMapping("payment", source="shop", round=True)
    report = ingest_frame(frame, mapping=rounding, history=True, now=NOW)
    assert (counts(report), report.rounded) == ((4, 2, 2, 0), 3)
    assert fields_of("c")["amount"]["minor"] == 712


def test_a_cell_that_parquet_cannot_give_rejects_its_row(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": ["a", "b"],
            "occurred_at": pa.array([1_740_823_200, 10**15], pa.timestamp("s", "UTC")),
            "card": ["c", "c"],
            "customer": ["u", "u"],
            "merchant": ["m", "m"],
            "amount": [1.0, 1.0],
            "valid_to": pa.array([5_000_000, 1], pa.int32()).cast(pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    report = take(tmp_path / "a.parquet")
    assert (counts(report), report.unmapped) == ((2, 1, 0, 1), ("valid_to",))
    assert "occurred_at is a time outside the years 1 to 9999" in Path(report.rejects).read_text()


def options(**more: Any) -> dict[str, Any]:
    given = {"type": "payment", "source": "shop", "history": True, "no_sequence": True, "verbosity": 0}
    return {**given, **more}


def test_the_exit_code_tells_of_rejected_rows_beyond_what_is_allowed(tmp_path: Path) -> None:
    path = str(written(tmp_path / "a.csv", f"{HEADER}\np1,2025-03-01T10:00:00Z,c,u,m,1.00\np2,x,c,u,m,1\n"))
    with pytest.raises(CommandError, match=r"1 of 2 rows were rejected.*--max-rejected 0") as raised:
        call_command("ingest", path, **options())
    assert raised.value.returncode == 1
    assert Event.objects.count() == 1  # what could be taken was taken
    call_command("ingest", path, **options(max_rejected="1"))
    call_command("ingest", path, **options(max_rejected="50%"))


def test_a_dry_run_shows_the_reading_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f",{HEADER},is_fraud\n0,p1,2025-03-01T10:00:00Z,c,u,m,1.5,0\n1,p2,yesterday,c,u,m,1,1\n"
    path = written(tmp_path / "a.csv", text)
    call_command("ingest", str(path), **options(dry_run=True))
    said = capsys.readouterr().out
    for line in (
        "a.csv: CSV, commas, UTF-8",
        "2 rows 1 would be accepted + 1 rejected",
        "amount from amount: 1.5 -> 1.50 USD",
        "1 rejected, e.g. row 2: occurred_at is 'yesterday'",
        "(column 1): 0 (1), 1 (1)",
        "'is_fraud' may be the label; its values: 0 (1), 1 (1)",
        "Nothing was written",
    ):
        assert line in said
    assert not LogEntry.objects.exists()
    assert not (tmp_path / "var").exists()


def test_a_dry_run_of_an_unknown_file_says_what_its_columns_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "transaction_id;Created at;card_number_token;user;merchant_name;amount_eur;Fraud?\n"
    text += "a;03/04/2025 10:00;c;u;m;1.234,50;yes\n"
    call_command("ingest", str(written(tmp_path / "a.csv", text)), **options(dry_run=True))
    said = capsys.readouterr().out
    for line in (
        "a.csv: CSV, semicolons, UTF-8",
        "the id: there is no column 'id'; name it with --id COLUMN, or use --id row if rows have no id",
        "card may be 'card_number_token' (--map card=card_number_token)",
        "occurred_at may be 'Created at'",
        "amount may be 'amount_eur'",
        "'Fraud?' may be the label; its values: yes (1)",
    ):
        assert line in said, line


def test_a_file_in_another_dialect_is_not_answered_with_its_header(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ";".join(f"column_{n}" for n in range(200)) + "\n")
    with pytest.raises(CommandError) as raised:
        call_command("ingest", str(path), **options())
    assert len(str(raised.value)) < 1500
    assert str(raised.value).count("column_1,") <= 1


def test_a_row_with_a_list_for_a_name_is_rejected_and_the_others_taken(tmp_path: Path) -> None:
    row = (
        '{"id": "p%d", "occurred_at": 1740823200, "card": %s, "customer": "u", "merchant": 1, "amount": 1e2}'
    )
    text = row % (1, '["c"]') + "\n" + row % (2, '"c"')
    report = take(written(tmp_path / "a.jsonl", text))
    assert counts(report) == (2, 1, 0, 1)
    assert "card is a list, which is not a single value" in Path(report.rejects).read_text()
    assert fields_of("p2")["amount"] == {"minor": 10_000, "currency": "USD"}


def test_amounts_and_times_as_programs_print_them(tmp_path: Path) -> None:
    rows = [
        "p1,1e+05,c,u,m,$134.09",
        "p2,0,c,u,m,1e+05",
        "p3,1,c,u,m,12.34000015258789",
        "p4,2,1.23E+15,u,m,1",
    ]
    path = written(tmp_path / "a.csv", "\n".join([HEADER, *rows]))
    report = take(path, time_origin="2013-09-01T00:00:00Z")
    assert (counts(report), report.rounded) == ((4, 3, 0, 1), 1)
    assert [fields_of(each)["amount"]["minor"] for each in ("p1", "p2", "p3")] == [13_409, 10_000_000, 1_234]
    assert read_stream("payment/shop/p1")[0].data["occurred_at"] == "2013-09-02T03:46:40Z"
    assert "card is '1.23E+15', a number whose last digits may be lost" in Path(report.rejects).read_text()
