"""manage.py up: services, tables, web, workers and scheduler, kept running until Ctrl-C."""

import os
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.processes.running import procfile_programs, run_command, supervise
from embedded import services
from embedded.paths import make_directory
from serving.listening import PortUnavailable, listen, read_address
from supervision.supervisor import AlreadyRunning, sole_supervisor


class Command(BaseCommand):
    help = "Run everything on your own data. The embedded services stay up when it ends."
    requires_system_checks = []  # this command starts the database that the checks use

    def handle(self, **options: Any) -> None:
        host, port = self.address()
        make_directory(settings.VAR_DIR)
        try:
            # The socket first, to reserve the port or fail before anything is started.
            with sole_supervisor(settings.VAR_DIR) as record, closing(listen(host, port)) as listener:
                self.prepare()
                self.stdout.write(f"Assay is served at http://{host}:{port}. Press Ctrl-C to stop it.")
                self.stdout.flush()
                supervise(procfile_programs(os.environ, listener=listener), record)
        except (AlreadyRunning, PortUnavailable, services.ServiceUnusable) as error:
            raise CommandError(str(error)) from error

    def address(self) -> tuple[str, int]:
        try:
            return read_address(os.environ)
        except PortUnavailable as error:
            raise CommandError(str(error)) from error

    def prepare(self) -> None:
        services.start(settings.VAR_DIR, names=settings.EMBEDDED_SERVICES)
        call_command("migrate", verbosity=0)
        connections.close_all()
        # In separate processes: this one keeps running, and with it everything it imports.
        run_command(["collectstatic", "--no-input", "--verbosity=0"], os.environ)
        run_command(["compile_kernels"], os.environ)
