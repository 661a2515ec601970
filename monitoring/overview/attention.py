"""Everything that needs attention now. Pure: facts in, notices out."""

from collections.abc import Iterator, Sequence

from monitoring.alerts.models import Alert
from monitoring.overview import alert_notices, deciding_notices, pipeline_notices, work_notices
from monitoring.overview.alert_notices import MAX_ALERTS
from monitoring.overview.facts import Facts
from monitoring.overview.notices import TONES, Notice

RULES = (*pipeline_notices.RULES, *deciding_notices.RULES, *work_notices.RULES)


def notices(facts: Facts) -> list[Notice]:
    """Everything that needs attention, most severe first; of a fact with an alert, the alert alone."""
    alerted, shown = [each for rule in alert_notices.RULES for each in rule(facts)], list(_shown(facts))
    own = [notice for rule in RULES for notice in rule(facts) if not _is_alerted(notice, shown)]
    return sorted([*alerted, *own], key=lambda notice: TONES.index(notice.tone))


def _shown(facts: Facts) -> Iterator[Alert]:
    """The alerts that have a notice, and those of the same cause."""
    for group in (facts.alerts or [])[:MAX_ALERTS]:
        yield from (group.alert, *group.members)


def _is_alerted(notice: Notice, alerts: Sequence[Alert]) -> bool:
    return notice.measured is not None and any(notice.measured.is_what(alert) for alert in alerts)
