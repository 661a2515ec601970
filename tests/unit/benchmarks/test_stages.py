"""The functions that the stages benchmark times exist."""

import subprocess
import sys

from django.conf import settings

# In a separate process, because benchmarks set their own environment.
CHECK = """
from benchmarks.stages import STAGES
for targets in STAGES.values():
    for owner, attribute in targets:
        getattr(owner, attribute)
"""


def test_every_stage_times_existing_functions() -> None:
    subprocess.run([sys.executable, "-c", CHECK], cwd=settings.BASE_DIR, check=True)
