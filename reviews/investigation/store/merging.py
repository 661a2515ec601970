"""Keeps the investigation store small: few files a partition, and no days past the retention."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from scoring.offline.store import Manifest, OfflineStore, StoredFile

MAX_SMALL_FILES = 8  # of a partition, before they are merged
SMALL_ROWS = 100_000
MAX_MERGED_ROWS = 200_000  # rows of all columns that a merge holds in memory


def merge_small_files(store: OfflineStore, manifest: Manifest, *, now: datetime) -> Manifest:
    """Merge the small files of every partition that has many, in one new manifest; gives the newest one."""
    groups = groups_of(manifest)
    if not groups and manifest == store.manifest():
        return manifest
    numbers = count()
    merged, replaced = [], set[str]()
    for partition, files in groups:
        name = f"{partition}/{manifest.number + 1:08d}-m{next(numbers)}.parquet"
        table = store.read_files(files).sort_by("event_position")
        merged.append(store.write(table, name))
        replaced |= {file.path for file in files}
    rest = [file for file in manifest.files if file.path not in replaced]
    manifest = manifest.followed_by(now=now, files=(*rest, *merged))
    store.commit(manifest)
    return manifest


def without_old_days(manifest: Manifest, *, now: datetime, days: int) -> Manifest:
    """The manifest without the files of days that ended more than `days` ago."""
    oldest = f"{now - timedelta(days=days):%Y-%m-%d}"
    kept = tuple(file for file in manifest.files if _day_of(file) >= oldest)
    return replace(manifest, files=kept)


def _day_of(file: StoredFile) -> str:
    """The day of a file's partition; one after all days if it has none."""
    _, found, day = file.partition.partition("/day=")
    return day if found else "9999"


def groups_of(manifest: Manifest) -> list[tuple[str, list[StoredFile]]]:
    """Files to merge, each group with its partition."""
    small: dict[str, list[StoredFile]] = defaultdict(list)
    for file in manifest.files:
        if file.rows < SMALL_ROWS:
            small[file.partition].append(file)
    full = [(partition, files) for partition, files in small.items() if len(files) >= MAX_SMALL_FILES]
    return [(partition, part) for partition, files in full for part in _bounded(files) if len(part) > 1]


def _bounded(files: list[StoredFile]) -> list[list[StoredFile]]:
    """The files in groups of at most MAX_MERGED_ROWS rows, in their order."""
    groups: list[list[StoredFile]] = [[]]
    rows = 0
    for file in files:
        if rows + file.rows > MAX_MERGED_ROWS and groups[-1]:
            groups.append([])
            rows = 0
        groups[-1].append(file)
        rows += file.rows
    return groups
