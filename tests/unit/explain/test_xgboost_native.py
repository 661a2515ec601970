"""XGBoost is imported without scikit-learn; all other imports work as usual."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from scoring.explain.xgboost_native import hidden


def modules_after(statement: str) -> set[str]:
    """The modules that a new process has imported after the statement."""
    program = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", program], text=True).split())


def test_importing_xgboost_does_not_import_scikit_learn():
    modules = modules_after("from scoring.explain.xgboost_native import xgb; xgb.Booster()")
    assert "xgboost" in modules
    assert "sklearn" not in modules


def test_scikit_learn_can_be_imported_afterwards():
    assert "sklearn" in modules_after("import scoring.explain.xgboost_native, sklearn")


def test_a_hidden_package_cannot_be_imported_inside_the_block_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hidden_here.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with hidden("hidden_here"), pytest.raises(ImportError):
        import_module("hidden_here")
    assert "hidden_here" not in sys.modules
    assert import_module("hidden_here")


def test_a_package_that_is_imported_already_stays():
    with hidden("json"):
        import json
    assert sys.modules["json"] is json
