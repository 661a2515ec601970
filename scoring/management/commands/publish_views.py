"""`manage.py publish_views [--view payment.taste] [--list]`: publish batch views, or show their state."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.batch.declared import batch_views
from scoring.batch.models import BatchVersion
from scoring.batch.publishing import publish
from scoring.batch.status import ViewStatus, find_view, list_views
from scoring.batch.views import BatchView
from scoring.errors import ScoringError
from scoring.management.outcomes import as_command_error


class Command(BaseCommand):
    help = (
        "Compute and publish every batch view that is due. A worker does so every minute; use this command"
        " for the first time, or to publish at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--view", help="only this view, by event type and name: payment.taste")
        parser.add_argument(
            "--list", action="store_true", help="publish nothing; show the state of the views"
        )

    def handle(self, *, view: str | None, list: bool, **options: Any) -> None:
        try:
            chosen = [find_view(view)] if view else [*batch_views().values()]
            if list:
                for status in list_views(now=timezone.now()):
                    if status.view in chosen:
                        self.stdout.write(describe(status))
            else:
                for each in chosen:
                    self.publish(each)
        except ScoringError as error:
            raise as_command_error(error) from error
        except redis.RedisError as error:
            raise CommandError(f"Redis, which serves the values, does not respond: {error}") from error

    def publish(self, view: BatchView) -> None:
        version = publish(view, now=timezone.now())
        what = f"version {version.number}, {entities_of(version)}" if version else "nothing to publish"
        self.stdout.write(f"{view.key}: {what}")


def describe(status: ViewStatus) -> str:
    """One line with the newest version, its age, the age limit and its numbers of entities."""
    view, newest = status.view, status.newest
    if newest is None or status.age is None:
        return f"{view.key}: never published"
    whole = timedelta(seconds=round(status.age.total_seconds()))
    state = "STALE" if status.stale else "fresh"
    return (
        f"{view.key}: version {newest.number} as of {newest.as_of:%Y-%m-%d %H:%M}Z, {whole} old ({state},"
        f" limit {view.stale_after.label}), {entities_of(newest)}"
    )


def entities_of(version: BatchVersion) -> str:
    return ", ".join(f"{count:,} by {field}" for field, count in version.rows.items())
