"""XGBoost is imported without the package that would come with it, and everything else imports as ever."""

import subprocess
import sys

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


def test_a_hidden_package_cannot_be_imported_inside_the_block_only():
    with hidden("colorsys"), pytest.raises(ImportError):
        __import__("colorsys")
    assert "colorsys" not in sys.modules


def test_a_package_that_is_imported_already_stays():
    with hidden("json"):
        import json
    assert sys.modules["json"] is json
