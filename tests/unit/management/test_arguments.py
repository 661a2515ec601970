from argparse import ArgumentTypeError
from datetime import UTC, datetime

import pytest

from scoring.management.arguments import (
    read_directory,
    read_moment,
    read_new_file,
    read_thresholds,
)


def test_a_date_without_a_zone_is_utc():
    assert read_moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert read_moment("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    with pytest.raises(ArgumentTypeError):
        read_moment("yesterday")


def test_thresholds_are_read_by_name():
    assert read_thresholds("review=0.2, block=0.9") == {"review": 0.2, "block": 0.9}
    assert read_thresholds("block=0.9") == {"block": 0.9}


@pytest.mark.parametrize("text", ["0.2", "review=x", "allow=0.1", "review=1.2", "review=0.9,block=0.2", ""])
def test_invalid_thresholds_are_refused(text):
    with pytest.raises(ArgumentTypeError):
        read_thresholds(text)


@pytest.mark.parametrize("read", [read_directory, read_new_file])
def test_a_url_is_refused_before_the_work_if_nothing_can_open_it(read, tmp_path):
    for url in ("memory://scores", f"simplecache::file://{tmp_path}/new", str(tmp_path / "new")):
        assert read(url) == url
    for url in ("nope://scores", "simplecache::nope://scores"):
        with pytest.raises(ArgumentTypeError, match="cannot be opened: Protocol not known: nope"):
            read(url)


def test_a_directory_may_exist_but_not_as_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert read_directory(str(tmp_path)) == str(tmp_path)
    with pytest.raises(ArgumentTypeError, match="is not a directory"):
        read_directory(str(tmp_path / "file"))
