import csv
from pathlib import Path

from scoring.ingest.rejects import Reject, RejectFile

HEADER = ("id", "amount")


def rows_in(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_rejects_keep_number_reason_and_cells(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rejects.csv"
    with RejectFile(path, HEADER) as file:
        file.write([Reject(3, "amount must be positive", ["a,b", -1.5]), Reject(4, "has 1 cells", ["x"])])
    assert rows_in(path) == [
        ["reject_row", "reject_reason", "id", "amount"],
        ["3", "amount must be positive", "a,b", "-1.5"],
        ["4", "has 1 cells", "x"],
    ]
    assert path.stat().st_mode & 0o077 == 0


def test_rows_written_after_the_last_committed_chunk_are_truncated(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectFile(path, HEADER) as file:
        committed = file.write([Reject(1, "bad", ["a", None])])
        file.write([Reject(2, "never committed", ["b", None])])
    with RejectFile(path, HEADER, keep=committed) as file:
        file.write([Reject(2, "bad", ["b", None])])
    assert [row[:2] for row in rows_in(path)[1:]] == [["1", "bad"], ["2", "bad"]]


def test_no_rejects_leave_no_file(tmp_path: Path) -> None:
    with RejectFile(tmp_path / "rejects.csv", HEADER) as file:
        file.write([])
    assert not (tmp_path / "rejects.csv").exists()
