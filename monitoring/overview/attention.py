"""Everything that needs attention now. Pure: facts in, notices out."""

from monitoring.overview import alert_notices, deciding_notices, pipeline_notices, work_notices
from monitoring.overview.facts import Facts
from monitoring.overview.notices import TONES, Notice

RULES = (*alert_notices.RULES, *pipeline_notices.RULES, *deciding_notices.RULES, *work_notices.RULES)


def notices(facts: Facts) -> list[Notice]:
    """Everything that needs attention, most severe first."""
    found = [notice for rule in RULES for notice in rule(facts)]
    return sorted(found, key=lambda notice: TONES.index(notice.tone))
