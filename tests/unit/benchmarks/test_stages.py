"""What is timed stage by stage is there under the name it is timed by."""

import subprocess
import sys

from django.conf import settings

# In a process of its own: benchmarks bring their own environment.
CHECK = """
from benchmarks.stages import STAGES
for targets in STAGES.values():
    for owner, attribute in targets:
        getattr(owner, attribute)
"""


def test_every_stage_times_something_that_exists() -> None:
    subprocess.run([sys.executable, "-c", CHECK], cwd=settings.BASE_DIR, check=True)
