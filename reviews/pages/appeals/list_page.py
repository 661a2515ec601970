"""The page of appeals: how many wait, how they ended, and the latest ones."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from reviews.appeals.figures import appeal_figures
from reviews.appeals.following import PENDING, parties_of, status_of
from reviews.models import Case, CaseQuerySet
from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import sees_type
from scoring.catalog.registry import event_types
from scoring.declare.spelling import words_of
from scoring.log.read import read_positions

MAX_ROWS = 100
SPAN = timedelta(days=30)
TONES = {PENDING: "info", "upheld": "", "reduced": "warn", "overturned": "warn", "withdrawn": ""}


class AppealRow(NamedTuple):
    """An appeal: the id of the event it is about, who appeals, how it stands and who decided what."""

    case: Case
    about: str
    party: str
    status: str
    tone: str


@register_page
class AppealsPage(AdminPage):
    """Appeals against decisions, the pending ones first, the oldest of these at the top."""

    path, name, title = "appeals/", "appeals", "Appeals"
    subtitle = "Objections to decisions, by those affected and by third parties"
    permission = "reviews.view_case"
    template_name = "reviews/appeals.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        user = self.request.user
        appeals = {kind.appeals for kind in event_types().values() if kind.appeals}
        types = sorted(name for name in appeals if sees_type(user, name))
        figures = appeal_figures(since=now - SPAN, event_types=types)
        return super().get_context_data(
            totals=[
                ("Pending", count_text(figures.pending), _since(figures.oldest)),
                ("Decided", count_text(figures.decided), "in the last 30 days"),
                (
                    "Changed the decision",
                    percent_text(figures.share),
                    f"{count_text(figures.changed)} of these",
                ),
                (
                    "Median time",
                    duration_text(figures.time) if figures.time else NO_VALUE,
                    "until the verdict",
                ),
            ],
            rows=_rows(Case.objects.of_types(types).filter(why=Case.Why.APPEAL)),
            **kwargs,
        )


def _since(oldest: datetime | None) -> str:
    return f"the oldest since {oldest:%Y-%m-%d}" if oldest else "none waits"


def _rows(appeals: CaseQuerySet) -> list[AppealRow]:
    cases = list(appeals.pending().filter(decided_at=None).order_by("opened_at")[:MAX_ROWS])
    ended = appeals.exclude(pk__in=[case.pk for case in cases]).order_by("-opened_at")
    cases += ended[: MAX_ROWS - len(cases)]
    receipts = read_positions([case.pk for case in cases])
    parties = parties_of(receipts)
    about = {each.position: each.stream.split("/", 2)[-1] for each in read_positions(_abouts(cases))}
    return [
        AppealRow(
            case=case,
            about=about.get(case.about or 0, ""),
            party=words_of(parties.get(case.pk, "")),
            status=(status := status_of(case)),
            tone=TONES[status],
        )
        for case in cases
    ]


def _abouts(cases: list[Case]) -> list[int]:
    return sorted({case.about for case in cases if case.about is not None})
