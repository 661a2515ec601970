"""`manage.py rebuild`: fold projections again from the log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from scoring.decisions.rebuild_pending import rebuild_pending
from scoring.errors import UnknownProjection
from scoring.log.projections import registered
from scoring.log.rebuild import find_projection, last_position, rebuild_projections

PENDING = "pending"


class Command(BaseCommand):
    help = "Fold projections (all, or those named) again from the log. Appending waits meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--projection",
            action="append",
            metavar="NAME",
            help="what to rebuild: event, decision, label, route, modelversion, pending; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["projection"]
        wants_pending = not names or PENDING in names
        projections = list(registered()) if not names else _find([n for n in names if n != PENDING])
        with self._progress(enabled=options["verbosity"] > 0) as bar:
            if projections:
                rebuild_projections(projections, advance=bar.update)
        if wants_pending:
            with self._progress(enabled=options["verbosity"] > 0) as bar:
                rebuild_pending(advance=bar.update)
        done = [projection.table.name for projection in projections]
        self.stdout.write(f"rebuilt: {', '.join(done + [PENDING] * wants_pending)}")

    def _progress(self, *, enabled: bool) -> Any:
        return tqdm(total=last_position(), unit=" entries", file=self.stderr, disable=not enabled)


def _find(names: list[str]) -> list[Any]:
    try:
        return [find_projection(name) for name in names]
    except UnknownProjection as error:
        raise CommandError(str(error)) from error
