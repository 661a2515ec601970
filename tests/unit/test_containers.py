"""The image and compose.yaml run what the Procfile names, with settings that are documented."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from supervision.procfile import parse_procfile

ROOT = Path(settings.BASE_DIR)
PROCESSES = parse_procfile((ROOT / "Procfile").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
CONTAINERFILE = (ROOT / "Containerfile").read_text()
SETTINGS_PAGE = (ROOT / "docs/reference/settings.md").read_text()
ENTRYPOINT = json.loads(re.findall(r"^ENTRYPOINT (.+)$", CONTAINERFILE, re.MULTILINE)[0])


def test_compose_runs_the_processes_of_the_procfile_beside_the_servers() -> None:
    commands = {name: each.get("command") for name, each in COMPOSE["services"].items()}
    assert {name: commands[name] for name in PROCESSES} == {name: [name] for name in PROCESSES}
    assert set(commands) - set(PROCESSES) == {"postgres", "redis", "setup"}


@pytest.mark.parametrize("name", [*PROCESSES])
def test_every_process_waits_until_the_tables_are_there(name: str) -> None:
    assert COMPOSE["services"][name]["depends_on"] == {
        "setup": {"condition": "service_completed_successfully"}
    }


def test_the_entry_point_runs_the_line_that_its_argument_names(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text('web: echo serving ${PLACE:-here}\nworker: printf "%s" "a  b"\n')
    said = [
        subprocess.run([*ENTRYPOINT, name], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for name in ("web", "worker")
    ]
    assert said == ["serving here\n", "a  b"]


def test_an_image_can_leave_packages_out_without_a_layer_that_has_them(tmp_path: Path) -> None:
    [step] = re.findall(r"^RUN (.*make install.*)$", CONTAINERFILE, re.MULTILINE)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("make", ".venv/bin/python"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} $@\n")
        (tmp_path / name).chmod(0o755)
    said = [
        subprocess.run(
            ["sh", "-c", step],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "WITHOUT": without},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for without in ("", "av pillow-heif")
    ]
    uninstalled = ".venv/bin/python -m pip uninstall --yes av pillow-heif\n"
    assert said == ["make install\n", f"make install\n{uninstalled}"]


def test_redis_keeps_every_key() -> None:
    assert "--maxmemory-policy noeviction" in COMPOSE["services"]["redis"]["command"]


def test_no_secret_has_a_value_in_the_example() -> None:
    example = (ROOT / "compose.env.example").read_text()
    for name in ("POSTGRES_PASSWORD", "ASSAY_SECRET_KEY", "ASSAY_VAULT_KEY"):
        assert f"\n{name}=\n" in example


def test_every_setting_that_the_code_reads_is_on_the_page() -> None:
    read = {
        name
        for folder in ("config", "embedded", "serving", "supervision", "scoring")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'"(ASSAY_[A-Z_]+)"', path.read_text())
    }
    named = {*re.findall(r"^(ASSAY_[A-Z_]+)=", (ROOT / "compose.env.example").read_text(), re.MULTILINE)}
    internal = {"ASSAY_API_KEY", "ASSAY_LISTEN_FD"}  # what our own processes hand to each other
    undocumented = {name for name in read | named if not re.search(rf"`{name}(<NAME>)?`", SETTINGS_PAGE)}
    assert undocumented - internal == set()
