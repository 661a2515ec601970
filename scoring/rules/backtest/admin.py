"""The admin's list of backtests; the pages of one are in `pages`."""

from django.contrib import admin

from scoring.admin_kit.change_lists import two_lines, unbroken
from scoring.admin_kit.formatting import NO_VALUE, count_text, percent_text
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.jobs.lists import JobAdmin
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.backtest.pages import (  # noqa: F401 - they register pages and panels
    panels,
    result_page,
    start_page,
)
from scoring.rules.backtest.pages.words import subject_in_words
from scoring.rules.backtest.results import BacktestResult


@admin.register(BacktestJob)
class BacktestJobAdmin(JobAdmin):
    """Backtests, each with what was tried and how many outcomes change."""

    page = ("backtest", "number")
    list_title = "Backtests"
    when_empty = "A backtest says what a change of a rule, list or policy would have done with past events."
    noun, progress_rows = "backtest", BacktestProgress
    list_display = ("job", "tried", "period", "state_cell", "outcome", "requested", "took")
    search_fields = ("subject",)
    search_help_text = "Name of a rule or list"
    list_before_template = "backtests/list_top.html"

    @admin.display(description="tried")
    def tried(self, job: BacktestJob) -> str:
        return two_lines(subject_in_words(job), job.event_type)

    @admin.display(description=with_zone("period"))
    def period(self, job: BacktestJob) -> str:
        return two_lines(unbroken(moment_text(job.since)), unbroken(moment_text(job.until)))

    def result_of(self, job: BacktestJob) -> str:
        if not job.result:
            return ""
        result = BacktestResult.of(job.result)
        share = percent_text(result.changed / result.events) if result.events else NO_VALUE
        return two_lines(f"{count_text(result.changed)} of {count_text(result.events)} change", share)
