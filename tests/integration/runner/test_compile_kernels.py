"""Kernels compiled beforehand are what a process finds that starts later."""

import os
import subprocess
import sys
from pathlib import Path

from config.settings import BASE_DIR


def compile_kernels(cache: Path, var: Path) -> str:
    """In a process of its own that can reach no server."""
    nowhere = {"DATABASE_URL": "postgres://localhost:1/none", "REDIS_URL": "redis://localhost:1/0"}
    return subprocess.run(
        [sys.executable, "manage.py", "compile_kernels"],
        cwd=BASE_DIR,
        env=os.environ | nowhere | {"NUMBA_CACHE_DIR": str(cache), "ASSAY_VAR": str(var)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_kernels_are_compiled_once_and_without_servers(tmp_path):
    cache = tmp_path / "cache"
    assert "The kernels were compiled" in compile_kernels(cache, tmp_path / "var")
    compiled = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}
    names = {path.name.partition("-")[0] for path in compiled}
    assert {"kernel.run", "kernel.look_up", "kernel.fill"} <= names
    compile_kernels(cache, tmp_path / "var")
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")} == compiled
