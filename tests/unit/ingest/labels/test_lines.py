"""Files of labels are read strictly: every bad line is named, with what is wrong and what is allowed."""

import csv
import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scoring.event_types.payment import Payment
from scoring.ingest.errors import UnreadableImport
from scoring.ingest.labels import table as label_table
from scoring.ingest.labels.columns import SKIP, LabelColumns, suggest_columns
from scoring.ingest.labels.lines import LabelDefaults, LabelLine, RejectedLine, SkippedLine, read_lines
from scoring.ingest.labels.table import read_table
from scoring.ingest.labels.times import TimeStyle
from scoring.ingest.labels.upload import LabelUpload, rejects_as_csv

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEFAULTS = LabelDefaults("payment", "chargeback")


def read(text: str, columns: LabelColumns | None = None) -> list[LabelLine | SkippedLine | RejectedLine]:
    """The lines, by what their columns suggest; without a column for it every line is fraud."""
    table = read_table(text.encode())
    columns = columns or replace(suggest_columns(table, Payment), always="fraud")
    return read_lines(table, columns=columns, defaults=DEFAULTS, now=NOW)


def statement(text: str, columns: LabelColumns | None = None):
    [line] = read(text, columns)
    assert isinstance(line, LabelLine)
    return line.statement


def test_a_line_without_its_own_values_uses_the_files_defaults() -> None:
    said = statement("event_id\nT-1\n")
    assert (said.event_type, said.event_id, said.value) == ("payment", "T-1", "fraud")
    assert (said.label_source, said.known_at) == ("chargeback", None)


@pytest.mark.parametrize("column", ["known_at", "reported_at"])
def test_a_line_says_it_all_itself(column: str) -> None:
    said = statement(
        f"event_id,event_type,label,{column}\nT-1,payment,legitimate,2026-02-01T10:00:00+01:00\n"
    )
    assert said.value == "legitimate"
    assert said.known_at == datetime(2026, 2, 1, 9, tzinfo=UTC)


def test_the_word_retract_retracts_the_label() -> None:
    assert statement("event_id,label\nT-1,retract\n").value is None


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffevent_id,label\r\nT-1,fraud\r\n",
        "event_id;label\nT-1;fraud\n",
        "event_id\tlabel\nT-1\tfraud\n",
        "event_id|label\nT-1|fraud\n",
        "sep=;\r\nevent_id;label\r\nT-1;fraud\r\n",
        'event_id,label\n\n"T-1",fraud',
        "event_id,label,,\nT-1,fraud,,\n,,,\n",
        "event_id,label\nT-1,fraud,\n",
        " event_id , label \n T-1 , fraud \n",
        "event_id,,label\nT-1,x,fraud\n",
    ],
    ids=[
        "a byte order mark and Windows line ends",
        "semicolons",
        "tabs",
        "bars",
        "a line that names the separator",
        "blank lines, and no line end at the end",
        "empty columns and rows",
        "a comma at the end of a line",
        "blanks around names and cells",
        "a column without a name",
    ],
)
def test_values_written_by_spreadsheets_are_read(text: str) -> None:
    assert statement(text).value == "fraud"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",fraud,", "event_id is missing (allowed: 1 to 200 characters)"),
        ("T-1,stolen,", "label is 'stolen', which is not a label"),
        (
            "T-1,fraud,yesterday",
            "reported_at is 'yesterday', not a time with a time zone (allowed: a date or time such as",
        ),
        ("T-1,fraud,2019-13-01", "reported_at is '2019-13-01'"),
        ("T-1,fraud,2026-03-02", "reported_at is more than 5 minutes in the future"),
        ("T-1,fraud,2026-03-02T00:00:00Z", "reported_at is more than 5 minutes in the future"),
        ("T-1,fraud", "the line has 2 cells (allowed: 3 as in the header)"),
        ("T\x07,fraud,", "event_id has the character U+0007"),
    ],
)
def test_a_rejected_line_has_number_column_problem_and_allowed_values(line: str, reason: str) -> None:
    good, bad, other = read(f"event_id,label,reported_at\nT-0,fraud,\n{line}\nT-2,fraud,\n")
    assert isinstance(bad, RejectedLine)
    assert bad.number == 3
    assert bad.reason.startswith(reason)
    assert isinstance(good, LabelLine)
    assert isinstance(other, LabelLine)


def test_every_problem_of_a_line_is_reported() -> None:
    bad, _ = read("event_id,event_type,label,known_at\n,refund,x,y\nT-1,payment,fraud,\n")
    assert isinstance(bad, RejectedLine)
    assert [problem.field for problem in bad.problems] == ["label", "known_at", "event_type", "event_id"]


def test_a_line_counts_from_where_it_begins() -> None:
    lines = read('event_id,label\n"T\n1",fraud\nT-2,nonsense\n')
    assert [line.number for line in lines] == [2, 4]


def test_repeated_lines_are_fine_and_contradictory_ones_are_rejected() -> None:
    same, other = read("event_id,label\nT-1,fraud\nT-1,fraud\nT-1,legitimate\n")[1:]
    assert isinstance(same, LabelLine)
    assert isinstance(other, RejectedLine)
    assert other.reason == "label is fraud in line 2 for the same event (allowed: one label)"


def test_rejected_lines_that_come_back_corrected_are_read() -> None:
    assert statement("reject_line,reject_reason,event_id\n7,label was wrong,T-1\n").event_id == "T-1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it has no header"),
        (b"event_id,event_id\n", "its header repeats event_id"),
        (b"a" + b",a" * 900_000 + b"\n", "its header is too long; at most 200 columns are read"),
        (b"a" + b",a" * 300 + b"\n", "it has 301 columns; at most 200 are read"),
        (b"event_id\n" + b"\n" * 1_000_001, "it has more than 100,000 lines"),
        (b"event_id," + b"x" * 300 + b"\n", "longer than 200 characters"),
        ("event_id\n\u00e4\nT".encode() + b"\xe4\n", "line 3 is not text in utf-8"),
        (b"\xd0\xcf\x11\xe0 a workbook", "is an Excel workbook"),
        (b'event_id\nT-1\n"T-2\n', "line 3 cannot be read"),
    ],
)
def test_a_file_without_labels_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableImport, match=problem):
        read_table(content)


def test_a_file_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_table, "MAX_LINES", 2)
    assert len(read("event_id\nT-1\nT-2\n")) == 2
    with pytest.raises(UnreadableImport, match="more than 2 lines"):
        read("event_id\nT-1\nT-2\nT-3\n")


def test_formulas_in_rejected_lines_are_disarmed_and_read_as_they_were() -> None:
    header = ("event_id", "label")
    ids = ("=HYPERLINK(1)", "+1", "-2", "@x", "'quoted", "plain")
    bad = tuple(RejectedLine(n, (each, "stolen"), ()) for n, each in enumerate(ids))
    text = rejects_as_csv(LabelUpload(header, 0, 0, 0, bad))
    written = [row[2] for row in csv.reader(text.splitlines()[1:])]
    assert written == ["'=HYPERLINK(1)", "'+1", "'-2", "'@x", "''quoted", "plain"]
    again = read(text.replace("stolen", "fraud"))
    assert [line.statement.event_id for line in again if isinstance(line, LabelLine)] == list(ids)
    assert statement("event_id\n'=as-sent\n").event_id == "'=as-sent"


def test_utf_16_is_read_as_spreadsheets_write_it() -> None:
    table = read_table("event_id\tlabel\nT-1\tfraud\n".encode("utf-16"))
    assert (table.header, table.delimiter) == (("event_id", "label"), "tabs")


def test_western_european_spreadsheets_and_compressed_files_are_read() -> None:
    assert read_table("event_id,reason\nT-1,gestohlen gemäß\n".encode("cp1252")).rows[0].cells[1] == (
        "gestohlen gemäß"
    )
    assert read_table(gzip.compress(b"event_id\nT-1\n")).header == ("event_id",)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_table, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(UnreadableImport, match="larger than 1,000 bytes"):
        read_table(gzip.compress(b"event_id\n" + b"T-1\n" * 1_000))


DISPUTES = """transaction_id,dispute_date,amount,reason_code,status
T-1,2026-02-27,12.00,10.4,lost
T-2,2026-02-27,13.00,13.1,lost
T-3,2026-02-27,14.00,10.4,won
"""


def test_a_dispute_report_is_read_by_reason_and_state() -> None:
    table = read_table(DISPUTES.encode())
    columns = suggest_columns(table, Payment)
    assert (columns.event_id, columns.known_at) == ("transaction_id", "dispute_date")
    assert (columns.meaning, columns.status) == ("reason_code", "status")
    assert columns.unused(table.header) == ["amount"]
    fraud, other, won = read(DISPUTES, columns)
    assert isinstance(fraud, LabelLine)
    assert (fraud.statement.event_id, fraud.statement.value) == ("T-1", "fraud")
    assert fraud.statement.known_at == datetime(2026, 2, 27, 23, 59, 59, 999999, tzinfo=UTC)
    assert [type(line) for line in (other, won)] == [SkippedLine, SkippedLine]


def test_a_status_can_override_the_reason() -> None:
    columns = replace(
        suggest_columns(read_table(DISPUTES.encode()), Payment),
        status_values={"lost": "as_reason", "won": "legitimate"},
        values={"10.4": "fraud", "13.1": SKIP},
    )
    said = [line.statement.value for line in read(DISPUTES, columns) if isinstance(line, LabelLine)]
    assert said == ["fraud", "legitimate"]


def test_nothing_is_assumed_if_a_file_does_not_give_the_meaning_of_its_lines() -> None:
    columns = suggest_columns(read_table(b"event_id\nT-1\n"), Payment)
    [bad] = read("event_id\nT-1\n", columns)
    assert isinstance(bad, RejectedLine)


def test_an_empty_label_leaves_its_event_unlabeled() -> None:
    assert isinstance(read("event_id,label\nT-1,\nT-2,fraud\n")[0], SkippedLine)


def test_a_dispute_of_the_same_day_is_not_before_its_payment() -> None:
    assert statement("event_id,dispute_date\nT-1,2026-03-01\n").known_at == NOW


def test_a_day_ends_in_the_zone_of_the_file() -> None:
    columns = LabelColumns("event_id", known_at="day", always="fraud", times=TimeStyle("America/New_York"))
    assert statement("event_id,day\nT-1,2026-02-27\n", columns).known_at == datetime(
        2026, 2, 28, 4, 59, 59, 999999, tzinfo=UTC
    )


def test_a_label_of_another_event_type_is_an_error() -> None:
    columns = LabelColumns("event_id", always="spam")
    [bad] = read("event_id\nT-1\n", columns)
    assert isinstance(bad, RejectedLine)
    assert bad.reason.startswith("label is not a label of payment")
