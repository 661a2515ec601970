"""The admin's list of backtests; the pages of one are in `pages`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, LinkedAdmin, two_lines, unbroken
from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, percent_text
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.backtest.pages import panels, start_page  # noqa: F401 - they register pages and panels
from scoring.rules.backtest.pages.result_page import percent_done
from scoring.rules.backtest.pages.words import subject_in_words
from scoring.rules.backtest.results import BacktestResult

REFRESH_SECONDS = 2
UNDER_WAY = (BacktestJob.State.QUEUED, BacktestJob.State.RUNNING)
MAX_ERROR_LENGTH = 60  # characters; the backtest's page has all of it
TONES = {"finished": "good", "failed": "bad", "running": "info"}


@admin.register(BacktestJob)
class BacktestJobAdmin(LinkedAdmin):
    """Backtests, newest first; running ones show their progress, and the list refreshes itself."""

    page = ("backtest", "number")
    list_title = "Backtests"
    when_empty = "A backtest says what a change of a rule, list or policy would have done with past events."
    list_display = ("job", "tried", "period", "state_cell", "outcome", "requested", "took")
    list_display_links = None
    list_filter = ("state", EventTypeFilter)
    search_fields = ("subject",)
    search_help_text = "Name of a rule or list"
    ordering = ("-number",)
    sortable_by = ()
    list_before_template = "backtests/list_top.html"

    class Media:
        css = {"all": ("backtests/backtests.css",)}

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        running = [job.number for job in changelist.result_list if job.state in UNDER_WAY]
        progress = BacktestProgress.objects.in_bulk(running)
        for job in changelist.result_list:
            job.progress = progress.get(job.number)
        return changelist

    @admin.display(description="backtest")
    def job(self, job: BacktestJob) -> str:
        address = reverse("admin:backtest", args=[job.number])
        return format_html('<a class="ws-link ws-num" href="{}">Backtest {}</a>', address, job.number)

    @admin.display(description="tried")
    def tried(self, job: BacktestJob) -> str:
        return two_lines(subject_in_words(job), job.event_type)

    @admin.display(description="period (UTC)")
    def period(self, job: BacktestJob) -> str:
        return two_lines(unbroken(f"{job.since:%Y-%m-%d %H:%M}"), unbroken(f"{job.until:%Y-%m-%d %H:%M}"))

    @admin.display(description="state")
    def state_cell(self, job: Any) -> str:
        shown = badge(job.state, tone=TONES.get(job.state, "neutral"), text=state_in_words(job))
        return self._refreshed(job, "state", format_html("{} {}", shown, self._bar(job)))

    @admin.display(description="result")
    def outcome(self, job: BacktestJob) -> str:
        if not job.result:
            return self._refreshed(job, "outcome", Truncator(job.error or NO_VALUE).chars(MAX_ERROR_LENGTH))
        result = BacktestResult.of(job.result)
        share = percent_text(result.changed / result.events) if result.events else NO_VALUE
        text = f"{count_text(result.changed)} of {count_text(result.events)} change"
        return self._refreshed(job, "outcome", two_lines(text, share))

    @admin.display(description="requested (UTC)")
    def requested(self, job: BacktestJob) -> str:
        return two_lines(
            unbroken(f"{job.requested_at:%Y-%m-%d %H:%M}"), job.requested_by.removeprefix("user/")
        )

    @admin.display(description="duration")
    def took(self, job: BacktestJob) -> str:
        took = NO_VALUE
        if job.started_at is not None and job.ended_at is not None:
            took = duration_text(job.ended_at - job.started_at)
        return self._refreshed(job, "took", unbroken(took))

    def _bar(self, job: Any) -> str:
        if job.state != BacktestJob.State.RUNNING or job.progress is None:
            return ""
        percent = percent_done(job.progress)
        return format_html(
            '<span class="ws-bar bt-bar" role="progressbar" aria-label="{}" aria-valuemin="0"'
            ' aria-valuemax="100" aria-valuenow="{}"><span style="width: {}%"></span></span>',
            *(job.progress.step, percent, percent),
        )

    def _refreshed(self, job: BacktestJob, part: str, content: str) -> str:
        """A cell that is fetched again every few seconds while the backtest is queued or running."""
        seconds = REFRESH_SECONDS if job.state in UNDER_WAY else ""
        return format_html(
            '<span id="backtest-{}-{}" data-refresh="{}">{}</span>', job.number, part, seconds, content
        )


def state_in_words(job: BacktestJob) -> str:
    """The state, or "stopping" for a running backtest that was cancelled."""
    stopping = job.state == BacktestJob.State.RUNNING and job.cancelled_by
    return "stopping" if stopping else job.state
