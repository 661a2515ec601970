"""What tests import leaves the environment of the processes that they start alone."""

import os

from django.conf import settings


def test_processes_of_tests_have_the_tests_own_directory() -> None:
    # A benchmark that sets up Django of its own would name another directory when a test imports it.
    assert os.environ["ASSAY_VAR"] == str(settings.VAR_DIR)
