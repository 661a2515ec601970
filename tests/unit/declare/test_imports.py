"""Processes that only declare or validate events load no numeric libraries."""

import subprocess
import sys

import pytest

NUMERIC = ("numpy", "numba", "pandas", "scipy")


@pytest.mark.parametrize(
    "module", ["scoring.declare", "scoring.catalog.fields", "scoring.catalog.event_type"]
)
def test_declarations_and_the_catalog_import_no_numeric_library(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {NUMERIC!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
