"""Tests run in a child of the process that has imported all packages."""

from pathlib import Path

import pytest

from mutants.warm import Hung, log_of, run_pytest


def project_with(tmp_path: Path, test: str) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_it.py").write_text(test)
    return project


@pytest.mark.parametrize(("statement", "code"), [("assert True", 0), ("assert False", 1), ("os._exit(9)", 9)])
def test_the_exit_code_shows_whether_a_mutant_was_noticed(tmp_path, statement: str, code: int) -> None:
    project = project_with(tmp_path, f"import os\ndef test_it():\n    {statement}\n")
    assert run_pytest(project, ["-c", "/dev/null", "-p", "no:django", "test_it.py"], []) == code


def test_hanging_tests_are_killed_with_the_processes_they_started(tmp_path) -> None:
    project = project_with(
        tmp_path,
        "import subprocess, pathlib\n"
        "def test_it():\n"
        "    child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "    pathlib.Path('pid').write_text(str(child.pid))\n"
        "    child.wait()\n",
    )
    with pytest.raises(Hung):
        run_pytest(project, ["-c", "/dev/null", "-p", "no:django", "test_it.py"], [], timeout=4.0)
    stat = Path("/proc") / (project / "pid").read_text() / "stat"
    assert not stat.exists() or stat.read_text().split()[2] == "Z"
    assert "test_it" not in log_of(project).read_text()
