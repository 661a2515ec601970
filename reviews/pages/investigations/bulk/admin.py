"""The admin's list of bulk actions."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from reviews.models import BulkAction, BulkActionProgress
from reviews.pages.investigations.bulk import action_page, preview_page  # noqa: F401 - they register pages
from reviews.pages.investigations.bulk.words import action_words
from scoring.admin_kit.change_lists import two_lines
from scoring.admin_kit.formatting import count_text
from scoring.jobs.lists import JobAdmin


@admin.register(BulkAction)
class BulkActionAdmin(JobAdmin):
    """Bulk actions, each with what it did, who requested it and why."""

    page = ("bulk_action", "number")
    list_title = "Bulk actions"
    when_empty = "Labels, verdicts and list entries for all that a query of the console found appear here."
    noun, progress_rows = "action", BulkActionProgress
    list_display = ("job", "what", "state_cell", "outcome", "requested", "took")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkAction]:
        return super().get_queryset(request).defer("items", "done", "left_out")  # thousands of items each

    @admin.display(description="what")
    def what(self, action: BulkAction) -> str:
        return two_lines(action_words(action), action.reason)

    def result_of(self, action: BulkAction) -> str:
        if not action.result:
            return ""
        left_out = action.result["left_out"]
        return two_lines(f"{count_text(action.result['done'])} done", f"{count_text(left_out)} left out")
