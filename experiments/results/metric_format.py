"""How metrics are written: shares in percent, their differences in points, money in its currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.metrics import Metric
from experiments.models import Experiment
from scoring.admin_kit.formatting import NO_VALUE, percent_text
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_type as find_event_type

MINUS = "\N{MINUS SIGN}"
Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MetricFormat:
    """Formats the values of one metric; `unit` is that of a difference."""

    is_share: bool
    currency: str

    @classmethod
    def of(cls, metric: Metric, experiment: Experiment) -> "MetricFormat":
        return cls(metric.is_share, currency_of(experiment))

    @property
    def unit(self) -> str:
        return "points" if self.is_share else self.currency

    def plain(self, value: float) -> str:
        """Without sign and unit: "0.40" points, "1,234.56"; small amounts get two more digits."""
        if self.is_share:
            return f"{100 * abs(value):.2f}"
        major, digits = abs(value) / 10 ** EXPONENTS[self.currency], EXPONENTS[self.currency]
        return f"{major:,.{digits if major >= 1 or not major else digits + 2}f}"

    def amount(self, value: float) -> str:
        return f"{self.plain(value)} {self.unit}"

    def signed(self, value: float) -> str:
        return f"{MINUS if value < 0 else '+'}{self.plain(value)}"

    def difference(self, limits: Limits) -> str:
        """ "-0.60 to +0.20 points", with a real minus sign."""
        return f"{self.signed(limits[0])} to {self.signed(limits[1])} {self.unit}"

    def level(self, found: Mapping[str, Any] | None) -> str:
        """An arm's value."""
        if found is None:
            return NO_VALUE
        return percent_text(found["value"], 2) if self.is_share else self.amount(found["value"])

    def level_span(self, found: Mapping[str, Any] | None) -> str:
        """The interval of an arm's value, "" without one."""
        limits = limits_of(found)
        return f"{self.plain(limits[0])} to {self.plain(limits[1])}" if limits else ""


def limits_of(found: Mapping[str, Any] | None) -> Limits | None:
    """The limits of a stored estimate; None where it has none."""
    return (found["low"], found["high"]) if found and found["low"] is not None else None


def currency_of(experiment: Experiment) -> str:
    return find_event_type(experiment.event_type).base_currency


def p_text(p: float | None) -> str:
    """0.03 is "0.030"; values below 0.001 are "< 0.001"."""
    if p is None:
        return NO_VALUE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def lift_text(found: Mapping[str, Any] | None) -> str:
    """A relative difference: "-12.0 % (-20.1 to -3.2)"."""
    if found is None:
        return NO_VALUE
    value, low, high = (f"{100 * found[key]:+.1f}".replace("-", MINUS) for key in ("value", "low", "high"))
    return f"{value}\N{NO-BREAK SPACE}% ({low} to {high})"
