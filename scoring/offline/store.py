"""The offline store: Parquet files at any fsspec URL, and manifests that list the valid ones.

    manifests/00000012.json                            the files, and the log position they reach
    events/type=payment/day=2026-03-01/00000012-3.parquet         events as received
    corrections/type=payment/day=2026-03-01/00000012-5.parquet    later versions of events
    amendments/day=2026-03-02/00000012-6.parquet                  the amended events, when and why
    labels/day=2026-03-02/00000012-7.parquet
    order/lane=commerce/00000012-9.parquet

A file that no manifest lists does not count, so an interrupted run has changed nothing.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from fsspec.implementations.local import LocalFileSystem

from scoring.log.entries import START, Cursor
from scoring.offline.errors import OfflineFormatUnknown
from scoring.timestamps import from_iso, to_iso

FORMAT = 1
TABLES = ("events", "corrections", "amendments", "labels", "order")
SCRATCH = "scratch"
# Files dropped by a later manifest are kept this long for readers of an earlier one.
KEPT_FOR = timedelta(hours=1)
SCRATCH_KEPT_FOR = timedelta(days=1)
SCRATCH_TIME = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store: its path below the root and its number of rows."""

    path: str
    rows: int

    @property
    def partition(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of the store after its `number`th change: the log up to and including `cursor`.

    `mark` is a fingerprint of the entry at the cursor, to detect another log; `layout` the columns of each
    table when it was written, as {table: {column: type}}.
    """

    number: int = 0
    written_at: str = ""
    cursor: Cursor = START
    mark: str = ""
    layout: dict[str, dict[str, str]] = field(default_factory=dict)
    files: tuple[StoredFile, ...] = ()

    def rows(self, table: str) -> int:
        """The number of rows of a table ("events", "events/type=payment", "labels", "order")."""
        return sum(file.rows for file in self.files_of(table))

    def files_of(self, table: str) -> list[StoredFile]:
        return [file for file in self.files if file.path.startswith(f"{table}/")]

    def followed_by(self, *, now: datetime, **changes: Any) -> "Manifest":
        """The next manifest."""
        return replace(self, number=self.number + 1, written_at=to_iso(now), **changes)


class OfflineStore:
    """The store at a URL (`settings.OFFLINE_URL` without one). `tables`: the directories that it has."""

    def __init__(self, url: str | None = None, *, tables: Sequence[str] = TABLES) -> None:
        self.url = url or str(settings.OFFLINE_URL)
        self._tables = tuple(tables)
        self._fs, self._root = fsspec.core.url_to_fs(self.url)
        self._manifests = f"{self._root}/manifests"
        self._unsettled: set[str] = set()  # directories that got new names since the last commit

    def manifest(self) -> Manifest:
        """The newest manifest; an empty one before the first export."""
        paths = self._manifest_paths()
        return self._read_manifest(paths[-1]) if paths else Manifest()

    def write(self, table: pa.Table, path: str) -> StoredFile:
        """Write a file; it does not count until a manifest lists it."""
        self._make_directory(f"{self._root}/{path.rpartition('/')[0]}")
        with self._fs.open(f"{self._root}/{path}", "wb") as file:
            self._protect(f"{self._root}/{path}")
            pq.write_table(table, file, compression="zstd")
        self._settle(f"{self._root}/{path}")
        return StoredFile(path, table.num_rows)

    def settle_names(self) -> None:
        """Flush the directories of the written files to disk; `commit` does this itself."""
        if isinstance(self._fs, LocalFileSystem):
            for directory in self._unsettled:
                _sync(directory)
        self._unsettled.clear()

    def commit(self, manifest: Manifest) -> None:
        """Make `manifest` the newest one, atomically: its file appears with its whole content."""
        path = f"{self._manifests}/{manifest.number:08d}.json"
        self._make_directory(self._manifests)
        self._fs.pipe_file(f"{path}.new", _manifest_text(manifest))
        self._protect(f"{path}.new")
        self._settle(f"{path}.new")
        self.settle_names()
        self._fs.mv(f"{path}.new", path)
        self._unsettled.add(self._manifests)
        self.settle_names()

    def read(self, table: str, *, manifest: Manifest, columns: Sequence[str], schema: pa.Schema) -> pa.Table:
        """These columns of all rows of a table, in no particular order."""
        from pyarrow import dataset as ds  # noqa: PLC0415 (pandas: web processes do without it)

        wanted = pa.schema([schema.field(name) for name in columns])
        paths = [f"{self._root}/{file.path}" for file in manifest.files_of(table)]
        if not paths:
            return wanted.empty_table()
        # No partitioning: that a directory is called day=... is for other readers.
        data = ds.dataset(paths, filesystem=self._fs, format="parquet", schema=wanted, partitioning=None)
        return data.to_table(columns=list(columns))

    def is_local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    @property
    def filesystem(self) -> fsspec.AbstractFileSystem:
        return self._fs

    def locations(self, files: Iterable[StoredFile]) -> list[str]:
        """Where other readers find these files: paths on a local disk, else URLs."""
        paths = [f"{self._root}/{file.path}" for file in files]
        return paths if self.is_local() else [str(self._fs.unstrip_protocol(path)) for path in paths]

    @contextmanager
    def scratch(self, *, now: datetime) -> Iterator["Scratch"]:
        """A directory for tables that other processes read, removed at the end of the block."""
        # Its name says when it was made: not every storage tells.
        self._make_directory(f"{self._root}/{SCRATCH}")
        scratch = self.open_scratch(f"{SCRATCH}/{now:{SCRATCH_TIME}}-{uuid4().hex}")
        try:
            yield scratch
        finally:
            if self._fs.exists(scratch.place):
                self._fs.rm(scratch.place, recursive=True)

    def open_scratch(self, name: str) -> "Scratch":
        """The same directory, for another process."""
        return Scratch(name, self._fs, f"{self._root}/{name}")

    def read_files(self, files: Iterable[StoredFile]) -> pa.Table:
        """All columns of files of one table, in their order."""
        tables = []
        for stored in files:
            with self._fs.open(f"{self._root}/{stored.path}", "rb") as file:
                tables.append(pq.ParquetFile(file).read())
        return pa.concat_tables(tables, promote_options="default")  # older files lack newer columns

    def remove_leftovers(self, *, now: datetime) -> int:
        """Delete files that neither the newest manifest nor one of the last hour lists; returns their number.

        Scratch directories of killed runs are deleted after a day.
        """
        paths = self._manifest_paths()
        read = {path: self._read_manifest(path) for path in paths}
        kept = {path for path in paths[:-1] if from_iso(read[path].written_at) > now - KEPT_FOR} | set(
            paths[-1:]
        )
        named = {f"{self._root}/{file.path}" for path in kept for file in read[path].files}
        stored = [path for table in self._tables for path in self._find(f"{self._root}/{table}", ".parquet")]
        leftovers = [path for path in stored if path not in named]
        self._remove(leftovers)
        self._remove([path for path in self._find(self._manifests, "") if path not in kept])
        oldest = f"{self._root}/{SCRATCH}/{now - SCRATCH_KEPT_FOR:{SCRATCH_TIME}}"
        self._remove([path for path in self._find(f"{self._root}/{SCRATCH}", "") if path < oldest])
        return len(leftovers)

    def clear(self) -> None:
        """Remove everything, manifests first."""
        for below in (self._manifests, *(f"{self._root}/{table}" for table in (*self._tables, SCRATCH))):
            self._remove(self._find(below, ""))

    def _make_directory(self, path: str) -> None:
        """Create a directory and its missing parents; on a local disk, only its owner has access."""
        if not isinstance(self._fs, LocalFileSystem):
            self._fs.makedirs(path, exist_ok=True)
            return
        missing = [each for each in (Path(path), *Path(path).parents) if not each.exists()]
        for directory in reversed(missing):
            directory.mkdir(mode=0o700, exist_ok=True)

    def _protect(self, path: str) -> None:
        """Restrict access to the owner: a copy of the log is as private as the database."""
        if isinstance(self._fs, LocalFileSystem):
            Path(path).chmod(0o600)

    def _settle(self, path: str) -> None:
        """Flush written files to a local disk; other storage is durable by itself."""
        if isinstance(self._fs, LocalFileSystem):
            _sync(path)
            while path != self._root:
                path = path.rpartition("/")[0]
                self._unsettled.add(path)

    def _manifest_paths(self) -> list[str]:
        return sorted(self._find(self._manifests, ".json"))

    def _find(self, below: str, ending: str) -> list[str]:
        self._fs.invalidate_cache()  # other processes write too
        return [path for path in self._fs.find(below) if path.endswith(ending)]

    def _remove(self, paths: Collection[str]) -> None:
        for path in paths:
            self._fs.rm_file(path)

    def _read_manifest(self, path: str) -> Manifest:
        data = orjson.loads(self._fs.cat_file(path))
        if data.pop("format") != FORMAT:
            raise OfflineFormatUnknown(url=self.url, manifest=path.rpartition("/")[2])
        files = tuple(StoredFile(name, rows) for name, rows in data.pop("files"))
        return Manifest(**data | {"cursor": Cursor(*data["cursor"]), "files": files})


@dataclass(frozen=True, slots=True)
class Scratch:
    """A directory of the store for the tables of one run; no manifest lists them."""

    name: str
    fs: fsspec.AbstractFileSystem
    place: str

    def write(self, name: str, table: pa.Table) -> None:
        self.fs.makedirs(self.place, exist_ok=True)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with (
            self.fs.open(f"{self.place}/{name}.arrow", "wb") as file,
            pa.ipc.new_file(file, table.schema, options=options) as out,
        ):
            out.write_table(table)

    def read(self, name: str) -> pa.Table:
        """Raises FileNotFoundError if the writer used another store."""
        self.fs.invalidate_cache()  # other processes write
        with self.fs.open(f"{self.place}/{name}.arrow", "rb") as file:
            return pa.ipc.open_file(file).read_all()


def _sync(path: str) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _manifest_text(manifest: Manifest) -> bytes:
    files = [[file.path, file.rows] for file in manifest.files]
    return orjson.dumps(
        {
            "format": FORMAT,
            "number": manifest.number,
            "written_at": manifest.written_at,
            "cursor": list(manifest.cursor),
            "mark": manifest.mark,
            "layout": manifest.layout,
            "files": files,
        }
    )
