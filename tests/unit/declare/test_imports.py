"""Processes that only declare or validate events load no numeric libraries."""

import subprocess
import sys

import pytest

COMPILED = ("numba", "pandas", "scipy")
NUMERIC = ("numpy", *COMPILED)


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("scoring.declare", NUMERIC),
        ("scoring.catalog.fields", COMPILED),  # fingerprints of texts take numpy
        ("scoring.catalog.text_fields", COMPILED),
        ("scoring.catalog.event_type", COMPILED),
    ],
)
def test_declarations_and_the_catalog_import_no_numeric_library(
    module: str, libraries: tuple[str, ...]
) -> None:
    code = f"import sys, {module}; print([name for name in {libraries!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
