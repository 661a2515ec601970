"""Imports of files, as `manage.py ingest` runs them."""

from pathlib import Path
from typing import Any

from scoring.ingest.imports import ingest_table
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.readers.opening import open_table
from scoring.ingest.report import ImportReport


def ingest_file(path: Path, *, mapping: ColumnMapping, **options: Any) -> ImportReport:
    """Import a CSV, JSON or Parquet file, with the options of `ingest_table`."""
    return ingest_table(open_table(path, mapping.reading), mapping, **options)
