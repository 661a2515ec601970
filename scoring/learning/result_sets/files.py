"""A result set: Parquet files in a directory at any fsspec URL, and a manifest that names them.

The manifest appears with its whole content after the file that it names, so a run that dies leaves a set
that the next run continues.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.learning.errors import ResultSetFormatUnknown, ResultSetOfOtherRun

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class SetDescription:
    """What was asked for: the same description gives the same rows.

    `head` (order and seq of the lane): entries sequenced later are not in the set. It is fixed by the first
    run, so a run that continues does not compare it.
    """

    model: str
    artifact: str
    event_type: str
    since: str
    until: str
    explanations: bool
    order: int = 0
    seq: int = 0

    def differences(self, other: "SetDescription") -> list[str]:
        """The names of the requested parts in which two descriptions differ."""
        mine, theirs = asdict(self), asdict(other)
        return [name for name in mine if name not in ("order", "seq") and mine[name] != theirs[name]]


@dataclass(frozen=True, slots=True)
class SetManifest:
    """The files so far. `reached`: the seq up to which events are in them; `files`: (name, rows) in order.

    `outcomes`: the number of rows with each outcome.
    """

    description: SetDescription
    reached: int = 0
    files: tuple[tuple[str, int], ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    is_complete: bool = False

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.files)


class ResultSet:
    """The set at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._fs, self._root = fsspec.core.url_to_fs(url)

    def begin(self, description: SetDescription, *, anew: bool = False) -> SetManifest:
        """The manifest to continue from: that of an interrupted or finished run of the same description.

        `anew`: delete what is there. Raises ResultSetOfOtherRun, ResultSetFormatUnknown.
        """
        if anew:
            self._clear()
        manifest = self.manifest()
        if manifest is None:
            self._fs.makedirs(self._root, exist_ok=True)
            manifest = SetManifest(description)
            self._commit(manifest)
        if other := description.differences(manifest.description):
            raise ResultSetOfOtherRun(url=self.url, differs=other)
        return manifest

    def manifest(self) -> SetManifest | None:
        """The manifest; None if there is none. Raises ResultSetFormatUnknown."""
        self._fs.invalidate_cache()
        if not self._fs.exists(f"{self._root}/{MANIFEST}"):
            return None
        data = orjson.loads(self._fs.cat_file(f"{self._root}/{MANIFEST}"))
        if (found := data.pop("format", None)) != FORMAT:
            raise ResultSetFormatUnknown(url=self.url, found=found, known=FORMAT)
        del data["rows"]
        files = tuple((name, rows) for name, rows in data.pop("files"))
        return SetManifest(**data | {"description": SetDescription(**data["description"]), "files": files})

    def add(self, manifest: SetManifest, table: pa.Table, *, reached: int) -> SetManifest:
        """Write rows as a new file; the manifest that names it. A file of a run that died is overwritten."""
        name = f"part-{len(manifest.files):05d}.parquet"
        with self._fs.open(f"{self._root}/{name}", "wb") as file:
            pq.write_table(table, file, compression="zstd")
        outcomes = dict(manifest.outcomes)
        for counted in table["outcome"].value_counts().to_pylist():
            outcomes[counted["values"]] = outcomes.get(counted["values"], 0) + counted["counts"]
        added = replace(
            manifest,
            reached=reached,
            files=(*manifest.files, (name, table.num_rows)),
            outcomes=dict(sorted(outcomes.items())),
        )
        self._commit(added)
        return added

    def finish(self, manifest: SetManifest) -> SetManifest:
        """The manifest of a complete set."""
        complete = replace(manifest, reached=manifest.description.seq, is_complete=True)
        self._commit(complete)
        return complete

    def _commit(self, manifest: SetManifest) -> None:
        path = f"{self._root}/{MANIFEST}"
        self._fs.pipe_file(f"{path}.new", _text(manifest))
        self._fs.mv(f"{path}.new", path)

    def _clear(self) -> None:
        """Remove what runs wrote, the manifest first; other files and sets in directories below stay."""
        if not self._fs.exists(self._root):
            return
        found = [path for path in self._fs.ls(self._root, detail=False) if _is_ours(path.rpartition("/")[2])]
        for path in sorted(found, key=lambda each: not each.endswith(MANIFEST)):
            self._fs.rm_file(path)


def _is_ours(name: str) -> bool:
    return name.startswith(MANIFEST) or (name.startswith("part-") and name.endswith(".parquet"))


def _text(manifest: SetManifest) -> bytes:
    data: dict[str, Any] = {"format": FORMAT, "rows": manifest.rows, **asdict(manifest)}
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)
