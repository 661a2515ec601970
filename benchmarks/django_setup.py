"""Sets Django up with the benchmark's own data directory. Import it before modules that need Django.

ASSAY_BENCH_VAR names a directory to keep and reuse, since setting up takes minutes. Without it, all data is
in a temporary directory that is deleted afterwards.
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
