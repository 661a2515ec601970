"""`manage.py rebuild`: rebuild projections from the log."""

from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.registry import lanes
from scoring.errors import ScoringError
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log.consumers.registry import rebuild_consumer, registered_consumers
from scoring.log.errors import ConsumerNotRebuildable, ConsumerStopped, UnknownProjection
from scoring.log.projections import Projection, registered
from scoring.log.rebuild import find_projection, last_position, rebuild_projections
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import add_json_option, as_command_error, bad_argument, write_json
from scoring.progress import NO_PROGRESS
from scoring.states.history import needs_new_order
from scoring.states.layouts import OtherLayout, drop_other_layouts
from scoring.states.rebuild import Rebuilt, rebuild_lane
from scoring.states.reorder import reorder_lane

PENDING = "pending"
REASON = "manage.py rebuild --online"


class Command(BaseCommand):
    help = (
        "Rebuild projections (all, or those named) from the log; appends wait meanwhile. With --online,"
        " rebuild the entity states in Redis instead, without blocking anything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--projection",
            action="append",
            metavar="NAME",
            help="event, decision, label, route, modelversion, pending, or a consumer of the log such as"
            " monitoring.windows; may be repeated",
        )
        parser.add_argument(
            "--online",
            action="store_true",
            help="rebuild the entity states in Redis from the log during traffic; reorders the lane if there"
            " is history older than the entries already applied",
        )
        parser.add_argument("--lane", metavar="NAME", help="with --online: this lane only")
        parser.add_argument(
            "--drop-old-layouts",
            action="store_true",
            help="with --online: rebuild nothing; remove states in layouts that this code does not use and"
            " that have not been updated for an hour",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["online"]:
            self._handle_online(options)
            return
        if options["lane"] or options["drop_old_layouts"]:
            raise bad_argument("--lane and --drop-old-layouts need --online")
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
        if options["json"]:
            write_json(self.stdout, {"rebuilt": list(names)})
        else:
            self.stdout.write(f"rebuilt: {', '.join(names)}")

    def _handle_online(self, options: Any) -> None:
        if options["projection"]:
            raise bad_argument("--online rebuilds only Redis; run the command again with --projection alone")
        drop, as_json = options["drop_old_layouts"], options["json"]
        done: list[dict[str, Any]] = []
        try:
            for lane in _chosen_lanes(options["lane"]):
                if drop:
                    done += self._drop_old_layouts(lane, quiet=as_json)
                else:
                    done.append(self._rebuild_online(lane, bars=options["verbosity"] > 0, quiet=as_json))
        except ScoringError as error:
            raise as_command_error(error) from error
        except redis.RedisError as error:
            raise CommandError(f"Redis: {error}; the next run removes the unfinished states") from error
        if as_json:
            write_json(self.stdout, {"layouts" if drop else "lanes": done})

    def _rebuild_online(self, lane: str, *, bars: bool, quiet: bool) -> dict[str, Any]:
        with StepProgressBars() if bars else nullcontext(NO_PROGRESS) as watch:
            if reordered := needs_new_order(lane):
                rebuilt = reorder_lane(lane, reason=REASON, watch=watch)
            else:
                rebuilt = rebuild_lane(lane, watch=watch)
        if not quiet:
            self._say_rebuilt(rebuilt, reordered=reordered)
        return {**asdict(rebuilt), "reordered": reordered}

    def _say_rebuilt(self, rebuilt: Rebuilt, *, reordered: bool) -> None:
        self.stdout.write(
            f"lane {rebuilt.lane}: {rebuilt.items:,} items{' in a new order' if reordered else ''},"
            f" {rebuilt.entities:,} entities, {rebuilt.seconds:,.1f} s"
            f" ({rebuilt.items / rebuilt.seconds:,.0f} items/s);"
            f" the lane was paused for {1000 * rebuilt.stood_still:,.0f} ms"
        )

    def _drop_old_layouts(self, lane: str, *, quiet: bool) -> list[dict[str, Any]]:
        found = drop_other_layouts(lane, now=timezone.now())
        if not quiet:
            self._say_layouts(lane, found)
        return [{"lane": lane, "layout": each.layout, "dropped": each.dropped} for each in found]

    def _say_layouts(self, lane: str, found: Sequence[OtherLayout]) -> None:
        for other in found:
            used = f"used {other.used_at:%Y-%m-%d %H:%M} UTC" if other.used_at else "not of this log"
            self.stdout.write(
                f"lane {lane}: layout {other.layout}, {other.keys:,} keys, {used}:"
                f" {'removed' if other.dropped else 'kept, as it may be in use'}"
            )
        if not found:
            self.stdout.write(f"lane {lane}: no other layouts")

    def _progress(self, *, enabled: bool) -> Any:
        return tqdm(total=last_position(), unit=" entries", file=self.stderr, disable=not enabled)


def _chosen_lanes(name: str | None) -> Sequence[str]:
    known = lanes()
    if name is not None and name not in known:
        raise bad_argument(f"Unknown lane {name!r}; the lanes are: {', '.join(known)}")
    return [name] if name else list(known)


def _every_name() -> list[str]:
    tables = [projection.table.name for projection in registered()]
    return [*tables, PENDING, *(consumer.name for consumer in registered_consumers() if consumer.reset)]


def _find(name: str) -> Projection:
    try:
        return find_projection(name)
    except UnknownProjection as error:
        raise as_command_error(error) from error


def _rebuild_consumer(consumer: Any) -> None:
    try:
        rebuild_consumer(consumer, now=timezone.now())
    except (ConsumerNotRebuildable, ConsumerStopped) as error:
        raise as_command_error(error) from error
