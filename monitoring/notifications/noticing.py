"""The consumer that notes which transitions of alerts concern whom; `queueing` makes messages of them."""

from collections.abc import Sequence
from datetime import datetime

from monitoring.alerts.evaluation.grouping import cause_of
from monitoring.alerts.models import Alert
from monitoring.notifications.models import AlertNotice
from monitoring.notifications.planning import FIRED, RESOLVED
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry

TRANSITIONS = {"alert.fired": FIRED, "alert.resolved": RESOLVED}
# A person has seen the alert, so a message that still waits would tell nothing new.
SEEN = ("alert.acknowledged", "alert.snoozed")
WITHDRAWN = "withdrawn"


def note_alerts(entries: Sequence[Entry], *, now: datetime) -> None:
    """Write a notice for each alert that fired or was resolved; withdraw those of alerts that were seen."""
    for entry in entries:
        if entry.type in SEEN:
            _withdraw(entry)
        elif notice := _notice_of(entry):
            notice.save(force_insert=True)


def key_of(entry: Entry) -> str:
    """The key of an alert: "{rule}/{digest of its scope}", the end of its stream."""
    return entry.stream.removeprefix("alert/")


def _notice_of(entry: Entry) -> AlertNotice | None:
    """The notice of an entry; None for the end of an alert that was snoozed, or whose firing is not known."""
    transition, data = TRANSITIONS[entry.type], dict(entry.data)
    if transition == RESOLVED:
        before = AlertNotice.objects.filter(alert=key_of(entry), transition=FIRED)
        fired = before.order_by("-position").first()
        if fired is None or _is_snoozed(entry):
            return None
        data = {**fired.data, **data}
    return AlertNotice(
        position=entry.position,
        alert=key_of(entry),
        owner=data["owner"],
        severity=data["severity"],
        transition=transition,
        group=cause_of(data["metric"], data["scope"]),
        data=data,
        at=entry.recorded_at,
    )


def _is_snoozed(entry: Entry) -> bool:
    return Alert.objects.filter(pk=key_of(entry), snoozed_until__gt=entry.recorded_at).exists()


def _withdraw(entry: Entry) -> None:
    waiting = AlertNotice.objects.filter(alert=key_of(entry), state=AlertNotice.State.WAITING)
    waiting.update(state=AlertNotice.State.DONE, outcome=WITHDRAWN)


NOTICES = Consumer(
    name="monitoring.notifications",
    types=frozenset([*TRANSITIONS, *SEEN]),
    handle=note_alerts,  # without `reset`: a rebuild would send old messages again
)
