"""manage.py services start | stop | status"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from embedded import services
from supervision.supervisor import stop_supervisor


class Command(BaseCommand):
    help = "Start, stop or show the embedded PostgreSQL and Redis: those whose address you have not set."
    requires_system_checks = []  # services must start even if the project's checks fail

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action", choices=["start", "stop", "status"], help="what to do with the services"
        )

    def handle(self, *, action: str, **options: Any) -> None:
        for name in services.ALL:
            if name not in settings.EMBEDDED_SERVICES:
                self.stdout.write(f"{name}: your own server is configured; not touched")
        try:
            getattr(self, action)(settings.EMBEDDED_SERVICES)
        except services.ServiceUnusable as error:
            raise CommandError(str(error)) from error

    def start(self, names: tuple[str, ...]) -> None:
        services.start(settings.VAR_DIR, names=names)
        self.status(names)

    def stop(self, names: tuple[str, ...]) -> None:
        if stop_supervisor(settings.VAR_DIR):
            self.stdout.write("web, workers and scheduler: stopped")
        stopped = services.stop(settings.VAR_DIR, names=names)
        for name in names:
            self.stdout.write(f"{name}: {'stopped' if name in stopped else 'was not running'}")

    def status(self, names: tuple[str, ...]) -> None:
        states = services.status(settings.VAR_DIR, names=names)
        for state in states:
            self.stdout.write(f"{state.name}: {'ready' if state.ready else 'not running'} at {state.address}")
        if not all(state.ready for state in states):
            sys.exit(3)  # as `systemctl status` does for a stopped service
