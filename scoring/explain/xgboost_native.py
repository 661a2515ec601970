"""XGBoost's native API, without the scikit-learn wrappers that nothing here uses.

XGBoost imports scikit-learn wherever it is installed: 75 MB and a second for every process. Product code
imports `xgb` from here, so that each process decides alike.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """Let the block import as if `package` were not installed, unless it is imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # what makes `import` raise ImportError
    try:
        yield
    finally:
        del sys.modules[package]


with hidden("sklearn"):
    import xgboost as xgb

__all__ = ["xgb"]
