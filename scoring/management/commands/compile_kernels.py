"""Compile the kernels before anything runs: `manage.py compile_kernels`."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from scoring.runner.warm_up import compile_all


class Command(BaseCommand):
    help = (
        "Compile the kernels, for processes to find them on disk: each would else compile them when it starts"
        " for the first time. Needs neither PostgreSQL nor Redis."
    )
    requires_system_checks = []  # an image is built without servers

    def handle(self, **options: Any) -> None:
        started = time.perf_counter()
        compile_all()
        self.stdout.write(f"The kernels are there, after {time.perf_counter() - started:.1f} s.")
