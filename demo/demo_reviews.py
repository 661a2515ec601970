"""The demo's review work, as a lead would have set it up: two queues, and golden items among the cases."""

from datetime import datetime, timedelta
from typing import Any

from demo.demo_ruleset import LEAD
from reviews.models import Case, ReviewQueue
from reviews.quality.settings import GOLDEN, CheckShare, QualitySettings
from reviews.quality.stored import quality_settings
from reviews.queues.changing import create_queue
from reviews.work.checks import choose_golden

PAYMENT, CONTENT = "payment", "content"
# Long enough that nothing is late while a visitor looks around.
SLA = timedelta(days=3)
GOLDEN_SHARE, MAX_GOLDEN = 0.05, 10


def configure_reviews(*, now: datetime) -> None:
    """Define the queues and the share of golden items, unless there are queues."""
    if ReviewQueue.objects.exists():
        return
    minutes = SLA // timedelta(minutes=1)
    by: dict[str, Any] = {
        "sla_minutes": minutes,
        "actor": LEAD,
        "now": now,
        "reason": "The team works by them",
    }
    create_queue(
        name="large_payments",
        event_type=PAYMENT,
        condition="amount > 200",
        description="What costs most if it is missed",
        priority=10,
        **by,
    )
    create_queue(
        name="reported_content",
        event_type=CONTENT,
        condition="author_as_author_report_count_24h >= 1.0",
        description="By authors whom others reported within a day",
        priority=10,
        **by,
    )
    checks = tuple(
        CheckShare(name, GOLDEN_SHARE if name == GOLDEN else 0.0)
        for name in (each.name for each in QualitySettings().checks)
    )
    settings = QualitySettings(tell_missed=True, checks=checks)
    quality_settings.change(PAYMENT, settings, reason="Calibrates reviewers", actor=LEAD, now=now)


def choose_golden_items(*, now: datetime) -> None:
    """Make some decided payments golden items, unless there are some."""
    if Case.objects.exclude(golden="").exists():
        return
    decided = Case.objects.filter(event_type=PAYMENT, state=Case.State.DECIDED).order_by("-decided_at")
    for position in list(decided.values_list("pk", flat=True)[:MAX_GOLDEN]):
        choose_golden(position, golden=True, reviewer=LEAD, now=now)
