"""The private page of a reviewer: their own figures and nobody else's."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from reviews.pages.content.figures import span_of
from reviews.pages.quality.figure_words import reviewer_row
from reviews.quality.figures import ReviewerFigures, quality_figures
from reviews.work.consequences import granting_verdicts
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.registry import event_types


@register_page
class OwnReviewsPage(AdminPage):
    """What the user decided up to yesterday: figures of the same day would tell golden items apart."""

    path, name, title = "my-reviews/", "own_reviews", "My reviews"
    subtitle = "Your own figures, up to yesterday. Leads see them too; other reviewers do not."
    permission = "reviews.work_case"
    template_name = "reviews/quality/own.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.now().date()
        since, until = span_of(self.request.GET, today=today - timedelta(days=1))
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        until, name = min(until, midnight), self.request.user.get_username()
        granting = granting_verdicts(event_types().values())
        figures = quality_figures(since=since, until=until, granting=granting, reviewer=name)
        own = next((each for each in figures.reviewers), ReviewerFigures(name))
        return super().get_context_data(
            own=reviewer_row(own), since=since.date(), last=until.date() - timedelta(days=1), **kwargs
        )
