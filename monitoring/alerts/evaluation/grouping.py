"""Alerts of one cause. Pure.

Those of one event type, or else of one metric, that fire within minutes; and those whose value a fault of a
field explains, about which another alert fires, however much later.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.alerts.rules.rule import Severity
from monitoring.alerts.scopes import PLACE, Scope

WINDOW = timedelta(minutes=10)
SOURCE, FIELD, SENDER = "source", "field", "sender"  # in scopes; metrics of models call a source a sender


@dataclass(frozen=True, slots=True)
class Parent:
    """A firing alert that others may belong to."""

    key: str
    cause: str
    severity: Severity
    fired_at: datetime


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A firing alert about a field that a source sends. `group`: the key of the alert to which it belongs."""

    group: str
    severity: Severity
    fired_at: datetime
    event_type: str
    source: str
    field: str

    @property
    def text(self) -> str:
        return f"Follows from another alert: {self.field} of {self.source}."

    def explains(self, scope: Scope, fields: Collection[str]) -> bool:
        """Whether values of these fields, of this sender if the scope names one, are affected."""
        is_sender = scope.get(SENDER, self.source) == self.source
        return is_sender and scope.get(PLACE) == self.event_type and self.field in fields


def cause_of(metric: str, scope: Scope) -> str:
    """What alerts with one cause share."""
    return f"event type {scope[PLACE]}" if PLACE in scope else f"metric {metric}"


def parent_key(cause: str, severity: Severity, parents: Iterable[Parent], *, now: datetime) -> str:
    """The key of the earliest of `parents` that an alert firing now belongs to, "" if there is none.

    A more severe alert belongs to none of the less severe ones, whose messages would hide it.
    """
    found = [
        each
        for each in parents
        if each.cause == cause and each.severity.rank >= severity.rank and now - each.fired_at <= WINDOW
    ]
    return min(found, key=lambda each: (each.fired_at, each.key)).key if found else ""


def explaining(scope: Scope, fields: Collection[str], faults: Iterable[FieldFault]) -> FieldFault | None:
    """The earliest fault of a field that explains a value computed from these fields; None without one."""
    found = [each for each in faults if each.explains(scope, fields)]
    return min(found, key=lambda each: (each.fired_at, each.group), default=None)
