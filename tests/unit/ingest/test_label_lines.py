"""Files of labels are read strictly: every bad line is named, with what is wrong and what is allowed."""

import csv
from datetime import UTC, datetime

import pytest

from scoring.errors import UnreadableImport
from scoring.ingest import label_lines
from scoring.ingest.label_lines import BadLine, Defaults, LabelFile, Line, read_label_file
from scoring.ingest.label_upload import LabelUpload, rejects_as_csv

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEFAULTS = Defaults("payment", "chargeback")


def read(text: str) -> LabelFile:
    return read_label_file(text.encode(), defaults=DEFAULTS, now=NOW)


def statement(text: str):
    [line] = read(text).lines
    assert isinstance(line, Line)
    return line.statement


def test_a_line_says_what_the_file_says_where_it_says_nothing_itself() -> None:
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


def test_the_word_retract_takes_back_what_was_said() -> None:
    assert statement("event_id,label\nT-1,retract\n").value is None


@pytest.mark.parametrize(
    "text",
    ["\ufeffevent_id,label\r\nT-1,fraud\r\n", "event_id;label\nT-1;fraud\n", 'event_id,label\n\n"T-1",fraud'],
    ids=["a byte order mark and Windows line ends", "semicolons", "blank lines, and no line end at the end"],
)
def test_what_spreadsheets_write_is_read(text: str) -> None:
    assert statement(text).value == "fraud"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",fraud,", "event_id is missing (allowed: 1 to 200 characters)"),
        ("T-1,stolen,", "label is not a label of payment (allowed: fraud, legitimate, retract)"),
        ("T-1,,yesterday", "reported_at is not a time with a time zone (allowed: ISO 8601 with a time zone"),
        ("T-1,,2026-03-02T00:00:00Z", "reported_at is more than 5 minutes in the future"),
        ("T-1,fraud", "the line has 2 cells (allowed: 3, as the header has)"),
        ("T\x07,,", "event_id has the character U+0007"),
    ],
)
def test_a_bad_line_is_told_by_number_column_problem_and_what_is_allowed(line: str, reason: str) -> None:
    good, bad, other = read(f"event_id,label,reported_at\nT-0,fraud,\n{line}\nT-2,fraud,\n").lines
    assert isinstance(bad, BadLine)
    assert bad.number == 3
    assert bad.reason.startswith(reason)
    assert isinstance(good, Line)
    assert isinstance(other, Line)


def test_every_problem_of_a_line_is_told() -> None:
    [bad] = read("event_id,event_type,label,known_at\n,refund,x,y\n").lines
    assert isinstance(bad, BadLine)
    assert [problem.field for problem in bad.problems] == ["event_type", "event_id", "known_at"]


def test_a_line_counts_from_where_it_begins() -> None:
    lines = read('event_id,label\n"T\n1",fraud\nT-2,nonsense\n').lines
    assert [line.number for line in lines] == [2, 4]


def test_the_same_twice_is_fine_and_two_things_of_one_event_are_not() -> None:
    same, other = read("event_id,label\nT-1,fraud\nT-1,fraud\nT-1,legitimate\n").lines[1:]
    assert isinstance(same, Line)
    assert isinstance(other, BadLine)
    assert other.reason == "label is fraud in line 2 of the same event (allowed: one label)"


def test_rejected_lines_that_come_back_corrected_are_read() -> None:
    assert statement("reject_line,reject_reason,event_id\n7,label was wrong,T-1\n").event_id == "T-1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no column event_id"),
        (
            b"id,label\n",
            "unknown column 'id'; its header has no column event_id. Columns: event_id, event_type",
        ),
        (b"event_id,event_id\n", "its header repeats event_id"),
        (b"event_id,known_at,reported_at\n", "known_at and reported_at, which are two names of one time"),
        (b"event_id\nT-1\nT\xe4\n", "line 3 is not UTF-8"),
        (b'event_id\nT-1\n"T-2\n', "line 3 cannot be read"),
    ],
)
def test_what_is_no_file_of_labels_is_refused_as_a_whole(content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableImport, match=problem):
        read_label_file(content, defaults=DEFAULTS, now=NOW)


def test_a_file_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_lines, "MOST_LINES", 2)
    assert len(read("event_id\nT-1\nT-2\n").lines) == 2
    with pytest.raises(UnreadableImport, match="more than 2 lines"):
        read("event_id\nT-1\nT-2\nT-3\n")


def test_formulas_in_rejected_lines_are_disarmed_and_read_as_they_were() -> None:
    header = ("event_id", "label")
    ids = ("=HYPERLINK(1)", "+1", "-2", "@x", "'quoted", "plain")
    bad = tuple(BadLine(n, (each, "stolen"), ()) for n, each in enumerate(ids))
    text = rejects_as_csv(LabelUpload(header, 0, 0, 0, bad))
    written = [row[2] for row in csv.reader(text.splitlines()[1:])]
    assert written == ["'=HYPERLINK(1)", "'+1", "'-2", "'@x", "''quoted", "plain"]
    again = read(text.replace("stolen", "fraud")).lines
    assert [line.statement.event_id for line in again if isinstance(line, Line)] == list(ids)
    assert statement("event_id\n'=as-sent\n").event_id == "'=as-sent"
