"""Alert rules as data: on which metric and scope, from which value on, for how long, and for whom."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from monitoring.alerts.errors import AlertRuleInvalid, FieldProblem
from monitoring.alerts.scopes import Scope
from monitoring.metrics.metric import Metric, Worse
from monitoring.metrics.registry import metrics

NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
RESERVED: Final = "new"  # the address of the page for a new rule
OWNER: Final = re.compile(r"(user|group)/.{1,70}")
RUNBOOK: Final = re.compile(r"(|https?://\S+|docs/\S+)")
DEFAULT_OWNER: Final = "group/lead"
MAX_MINUTES: Final = 7 * 24 * 60
MAX_A_DAY: Final = 24
MAX_RUNBOOK: Final = 300  # characters


class Severity(StrEnum):
    """How severe an alert is, the least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return tuple(Severity).index(self)


class Side(StrEnum):
    """On which side of the threshold values are too bad."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class AllowedAction:
    """An action that alerts of a rule offer. `automatic`: taken when one fires, at most `max_a_day` times."""

    name: str
    automatic: bool = False
    max_a_day: int = 1


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When alerts fire, and who has them.

    `scope`: what the scope of an observation must contain; {} is every scope. An alert fires once the metric
    was on the `side` of `threshold` for `for_minutes`; with an interval, all of the interval must be. It
    resolves after `clear_minutes` with a value that has reached `clear_at` (None: the threshold).
    Observations of fewer than `min_rows` rows tell nothing. `owner`: "user/{name}" or "group/{name}".
    """

    name: str
    metric: str
    threshold: float
    side: Side = Side.ABOVE
    clear_at: float | None = None
    scope: Scope = field(default_factory=dict)
    min_rows: int = 0
    for_minutes: int = 5
    clear_minutes: int = 10
    severity: Severity = Severity.WARNING
    owner: str = DEFAULT_OWNER
    runbook: str = ""
    on: bool = True
    actions: tuple[AllowedAction, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "AlertRule":
        """The rule in an `alert_rule.changed`; what is newer than it has its default."""
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in data.items() if name in known}
        given["actions"] = tuple(AllowedAction(**each) for each in given.get("actions", ()))
        given["side"] = Side(given.get("side", Side.ABOVE))
        given["severity"] = Severity(given.get("severity", Severity.WARNING))
        return cls(**given)

    def as_data(self) -> dict[str, Any]:
        """As logged in `alert_rule.changed`."""
        return {
            **asdict(self),
            "side": str(self.side),
            "severity": str(self.severity),
            "scope": dict(self.scope),
            "actions": [asdict(each) for each in self.actions],
        }

    @property
    def clears_at(self) -> float:
        """The value from which on an alert may resolve."""
        return self.threshold if self.clear_at is None else self.clear_at

    def action(self, name: str) -> AllowedAction | None:
        return next((each for each in self.actions if each.name == name), None)


def suggested_rule(metric: Metric) -> AlertRule | None:
    """The rule that a metric suggests, which has the metric's name; None if it suggests none."""
    suggested = metric.suggested
    if suggested is None:
        return None
    return AlertRule(
        name=metric.name,
        metric=metric.name,
        side=usual_side(metric),
        threshold=suggested.threshold,
        clear_at=suggested.clear_at,
        min_rows=suggested.min_rows,
        for_minutes=suggested.for_minutes,
        clear_minutes=suggested.clear_minutes,
        severity=Severity(suggested.severity),
        owner=suggested.owner or DEFAULT_OWNER,
        runbook=suggested.runbook,
        actions=tuple(map(AllowedAction, suggested.actions)),
    )


def usual_side(metric: Metric) -> Side:
    return Side.ABOVE if metric.worse == Worse.UP else Side.BELOW


def check_rule(rule: AlertRule) -> None:
    """Raises AlertRuleInvalid, which names everything that is not allowed."""
    if problems := [*_problems(rule), *_metric_problems(rule), *_action_problems(rule)]:
        raise AlertRuleInvalid(rule.name, problems)


def _problems(rule: AlertRule) -> Iterator[FieldProblem]:
    if not NAME.fullmatch(rule.name) or rule.name == RESERVED:
        allowed = "a lower-case letter, then up to 59 letters, digits, dots, hyphens and underscores"
        yield "name", f"must be {allowed}", allowed
    for name in ("threshold", "clear_at"):
        value = getattr(rule, name)
        if value is not None and not math.isfinite(value):
            yield name, "must be a number", None
    yield from _clear_problems(rule)
    for name, high in (("for_minutes", MAX_MINUTES), ("clear_minutes", MAX_MINUTES), ("min_rows", 10**9)):
        if not 0 <= getattr(rule, name) <= high:
            yield name, f"must be 0 to {high:,}", (0, high)
    if not OWNER.fullmatch(rule.owner):
        yield "owner", "must be user/NAME or group/NAME", ("user/NAME", "group/NAME")
    if not RUNBOOK.fullmatch(rule.runbook) or len(rule.runbook) > MAX_RUNBOOK:
        yield "runbook", "must be an https address or a page below docs/", ("https://...", "docs/...")


def _clear_problems(rule: AlertRule) -> Iterator[FieldProblem]:
    """An alert that would resolve beyond its threshold could never fire steadily."""
    too_far = rule.clears_at > rule.threshold if rule.side == Side.ABOVE else rule.clears_at < rule.threshold
    if too_far:
        word = "above" if rule.side == Side.ABOVE else "below"
        yield "clear_at", f"must not lie {word} the threshold {rule.threshold:,.10g}", rule.threshold


def _metric_problems(rule: AlertRule) -> Iterator[FieldProblem]:
    known = metrics()
    if rule.metric not in known:
        yield "metric", f"is not known: {rule.metric}", list(known)
        return
    names = known[rule.metric].scope
    for name, value in rule.scope.items():
        if name not in names:
            yield "scope", f"{name} is not part of the scope of {rule.metric}", list(names)
        elif not value or len(value) > 200:
            yield "scope", f"{name} must be 1 to 200 characters", None


def _action_problems(rule: AlertRule) -> Iterator[FieldProblem]:
    names = [each.name for each in rule.actions]
    if len(names) != len(set(names)):
        yield "actions", "must be named once each", None
    for each in rule.actions:
        if not 1 <= each.max_a_day <= MAX_A_DAY:
            yield "actions", f"{each.name}: may be taken 1 to {MAX_A_DAY} times a day", (1, MAX_A_DAY)
