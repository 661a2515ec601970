"""Notices about firing alerts that no person looks after yet."""

from collections.abc import Iterator, Mapping

from monitoring.alerts.reading import AlertGroup
from monitoring.alerts.rules.rule import Severity
from monitoring.alerts.words import headline
from monitoring.overview.facts import Facts
from monitoring.overview.notices import Notice, Rule, Tone, counted
from scoring.admin_kit.formatting import ago_text

MAX_ALERTS = 5
TONES: Mapping[str, Tone] = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}


def firing_alerts(facts: Facts) -> Iterator[Notice]:
    groups = facts.alerts or []
    for group in groups[:MAX_ALERTS]:
        alert = group.alert
        yield Notice(
            TONES[alert.severity],
            f"{headline(alert)}, since {ago_text(alert.since, facts.now)}{_others(group)}.",
            f"{alert.because} {alert.owner} looks after it.".strip(),
            *("Open the alert", "alert"),
            (alert.rule, alert.digest),
        )
    if more := groups[MAX_ALERTS:]:
        yield Notice(
            TONES[more[0].alert.severity],
            f"{counted(len(more), 'more alert fires', 'more alerts fire')}.",
            "Acknowledge what you look after.",
            *("See alerts", "alerts"),
        )


def _others(group: AlertGroup) -> str:
    members = len(group.members)
    return f", with {counted(members, 'other', 'others')} of the same cause" if members else ""


RULES: tuple[Rule, ...] = (firing_alerts,)
