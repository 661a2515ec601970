"""What the alerts of a run did: which fired and when, whether one named the cause, what was done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from monitoring.alerts.models import AlertChange
from monitoring.alerts.rules.stored import alert_rules
from monitoring.models import GuardrailTrip

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Fired:
    """An alert that fired: when it did and was over (None: not yet), in hours since the beginning."""

    rule: str
    scope: dict[str, str]
    because: str
    after: float
    resolved: float | None
    actions: tuple[str, ...]  # that its rule offers
    done: tuple[str, ...]  # that it took by itself, with their results

    def names(self, cause: Sequence[str]) -> bool:
        """Whether its scope and its sentence have all of the words."""
        said = " ".join([self.because, *self.scope.values()]).lower()
        return all(word.lower() in said for word in cause)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def fired_since(since: datetime) -> list[Fired]:
    """The alerts that fired after `since`, in that order."""
    rules = alert_rules()
    changes = list(AlertChange.objects.filter(changed_at__gt=since).order_by("position"))
    return [
        Fired(
            rule=change.rule,
            scope=change.data["scope"],
            because=change.data["because"],
            after=(change.changed_at - since) / HOUR,
            resolved=_resolved(change, changes, since=since),
            actions=tuple(allowed.name for allowed in rules[change.rule].actions),
            done=tuple(_done(change, changes)),
        )
        for change in changes
        if change.change == "fired"
    ]


def _resolved(fired: AlertChange, changes: Sequence[AlertChange], *, since: datetime) -> float | None:
    later = (
        each.changed_at
        for each in changes
        if each.key == fired.key and each.change == "resolved" and each.position > fired.position
    )
    first = next(later, None)
    return None if first is None else (first - since) / HOUR


def _done(fired: AlertChange, changes: Sequence[AlertChange]) -> list[str]:
    acted = (each for each in changes if each.key == fired.key and each.change == "acted")
    return [
        f"{each.data['action']}: {each.data['result'] or each.data['why_not']}"
        for each in acted
        if each.position > fired.position
    ]


def trips_since(since: datetime) -> list[str]:
    """What guardrails did by themselves."""
    trips = GuardrailTrip.objects.filter(tripped_at__gt=since).order_by("tripped_at")
    return [f"{trip.action} of {trip.model} after {(trip.tripped_at - since) / HOUR:.1f} h" for trip in trips]
