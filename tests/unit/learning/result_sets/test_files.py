"""A result set in a directory: what is replaced, and which targets are refused."""

from pathlib import Path

import orjson
import pytest

from scoring.learning.errors import ResultSetFormatUnknown
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


def test_a_set_of_another_format_is_refused_and_may_be_replaced(tmp_path: Path) -> None:
    result_set, manifest = ResultSet(str(tmp_path)), tmp_path / "manifest.json"
    result_set.begin(DESCRIPTION)
    manifest.write_bytes(orjson.dumps(orjson.loads(manifest.read_bytes()) | {"format": 2}))
    with pytest.raises(ResultSetFormatUnknown, match="of the format 2, and this code knows 1"):
        result_set.begin(DESCRIPTION)
    result_set.begin(DESCRIPTION, anew=True)
    assert orjson.loads(manifest.read_bytes())["format"] == 1
