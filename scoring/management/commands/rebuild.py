"""`manage.py rebuild`: fold projections again from the log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.registry import lanes
from scoring.decisions.rebuild_pending import rebuild_pending
from scoring.decisions.reorder import reorder_lane
from scoring.errors import ConsumerNotRebuildable, ConsumerStopped, UnknownProjection
from scoring.log.consumers import rebuild_consumer, registered_consumers
from scoring.log.projections import Projection, registered
from scoring.log.rebuild import find_projection, last_position, rebuild_projections

PENDING = "pending"


class Command(BaseCommand):
    help = "Fold projections (all, or those named) again from the log. Appending waits meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--projection",
            action="append",
            metavar="NAME",
            help="event, decision, label, route, modelversion, pending, or a consumer of the log such as"
            " monitoring.windows; repeatable",
        )

        parser.add_argument(
            "--online",
            action="store_true",
            help="merge what each lane has applied with all history, by when it became known, and rebuild the"
            " online states in that order; lanes stand still meanwhile",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["online"]:
            self._reorder(verbose=options["verbosity"] > 0)
            return
        names = options["projection"] or _every_name()
        consumers = {consumer.name: consumer for consumer in registered_consumers()}
        projections = [_find(name) for name in names if name != PENDING and name not in consumers]
        if projections:
            with self._progress(enabled=options["verbosity"] > 0) as bar:
                rebuild_projections(projections, advance=bar.update)
        if PENDING in names:
            with self._progress(enabled=options["verbosity"] > 0) as bar:
                rebuild_pending(advance=bar.update)
        for name in names:
            if name in consumers:
                _rebuild_consumer(consumers[name])
        self.stdout.write(f"rebuilt: {', '.join(names)}")

    def _reorder(self, *, verbose: bool) -> None:
        for lane in lanes():
            with tqdm(unit=" entries", desc=f"lane {lane}", file=self.stderr, disable=not verbose) as bar:
                count = reorder_lane(lane, reason="manage.py rebuild --online", progress=bar.update)
            self.stdout.write(f"lane {lane}: {count:,} entries in one order, online states rebuilt")

    def _progress(self, *, enabled: bool) -> Any:
        return tqdm(total=last_position(), unit=" entries", file=self.stderr, disable=not enabled)


def _every_name() -> list[str]:
    tables = [projection.table.name for projection in registered()]
    return [*tables, PENDING, *(consumer.name for consumer in registered_consumers() if consumer.reset)]


def _find(name: str) -> Projection:
    try:
        return find_projection(name)
    except UnknownProjection as error:
        raise CommandError(str(error)) from error


def _rebuild_consumer(consumer: Any) -> None:
    try:
        rebuild_consumer(consumer, now=timezone.now())
    except (ConsumerNotRebuildable, ConsumerStopped) as error:
        raise CommandError(str(error)) from error
