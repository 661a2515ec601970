"""Settings of the tests: the product's, with embedded services of their own beside the usual ones.

A test run never touches the services or data of a running Assay, nor servers named in the environment.
"""

import os
from pathlib import Path

USUAL_VAR = Path(os.environ.get("ASSAY_VAR") or Path(__file__).resolve().parent.parent / "var")
TEST_VAR = os.environ.setdefault("ASSAY_TEST_VAR", str(USUAL_VAR / "test"))
# Each worker of pytest-xdist has services of its own, and so have the processes that its tests start.
os.environ["ASSAY_VAR"] = str(Path(TEST_VAR, os.environ.get("PYTEST_XDIST_WORKER", "")))
os.environ["ASSAY_DEBUG"] = "0"
os.environ["ASSAY_HTTPS"] = "0"  # the test client speaks plain HTTP
# A thread of XGBoost that waits for another would spin, and keep a core from the tests beside these.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
for address in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "ASSAY_TEXT_EMBEDDINGS"):
    os.environ.pop(address, None)

from config.settings import *  # noqa: E402, F403

# Users are created in many tests; the product's hash takes a quarter of a second by design.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Pages are rendered without `collectstatic` having run.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
