"""The page of reviewer quality for leads: agreement, golden items, overturned verdicts, time, throughput."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from reviews.models import Case
from reviews.models.quality import StoredReviewQuality
from reviews.pages.content.figures import span_of
from reviews.pages.quality.case_panel import ADJUDICATE, LOOK
from reviews.pages.quality.figure_words import agreement_plot, reviewer_row, totals_of
from reviews.pages.quality.settings_page import LOOK as LOOK_AT_SETTINGS
from reviews.pages.quality.settings_page import SET
from reviews.quality.figures import quality_figures
from reviews.quality.order import measure_orders
from reviews.quality.stored import quality_settings
from reviews.quality.words import settings_text
from reviews.work.consequences import granting_verdicts
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import is_limited, seen_scored_types, visible_to
from scoring.catalog.registry import event_types

NO_TYPE = "-"  # of users who see no scored type


@register_page
class ReviewQualityPage(AdminPage):
    """The figures of all reviewers in a span of days, of one event type or all, and the settings."""

    path, name, title = "review-quality/", "review_quality", "Reviewer quality"
    subtitle = "Second reviews, golden items, and how verdicts held"
    permission = LOOK
    template_name = "reviews/quality/quality.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        since, until = span_of(self.request.GET, today=timezone.now().date())
        types = seen_scored_types(self.request.user)
        of_all = "" if not is_limited(self.request.user) else next(iter(types), NO_TYPE)
        chosen = self.request.GET.get("type", "") or of_all
        figures = quality_figures(
            since=since,
            until=until,
            granting=granting_verdicts(event_types().values()),
            event_type=chosen if chosen in types else of_all,
        )
        rows = StoredReviewQuality.objects.in_bulk()
        user = self.request.user
        return super().get_context_data(
            rows=[reviewer_row(each) for each in figures.reviewers],
            totals=totals_of(figures),
            plot=agreement_plot(figures.by_week),
            types=types,
            chosen=chosen,
            since=since.date(),
            last=until.date() - timedelta(days=1),
            settings=[(name, settings_text(quality_settings.in_row(rows.get(name)))) for name in types],
            open_checks=_open_checks(user),
            orders=[each for each in measure_orders(now=timezone.now()) if chosen in ("", each.event_type)],
            may_look_at_settings=user.has_perm(LOOK_AT_SETTINGS),
            may_set=user.has_perm(SET),
            may_adjudicate=user.has_perm(ADJUDICATE),
            **kwargs,
        )


def _open_checks(user: User | AnonymousUser) -> dict[str, int]:
    """How many cases that the user sees wait for a second reviewer or an adjudicator, or are golden items."""
    waiting = visible_to(Case.objects.pending(), user).exclude(quality_check="")
    kinds = list(waiting.values_list("quality_check", flat=True))
    golden = visible_to(Case.objects.all(), user).exclude(golden="").count()
    return {check.value: kinds.count(check.value) for check in Case.Check} | {Case.Check.GOLDEN.value: golden}
