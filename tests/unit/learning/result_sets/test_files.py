"""A result set in a directory: what is replaced, and which targets are refused."""

from pathlib import Path

from scoring.learning.result_sets.files import ResultSet, SetDescription

DESCRIPTION = SetDescription(
    model="payment-1",
    artifact="a" * 64,
    event_type="payment",
    since="2026-01-01T00:00:00Z",
    until="2026-02-01T00:00:00Z",
    explanations=False,
)


def test_a_set_is_replaced_without_the_sets_in_directories_below(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "payment-2"):
        ResultSet(str(directory)).begin(DESCRIPTION)
        (directory / "part-00000.parquet").write_bytes(b"rows")
    ResultSet(str(tmp_path)).begin(DESCRIPTION, anew=True)
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")]
    assert sorted(left) == ["manifest.json", "payment-2/manifest.json", "payment-2/part-00000.parquet"]
