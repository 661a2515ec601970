"""What the Procfile's commands set for the processes that they start."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from config.processes.running import procfile_programs
from supervision.procfile import parse_procfile

COMMANDS = parse_procfile((Path(configured.BASE_DIR) / "Procfile").read_text())


@pytest.fixture
def fake_celery(tmp_path: Path) -> Path:
    """A directory with a `celery` that prints its priority and how its threads wait."""
    program = tmp_path / "celery"
    program.write_text('#!/bin/sh\necho "$(nice) ${OMP_WAIT_POLICY:-default}"\n')
    program.chmod(0o755)
    return tmp_path


def test_a_training_leaves_the_cores_to_decisions_and_its_threads_do_not_spin(fake_celery: Path) -> None:
    environment = os.environ | {"PATH": f"{fake_celery}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("OMP_WAIT_POLICY", None)
    said = {
        name: subprocess.run(
            ["/bin/sh", "-c", f"exec {COMMANDS[name]}"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for name in ("worker", "trainer", "texts")
    }
    assert said["texts"][1] == "passive"
    assert said["trainer"][1] == "passive"
    assert said["worker"][1] == "default"
    assert int(said["trainer"][0]) > int(said["worker"][0])


@pytest.mark.parametrize("model", ["", "all-MiniLM-L6-v2"])
def test_texts_are_compared_only_where_a_model_is_set(settings: Any, model: str) -> None:
    settings.TEXT_EMBEDDINGS = model
    with socket.socket() as listener:
        names = {program.name for program in procfile_programs({}, listener=listener)}
    assert names == COMMANDS.keys() - (set() if model else {"texts"})
