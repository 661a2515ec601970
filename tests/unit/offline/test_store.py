"""A store is what its newest manifest says, on a disk, in memory, and over a network."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyarrow as pa
import pytest

from scoring.log.entries import Cursor
from scoring.offline.errors import OfflineFormatUnknown
from scoring.offline.store import KEPT_FOR, OfflineStore
from tests.factories.ftp_server import serve_by_ftp

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = pa.schema({"position": pa.int64()})


@pytest.fixture(params=["disk", "memory", "network"])
def store(request, tmp_path) -> Iterator[OfflineStore]:
    if request.param == "network":
        with serve_by_ftp(tmp_path) as address:
            yield OfflineStore(f"{address}/new")
    else:
        yield OfflineStore(str(tmp_path / "new") if request.param == "disk" else f"memory://{uuid4()}")


def write(store: OfflineStore, name: str, *positions: int):
    return store.write(
        pa.table({"position": pa.array(positions, pa.int64())}), f"labels/day=1/{name}.parquet"
    )


def positions(store: OfflineStore) -> list[int]:
    read = store.read("labels", manifest=store.manifest(), columns=["position"], schema=SCHEMA)
    return sorted(read["position"].to_pylist())


def commit(store: OfflineStore, *files, now=NOW):
    manifest = store.manifest().followed_by(now=now, files=files, cursor=Cursor(1, 2, 3), mark="m")
    store.commit(manifest)
    return manifest


def test_nothing_is_there_before_anything_was_written(store):
    assert store.manifest().number == 0
    assert positions(store) == []


def test_a_manifest_is_read_as_it_was_written(store):
    manifest = commit(store, write(store, "a", 1, 2))
    assert OfflineStore(store.url).manifest() == manifest
    assert manifest.rows("labels") == 2
    assert positions(store) == [1, 2]


def test_a_file_counts_only_when_a_manifest_names_it(store):
    first = write(store, "a", 1)
    commit(store, first)
    write(store, "b", 2)
    assert positions(store) == [1]
    assert store.remove_leftovers(now=NOW) == 1
    assert store.remove_leftovers(now=NOW) == 0
    assert positions(store) == [1]


def test_the_tenth_manifest_comes_after_the_ninth(store):
    for number in range(11):
        commit(store, write(store, str(number), number))
    assert store.manifest().number == 11
    assert positions(store) == [10]


def test_files_that_were_replaced_stay_for_an_hour_for_those_who_read_them(store):
    commit(store, write(store, "a", 1))
    reading = store.manifest()
    commit(store, write(store, "b", 1, 2))
    assert store.remove_leftovers(now=NOW + KEPT_FOR - timedelta(minutes=1)) == 0
    assert store.read("labels", manifest=reading, columns=["position"], schema=SCHEMA).num_rows == 1
    assert store.remove_leftovers(now=NOW + KEPT_FOR) == 1
    assert positions(store) == [1, 2]


def test_a_manifest_half_written_is_none(tmp_path):
    store = OfflineStore(str(tmp_path))
    commit(store, write(store, "a", 1))
    (tmp_path / "manifests" / "00000002.json.new").write_text('{"format": 1, "num')
    assert store.manifest().number == 1
    store.remove_leftovers(now=NOW)
    assert [path.name for path in (tmp_path / "manifests").iterdir()] == ["00000001.json"]


def test_a_store_of_another_format_is_refused(tmp_path):
    store = OfflineStore(str(tmp_path))
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "00000001.json").write_text('{"format": 2}')
    with pytest.raises(OfflineFormatUnknown, match="--anew"):
        store.manifest()


def test_columns_that_a_file_does_not_have_are_missing_values(store):
    commit(store, write(store, "a", 1))
    schema = SCHEMA.append(pa.field("later", pa.float64()))
    read = store.read("labels", manifest=store.manifest(), columns=["later", "position"], schema=schema)
    assert read.to_pylist() == [{"later": None, "position": 1}]


def test_a_cleared_store_is_empty_whatever_was_there(tmp_path):
    store = OfflineStore(str(tmp_path))
    commit(store, write(store, "a", 1))
    (tmp_path / "manifests" / "00000002.json").write_text('{"format": 2}')
    store.clear()
    store.clear()
    assert store.manifest().number == 0
    assert not list(tmp_path.rglob("*.parquet"))


def test_files_and_their_names_are_on_disk_before_the_manifest(tmp_path, monkeypatch):
    """A machine that fails must not leave a manifest of files that were never written."""
    synced: list[tuple[str, bool]] = []  # path, and whether the manifest was there
    manifest = tmp_path / "manifests" / "00000001.json"
    fsync = os.fsync

    def watched(opened: int) -> None:
        synced.append((os.readlink(f"/proc/self/fd/{opened}"), manifest.exists()))
        fsync(opened)

    monkeypatch.setattr(os, "fsync", watched)
    store = OfflineStore(str(tmp_path))
    commit(store, write(store, "a", 1))
    before = {path for path, there in synced if not there}
    day = tmp_path / "labels" / "day=1"
    assert before >= {str(path) for path in (day / "a.parquet", day, day.parent, tmp_path)}
    assert f"{manifest}.new" in before
    assert (str(manifest.parent), True) in synced


def test_scratch_is_there_for_others_and_gone_afterwards(store):
    table = pa.table({"position": [1, 2]})
    with store.scratch(now=NOW) as scratch:
        OfflineStore(store.url).open_scratch(scratch.name).write("a", table)
        assert scratch.read("a").equals(table)
        store.remove_leftovers(now=NOW + timedelta(hours=23))
        assert scratch.read("a").equals(table)
    with pytest.raises(FileNotFoundError):
        scratch.read("a")


def test_scratch_of_a_run_that_was_killed_is_removed_after_a_day(store):
    killed = store.scratch(now=NOW)  # whose block never ends
    scratch = killed.__enter__()
    scratch.write("a", pa.table({"position": [1]}))
    commit(store, write(store, "a", 1))
    store.remove_leftovers(now=NOW + timedelta(hours=25))
    with pytest.raises(FileNotFoundError):
        scratch.read("a")
    assert positions(store) == [1]


def modes(root) -> set[tuple[str, str]]:
    """The permissions of everything below a directory and of itself: (what it is, its mode)."""
    found = [root, *root.rglob("*")]
    return {("directory" if path.is_dir() else "file", f"{path.stat().st_mode & 0o777:o}") for path in found}


def test_a_store_on_this_machine_is_for_its_owner_alone(tmp_path):
    store = OfflineStore(str(tmp_path / "data" / "offline"))
    commit(store, write(store, "a", 1))
    with store.scratch(now=NOW) as scratch:
        scratch.write("piece", pa.table({"position": pa.array([1], pa.int64())}))
    private = {("directory", "700"), ("file", "600")}
    assert modes(tmp_path / "data") == private


def test_a_directory_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    commit(OfflineStore(str(tmp_path)))
    assert tmp_path.stat().st_mode & 0o777 == 0o755
