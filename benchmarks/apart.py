"""Django set up on data of the benchmark's own. Import it before what needs Django.

ASSAY_BENCH_VAR names a directory to keep and use again: setting up takes minutes. Without it everything lies
in a temporary directory and is gone afterwards.
"""

import os
import tempfile
from pathlib import Path

import django

KEPT = os.environ.get("ASSAY_BENCH_VAR")
VAR = Path(KEPT or tempfile.mkdtemp(prefix="assay-bench-"))

os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "ASSAY_VAR": str(VAR), "ASSAY_HTTPS": "0"}
os.environ.setdefault("ASSAY_LOG_LEVEL", "ERROR")
django.setup()
