"""Alert rules: what is allowed, how they are logged, what metrics suggest, how alerts are grouped."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.people.groups import GROUPS
from monitoring.alerts.actions import actions
from monitoring.alerts.errors import AlertRuleInvalid
from monitoring.alerts.evaluation.grouping import FieldFault, Parent, cause_of, explaining, parent_key
from monitoring.alerts.evaluation.state_machine import Verdict, judge
from monitoring.alerts.rules.rule import AlertRule, AllowedAction, Severity, Side, check_rule, suggested_rule
from monitoring.alerts.scopes import is_within, key_of
from monitoring.alerts.words import condition_text, value_text
from monitoring.drift.distance import Drift, State
from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import metrics

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def nothing(*, now: datetime) -> Iterable[Observation]:
    return ()


METRIC = Metric("decisions.slow", "Slow", "How slow.", Unit.SECONDS, Worse.DOWN, ("event_type",), nothing)
RULE = AlertRule(
    "slow", "decisions.fallback_share", threshold=0.5, clear_at=0.25, scope={"event_type": "payment"}
)

REFUSED = [
    ({"name": "Slow one"}, "name"),
    ({"metric": "decisions.none"}, "metric"),
    ({"scope": {"merchant": "m"}}, "scope"),
    ({"scope": {"event_type": ""}}, "scope"),
    ({"threshold": float("nan"), "clear_at": None}, "threshold"),
    ({"clear_at": 0.6}, "clear_at"),
    ({"side": Side.BELOW}, "clear_at"),
    ({"for_minutes": -1}, "for_minutes"),
    ({"owner": "ana"}, "owner"),
    ({"runbook": "javascript:alert(1)"}, "runbook"),
    ({"actions": (AllowedAction("a"), AllowedAction("a"))}, "actions"),
    ({"actions": (AllowedAction("a", max_a_day=0),)}, "actions"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_a_rule_that_is_not_allowed_names_the_field(change: dict[str, object], field: str) -> None:
    check_rule(RULE)
    with pytest.raises(AlertRuleInvalid) as refused:
        check_rule(replace(RULE, **change))  # type: ignore[arg-type]
    assert {name for name, _, _ in refused.value.problems} == {field}


def test_a_rule_is_logged_and_read_again() -> None:
    rule = replace(RULE, severity=Severity.CRITICAL, actions=(AllowedAction("retrain", True, 2),))
    assert AlertRule.of(rule.as_data()) == rule
    assert AlertRule.of({"name": "n", "metric": "m", "threshold": 1.0}) == AlertRule("n", "m", 1.0)


def test_a_metric_suggests_its_rule() -> None:
    assert suggested_rule(METRIC) is None
    rule = suggested_rule(replace(METRIC, suggested=SuggestedAlert(2.0, clear_at=3.0, severity="critical")))
    assert rule is not None
    assert (rule.name, rule.side, rule.threshold, rule.clears_at) == (METRIC.name, Side.BELOW, 2.0, 3.0)
    assert rule.severity == Severity.CRITICAL


def test_every_suggested_rule_is_allowed() -> None:
    rules = [rule for rule in map(suggested_rule, metrics().values()) if rule is not None]
    assert rules
    for rule in rules:
        check_rule(rule)
        assert {each.name for each in rule.actions} <= set(actions())


# A sliding day of scores came up to 1.4 times its threshold without a change of the model's quality.
@pytest.mark.parametrize(
    ("psi", "verdict"),
    [(0.10, Verdict.CLEAR), (0.12, Verdict.BETWEEN), (0.14, Verdict.BETWEEN), (0.16, Verdict.BREACHED)],
)
def test_an_alert_on_scores_wants_more_than_a_chance_excess(psi: float, verdict: Verdict) -> None:
    rule = suggested_rule(metrics()["drift.scores"])
    assert rule is not None
    drift = Drift(psi=psi, expected=0.02, limit=0.05, state=State.MODERATE)
    value = drift.psi / drift.threshold
    assert judge(rule, Observation({}, value, NOW, NOW, rows=rule.min_rows)) == verdict


def test_the_owner_of_a_suggested_rule_may_do_what_its_alerts_offer() -> None:
    for rule in filter(None, map(suggested_rule, metrics().values())):
        allowed = GROUPS[rule.owner.removeprefix("group/")]
        assert {actions()[each.name].may for each in rule.actions} <= {*allowed}, rule.name


def test_the_key_does_not_depend_on_the_order_of_names() -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert key_of("r", one) == key_of("r", other) != key_of("r", {"a": "1"})
    assert is_within(one, {"a": "1"})
    assert not is_within(one, {"a": "2"})
    assert not is_within({"a": "1"}, one)


def test_alerts_of_an_event_type_within_minutes_are_grouped_under_one_at_least_as_severe() -> None:
    cause = cause_of("drift.feature", {"event_type": "payment", "feature": "amount"})
    assert cause == cause_of("decisions.fallback_share", {"event_type": "payment"})
    assert cause_of("log.stopped_consumers", {"consumer": "a"}) != cause
    parents = [
        Parent("early", cause, Severity.WARNING, NOW - timedelta(minutes=9)),
        Parent("late", cause, Severity.CRITICAL, NOW),
        Parent("other", "event type content", Severity.CRITICAL, NOW),
    ]
    assert parent_key(cause, Severity.INFO, parents, now=NOW) == "early"
    assert parent_key(cause, Severity.CRITICAL, parents, now=NOW) == "late"
    assert parent_key(cause, Severity.INFO, parents[:1], now=NOW + timedelta(minutes=2)) == ""


@pytest.mark.parametrize(
    ("scope", "fields", "group"),
    [
        ({"event_type": "payment", "model": "payment-1"}, ["card", "amount"], "cents"),
        ({"event_type": "payment", "model": "payment-1"}, ["card"], ""),
        ({"event_type": "payment", "model": "payment-1", "sender": "north"}, ["amount"], "cents"),
        ({"event_type": "payment", "model": "payment-1", "sender": "south"}, ["amount"], ""),
        ({"event_type": "content", "model": "content-1"}, ["amount"], ""),
        ({"event_type": "payment", "model": "payment-1"}, ["category", "amount"], "category left out"),
    ],
)
def test_a_fault_of_a_field_explains_what_is_computed_from_it(
    scope: dict[str, str], fields: list[str], group: str
) -> None:
    def fault(group: str, hour: int, field: str) -> FieldFault:
        fired_at = NOW + timedelta(hours=hour)
        return FieldFault(group, Severity.WARNING, fired_at, "payment", "north", field)

    faults = [fault("cents", 2, "amount"), fault("category left out", 1, "category")]

    found = explaining(scope, fields, faults)

    assert (found.group if found else "") == group


def test_values_and_conditions_in_words() -> None:
    assert value_text(0.042, Unit.SHARE, {}) == "4.2\N{NO-BREAK SPACE}%"
    assert value_text(0.25, Unit.SECONDS, {}) == "250 ms"
    assert value_text(90, Unit.SECONDS, {}) == "1 min"
    assert value_text(1234, Unit.MONEY, {"event_type": "payment"}) == "12.34 USD"
    assert value_text(None, Unit.COUNT, {}) == "-"
    text = condition_text(replace(RULE, min_rows=20)).replace("\N{NO-BREAK SPACE}", " ")
    assert text == "above 50.0 % for 5 min with at least 20 rows; resolves at 25.0 % for 10 min"
