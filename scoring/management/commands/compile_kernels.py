"""`manage.py compile_kernels`: compile the kernels in advance."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from scoring.images import pdq
from scoring.runner.warm_up import compile_all


class Command(BaseCommand):
    help = (
        "Compile the kernels to disk. Otherwise each process compiles them on its first start."
        " Needs neither PostgreSQL nor Redis."
    )
    requires_system_checks = []  # container images are built without servers

    def handle(self, **options: Any) -> None:
        started = time.perf_counter()
        compile_all()
        pdq.compile_kernels()
        self.stdout.write(f"The kernels were compiled in {time.perf_counter() - started:.1f} s.")
