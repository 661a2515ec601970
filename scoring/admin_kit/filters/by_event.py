"""Filters that several lists of events, decisions, labels and cases share."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from scoring.admin_kit.filters.form_filters import ChoiceFilter, NumberFilter
from scoring.admin_kit.row_rules.visible import seen_types
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import all_outcomes, event_types


class ByEventType(ChoiceFilter):
    title, field = "event type", "event_type"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in seen_types(self.request.user)]


class ByOutcome(ChoiceFilter):
    title, field, parameter = "outcome", "outcome", "outcome__exact"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(outcome, outcome) for outcome in all_outcomes()]


class ByScore(NumberFilter):
    title, field, unit, scale = "score", "score", " %", 0.01


class ByAmount(NumberFilter):
    """An amount in whole units of each event type's base currency; the column holds minor units."""

    title, field = "amount", "stake"

    def condition(self, lookup: str, value: float) -> Q:
        wanted = Q(pk__in=[])
        for exponent, names in _types_by_exponent().items():
            minor = round(value * 10**exponent)
            wanted |= Q(**{f"{self.field}__{lookup}": minor, "event_type__in": names})
        return wanted


def _types_by_exponent() -> Mapping[int, list[str]]:
    """Event types by the number of decimals of their base currency."""
    found: dict[int, list[str]] = {}
    for name, kind in event_types().items():
        found.setdefault(EXPONENTS[_currency(kind)], []).append(name)
    return found


def _currency(kind: Any) -> str:
    return str(kind.base_currency)
