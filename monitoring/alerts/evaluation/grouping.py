"""Alerts of one cause: those of one event type, or else of one metric, that fire within minutes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.alerts.rules.rule import Severity
from monitoring.alerts.scopes import PLACE, Scope

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Parent:
    """A firing alert that others may belong to."""

    key: str
    cause: str
    severity: Severity
    fired_at: datetime


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
