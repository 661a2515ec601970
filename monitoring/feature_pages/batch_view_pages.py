"""The page of batch views: their age and versions, and a button that publishes due ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from kombu.exceptions import OperationalError

from monitoring.feature_pages.batch_view_rows import ViewRow, read_view_rows, readers_of
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import of_seen_types, require_scored_types
from scoring.batch.declared import batch_views
from scoring.batch.status import VALID_AFTER, is_due, request_publishing
from scoring.batch.views import BatchView

PUBLISH = "scoring.add_batchversion"


@register_page
class BatchViewsPage(AdminPage):
    """Every batch view with its schedule, age and versions. POST queues the publishing of due views."""

    path, name, title = "batch-views/", "batch_views", "Batch views"
    permission = "scoring.view_batchversion"
    template_name = "monitoring/feature_pages/views.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        user = self.request.user
        shown = of_seen_types(batch_views().values(), user)
        rows = read_view_rows(shown, now=now)
        due = [view for view in due_views(now) if view in shown]
        return super().get_context_data(
            **kwargs,
            event_type=require_scored_types(user)[0],
            views=[
                (row, row.is_stale(now), row.next_due(now), row.view in due, readers_of(row.view))
                for row in rows
            ],
            summary=summarize(rows, now=now),
            due=due,
            may_publish=user.has_perm(PUBLISH),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require(PUBLISH)
        due = due_views(timezone.now())
        if not due:
            messages.info(request, "Nothing is due: every view is up to date.")
            return redirect("admin:batch_views")
        try:
            request_publishing()
        except OperationalError as error:
            messages.error(
                request,
                f"Publishing was not queued: the broker does not answer ({error}). Try again once it does.",
            )
        else:
            names = ", ".join(view.name for view in due)
            messages.success(
                request,
                f"A worker is publishing {names}. Events read a new version {VALID_AFTER.seconds} s"
                f" after it is published.",
            )
        return redirect("admin:batch_views")


def due_views(now: datetime) -> list[BatchView]:
    """The views whose latest scheduled version has not been published."""
    return [view for view in batch_views().values() if is_due(view, now=now)]


def summarize(rows: Sequence[ViewRow], *, now: datetime) -> tuple[str, str]:
    """(tone, sentence): the freshness of all views."""
    stale = [row.name for row in rows if row.is_stale(now)]
    if not stale:
        return "good", "The view is fresh." if len(rows) == 1 else f"All {len(rows)} views are fresh."
    names = ", ".join(stale)
    return "bad", f"No fresh version: {names}. Features that read them are missing from decisions."
