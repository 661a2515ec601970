"""What a Dask worker needs before it can take a task: Django, with the settings of its own environment."""

import os

import django
from distributed import Worker, WorkerPlugin


class DjangoSetUp(WorkerPlugin):
    """Sets Django up in every worker, those that join later included."""

    def setup(self, worker: Worker) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
