"""A stray quote costs its own line; texts of several lines stay texts. Every line is accounted for."""

from hypothesis import given
from hypothesis import strategies as st

from scoring.ingest.readers.tables import Chunk
from tests.factories.tables import open_bytes

HEADER = "id,occurred_at,account,note"


def read(*lines: str, header: str = HEADER) -> Chunk:
    table = open_bytes("\n".join([header, *lines, ""]).encode(), name="a.csv")
    (chunk,) = table.chunks(0, 1000, None)
    return chunk


def row(number: int, note: str) -> str:
    return f"s{number},2025-03-01T10:0{number}:00Z,anna,{note}"


def test_a_quote_that_stays_open_costs_its_row_and_no_other() -> None:
    chunk = read(row(1, '"great'), row(2, "fine"), row(3, "bad"), row(4, '"nice"'), row(5, "ok"))
    assert chunk.malformed == {
        0: "line 2 opens a quote that is not closed before line 3, which is a separate row"
    }
    assert chunk.raw == {0: [row(1, '"great')]}
    assert chunk.columns["note"] == [None, "fine", "bad", "nice", "ok"]


def test_two_stray_quotes_that_look_like_one_text_swallow_no_rows() -> None:
    chunk = read(row(1, "ok"), row(2, '"great'), row(3, "fine"), row(4, 'bad"'), row(5, "ok"))
    assert list(chunk.malformed) == [1, 3]
    assert "line 5 has a quote in the wrong place" in chunk.malformed[3]
    assert chunk.columns["id"] == ["s1", None, "s3", None, "s5"]


def test_an_unclosed_quote_at_the_end_of_the_file_is_reported() -> None:
    chunk = read(row(1, "ok"), row(2, '"end'))
    assert chunk.malformed == {1: "line 3 opens a quote that is never closed"}


def test_a_quote_within_a_quoted_cell_is_misplaced() -> None:
    chunk = read(row(1, '"a "b" c"'), row(2, "ok"))
    assert "line 2 has a quote in the wrong place" in chunk.malformed[0]
    assert chunk.columns["id"] == [None, "s2"]


def test_inches_are_no_stray_quote() -> None:
    assert read(row(1, '5"'), row(2, "ok")).columns["note"] == ['5"', "ok"]


def test_a_text_may_have_lines_that_hold_separators_and_quotes() -> None:
    note = 'Dear all,\nfirst, second, third\n\n2025, a ""good"" year'
    chunk = read(row(1, "ok"), row(2, f'"{note}"'), row(3, "ok"))
    assert not chunk.malformed
    assert chunk.columns["note"] == ["ok", note.replace('""', '"'), "ok"]
    assert list(chunk.lines) == [2, 3, 7]


def has_no_line_like_a_row(text: str) -> bool:
    return all(line.count(",") < 3 for line in text.split("\n"))


NOTES = st.text(alphabet='ab,"\n;', max_size=12).map(lambda text: f"x{text}").filter(has_no_line_like_a_row)


@given(notes=st.lists(NOTES, min_size=1, max_size=8))
def test_well_formed_records_are_read_unchanged(notes: list[str]) -> None:
    lines = [row(n, '"' + note.replace('"', '""') + '"') for n, note in enumerate(notes)]
    chunk = read(row(9, "plain"), *lines)
    assert not chunk.malformed
    assert chunk.columns["note"] == ["plain", *notes]


@given(st.lists(st.text(alphabet='ab1,"', max_size=8), max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_every_line_of_any_text_is_in_one_record(lines: list[str], end: str) -> None:
    table = open_bytes(end.join(["a,b,c", *lines, ""]).encode(), name="a.csv")
    chunks = list(table.chunks(0, 7, None))
    assert sum(chunk.length for chunk in chunks) == table.count()
    begun = [line for chunk in chunks for line in chunk.lines]
    assert begun == sorted(set(begun))
    cells = [str(cell) for chunk in chunks for column in chunk.columns.values() for cell in column if cell]
    inside = sum(cell.count("\n") for cell in cells)
    assert table.count() + sum(chunk.blank for chunk in chunks) + inside == len(lines)
