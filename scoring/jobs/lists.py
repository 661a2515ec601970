"""Admin lists of jobs: each with its state and progress, newest first; cells refresh while a job is open."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, LinkedAdmin, unbroken
from scoring.admin_kit.formatting import NO_VALUE, duration_text
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.jobs.rows import OPEN, JobRow, JobState, ProgressRow

REFRESH_SECONDS = 2
MAX_ERROR_LENGTH = 60  # characters; the job's page has all of it


class JobAdmin(LinkedAdmin):
    """Jobs of one kind, newest first; running ones show their progress, and the list refreshes itself.

    `noun`: how a job is called. `progress_rows`: the table of their progress.
    """

    noun: ClassVar[str]
    progress_rows: ClassVar[type[ProgressRow]]
    list_display: tuple[str, ...] = ("job", "event_type", "state_cell", "outcome", "requested", "took")
    list_display_links = None
    list_filter = ("state", EventTypeFilter)
    ordering = ("-number",)
    sortable_by = ()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        jobs = list(changelist.result_list)
        rows = self.progress_rows._default_manager
        progress = rows.in_bulk([job.number for job in jobs if job.state in OPEN])
        for job in changelist.result_list:
            job.progress = progress.get(job.number)
        return changelist

    def result_of(self, job: Any) -> str:
        """The cell of a finished job; "" for none."""
        raise NotImplementedError

    @admin.display(description="job")
    def job(self, job: JobRow) -> str:
        address = reverse(f"admin:{self.page[0]}", args=[job.number])
        return format_html(
            '<a class="ws-link ws-num" href="{}">{} {}</a>', address, self.noun.capitalize(), job.number
        )

    @admin.display(description="state")
    def state_cell(self, job: Any) -> str:
        return self._refreshed(job, "state", format_html("{} {}", badge(job.shown_state), self._bar(job)))

    @admin.display(description="result")
    def outcome(self, job: JobRow) -> str:
        found = self.result_of(job) or Truncator(job.error or NO_VALUE).chars(MAX_ERROR_LENGTH)
        return self._refreshed(job, "outcome", found)

    @admin.display(description=with_zone("requested"))
    def requested(self, job: JobRow) -> str:
        return moment_and_actor(job.requested_at, job.requested_by)

    @admin.display(description="duration")
    def took(self, job: JobRow) -> str:
        took = NO_VALUE
        if job.started_at is not None and job.ended_at is not None:
            took = duration_text(job.ended_at - job.started_at)
        return self._refreshed(job, "took", unbroken(took))

    def _bar(self, job: Any) -> str:
        progress = job.progress
        if job.state != JobState.RUNNING or progress is None:
            return ""
        percent = progress.percent
        return format_html(
            '<span class="ws-muted">{}</span><span class="ws-bar ws-bar--cell" role="progressbar"'
            ' aria-label="{}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{}">'
            '<span style="width: {}%"></span></span>',
            *(progress.step, progress.step, percent, percent),
        )

    def _refreshed(self, job: JobRow, part: str, content: str) -> str:
        """A cell that is fetched again every few seconds while the job is queued or running."""
        seconds = REFRESH_SECONDS if job.state in OPEN else ""
        return format_html(
            '<span id="job-{}-{}" data-refresh="{}">{}</span>', job.number, part, seconds, content
        )


def moment_and_actor(moment: datetime, actor: str) -> str:
    """The time and, if known, the actor; the line may break between the two."""
    by = unbroken(f"by {actor}") if actor else ""
    return format_html("<span>{} {}</span>", unbroken(moment_text(moment)), by)
