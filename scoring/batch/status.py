"""The status of batch views: the newest version of each, and whether the next one is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app

from scoring.batch.declared import batch_views
from scoring.batch.errors import UnknownBatchView
from scoring.batch.models import BatchVersion
from scoring.batch.risk.overrides import are_overrides_due
from scoring.batch.risk.view import Risk
from scoring.batch.views import BatchView, due_at
from scoring.timestamps import to_micros

# From a version's publication to the first event that reads it, so that every runner knows it by then.
VALID_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """A view and the newest version of its current definition. `age`: since its `as_of`; None without one."""

    view: BatchView
    newest: BatchVersion | None
    age: timedelta | None

    @property
    def stale(self) -> bool:
        """Whether events that arrive now read no version."""
        return self.age is None or self.age > timedelta(microseconds=self.view.stale_after_us)


def request_publishing() -> None:
    """Ask a worker to publish due views. Raises kombu's OperationalError if the broker is unavailable."""
    current_app.send_task("scoring.batch.tasks.publish_due")


def is_due(view: BatchView, *, now: datetime) -> bool:
    """Whether the next publication time has passed, or the view's definition or an override has changed."""
    newest = newest_version(view)
    if newest is None or to_micros(newest.as_of) < due_at(view, to_micros(now)):
        return True
    return isinstance(view, Risk) and are_overrides_due(view.key, newest.inputs, now=now)


def newest_version(view: BatchView) -> BatchVersion | None:
    """The newest version of the view's current definition."""
    versions = BatchVersion.objects.filter(view=view.key, definition=view.definition_hash)
    return versions.order_by("-number").first()


def list_views(*, now: datetime) -> list[ViewStatus]:
    """The status of every view in the catalog."""
    newest = [(view, newest_version(view)) for view in batch_views().values()]
    return [ViewStatus(view, found, now - found.as_of if found else None) for view, found in newest]


def find_view(key: str) -> BatchView:
    """The view of this key ("payment.customer_profile"). Raises UnknownBatchView."""
    known = batch_views()
    if key not in known:
        raise UnknownBatchView(key, tuple(known))
    return known[key]
