"""Prepares a Dask worker: sets up Django with the settings in the worker's environment."""

import os

import django
from distributed import Worker, WorkerPlugin


class DjangoSetUp(WorkerPlugin):
    """Sets up Django in every worker, including those that join later."""

    def setup(self, worker: Worker) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
