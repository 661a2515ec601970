"""What the Procfile's commands set for the processes that they start."""

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from supervision.procfile import parse_procfile

COMMANDS = parse_procfile((Path(settings.BASE_DIR) / "Procfile").read_text())


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
        for name in ("worker", "trainer")
    }
    assert said["trainer"][1] == "passive"
    assert said["worker"][1] == "default"
    assert int(said["trainer"][0]) > int(said["worker"][0])
