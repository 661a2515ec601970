"""Admin pages of alert rules: the list, and one with its form, what it finds now, and its history."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from monitoring.alerts.errors import AlertRuleInvalid, UnknownAlertRule
from monitoring.alerts.evaluation.observing import observe
from monitoring.alerts.evaluation.state_machine import Verdict, judge
from monitoring.alerts.models import AlertSilence, MetricCheck, StoredAlertRule
from monitoring.alerts.pages.forms import AlertRuleForm, NewAlertRuleForm, unit_help
from monitoring.alerts.reading import silences
from monitoring.alerts.rules.rule import AlertRule, suggested_rule, usual_side
from monitoring.alerts.rules.stored import (
    alert_rules,
    change_rule,
    check_change,
    find_rule,
    history,
    remove_rule,
    stored_rules,
    suggested_rules,
)
from monitoring.alerts.scopes import filter_text, is_within, scope_text
from monitoring.alerts.words import condition_text, title_of, unit_of, value_text
from monitoring.metrics.metric import Metric, Observation
from monitoring.metrics.registry import metrics
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError

LOOK, SET = "monitoring.view_alert", "monitoring.set_alerts"
MAX_TRIED = 100
VERDICTS = {
    Verdict.BREACHED: ("bad", "the condition holds"),
    Verdict.BETWEEN: ("warn", "not, but an alert would go on"),
    Verdict.CLEAR: ("good", "the condition does not hold"),
    Verdict.UNKNOWN: ("neutral", "unknown"),
}


@dataclass(frozen=True)
class RuleRow:
    """A rule in the list."""

    rule: AlertRule
    title: str
    condition: str
    scope: str
    stored: StoredAlertRule | None
    check: MetricCheck | None
    known: bool
    silenced: list[AlertSilence]


@dataclass(frozen=True)
class TriedRow:
    """What a rule says of one observation."""

    scope: str
    value: str
    interval: str
    rows: int
    tone: str
    verdict: str
    because: str


@register_page
class AlertRulesPage(AdminPage):
    """All rules with their state, and the metrics that no rule is about."""

    path, name, title = "alert-rules/", "alert_rules", "Alert rules"
    subtitle = "Which metrics must not be worse than what, for how long, and for whom"
    permission = LOOK
    template_name = "monitoring/alerts/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored, checks, known = stored_rules(), MetricCheck.objects.in_bulk(), metrics()
        rules, silenced = alert_rules(stored), silences(now=timezone.now())
        used = {rule.metric for rule in rules.values()}
        return super().get_context_data(
            rows=[
                RuleRow(
                    rule,
                    title_of(rule.metric),
                    condition_text(rule),
                    filter_text(rule.scope),
                    stored.get(rule.name),
                    checks.get(rule.metric),
                    rule.metric in known,
                    [each for each in silenced if each.rule == rule.name],
                )
                for rule in rules.values()
            ],
            others=[metric for metric in known.values() if metric.name not in used],
            may_set=self.request.user.has_perm(SET),
            **kwargs,
        )


class RuleFormPage(AdminPage):
    """A page with the form of a rule, which can be tried before it is set."""

    form_class: type[AlertRuleForm] = AlertRuleForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule = kwargs.pop("rule", None) or self.shown_rule()
        kwargs.setdefault("form", self.form_class.showing(rule))
        return super().get_context_data(
            rule=rule,
            metric=metrics().get(rule.metric),
            unit_help=unit_help(rule.metric),
            may_set=self.request.user.has_perm(SET),
            **kwargs,
        )

    def shown_rule(self) -> AlertRule:
        raise NotImplementedError

    def name_of(self, form: AlertRuleForm) -> str:
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.require(SET)
        trying = request.POST.get("action") == "try"
        form = self.form_class(request.POST, initial={"metric": self.shown_rule().metric}, trying=trying)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        rule = form.rule(self.name_of(form))
        try:
            if trying:
                check_change(rule, reason="tried")
                return self.render_to_response(self.get_context_data(form=form, rule=rule, **tried(rule)))
            self.change(rule, form.cleaned_data["reason"])
        except AlertRuleInvalid as error:
            for field, problem, _ in error.problems:
                form.add_error(field if field in form.fields else None, f"{problem[0].upper()}{problem[1:]}.")
        except ScoringError as error:
            form.add_error(None, f"Nothing changed: {error}.")
        else:
            messages.success(request, f"The rule {rule.name} holds from the next evaluation on.")
            return redirect("admin:alert_rule", rule.name)
        return self.render_to_response(self.get_context_data(form=form))

    def change(self, rule: AlertRule, reason: str) -> None:
        change_rule(rule, reason=reason, actor=actor_of(self.request), now=timezone.now())


@register_page
class NewAlertRulePage(RuleFormPage):
    """A new rule; `?metric=` begins with what that metric suggests."""

    path, name, title = "alert-rules/new/", "alert_rule_new", "New alert rule"
    permission = SET
    template_name = "monitoring/alerts/rule.html"
    form_class = NewAlertRuleForm

    def shown_rule(self) -> AlertRule:
        known = metrics()
        metric = known.get(self.request.GET.get("metric", "")) or next(iter(known.values()))
        return replace(_begun_rule(metric), name="")

    def name_of(self, form: AlertRuleForm) -> str:
        return str(form.cleaned_data["name"])

    def change(self, rule: AlertRule, reason: str) -> None:
        """Raises ScoringError if there is a rule of this name."""
        if rule.name in alert_rules():
            raise ScoringError(f"there already is an alert rule {rule.name!r}")
        super().change(rule, reason)


@register_page
class AlertRulePage(RuleFormPage):
    """A rule: its form, what it finds now, and its history. Posting sets, tries or removes it."""

    path, name, title = "alert-rules/<str:rule_name>/", "alert_rule", "Alert rule"
    permission = LOOK
    template_name = "monitoring/alerts/rule.html"

    def shown_rule(self) -> AlertRule:
        try:
            return find_rule(self.kwargs["rule_name"])
        except UnknownAlertRule as error:
            raise Http404(str(error)) from error

    def name_of(self, form: AlertRuleForm) -> str:
        return self.shown_rule().name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = self.shown_rule().name
        self.title = f"Alert rule {name}"
        return super().get_context_data(
            **kwargs,
            stored=StoredAlertRule.objects.filter(pk=name, removed=False).first(),
            suggested=name in suggested_rules(),
            condition=condition_text(self.shown_rule()),
            history=[
                {
                    "text": condition_text(AlertRule.of({"name": name, **entry.data}))
                    if entry.type.endswith("changed")
                    else "removed",
                    "actor": entry.metadata.get("actor", ""),
                    "reason": entry.data["reason"],
                    "at": entry.recorded_at,
                }
                for entry in history(name)
            ],
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") != "remove":
            return super().post(request, **kwargs)
        self.require(SET)
        name = self.shown_rule().name
        reason, now = request.POST.get("reason", ""), timezone.now()
        try:
            remove_rule(name, reason=reason, actor=actor_of(request), now=now)
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
            return redirect("admin:alert_rule", name)
        messages.success(request, f"The rule {name} is removed; what its metric suggests holds again.")
        return redirect("admin:alert_rules")


def _begun_rule(metric: Metric) -> AlertRule:
    """What a new rule of a metric begins with."""
    return suggested_rule(metric) or AlertRule("", metric.name, 0.0, side=usual_side(metric))


def tried(rule: AlertRule) -> dict[str, Any]:
    """What the rule would find now, for the page: the worst first."""
    found, error = observe(metrics()[rule.metric], now=timezone.now())
    within = [each for each in found if is_within(each.scope, rule.scope)]
    rank = list(VERDICTS)
    judged = sorted(((judge(rule, each), each) for each in within), key=lambda pair: rank.index(pair[0]))
    return {
        "tried": [_tried_row(rule, verdict, each) for verdict, each in judged[:MAX_TRIED]],
        "tried_error": error,
        "tried_scopes": len(within),
        "tried_holds": sum(verdict == Verdict.BREACHED for verdict, _ in judged),
    }


def _tried_row(rule: AlertRule, verdict: Verdict, seen: Observation) -> TriedRow:
    unit = unit_of(rule.metric)
    tone, text = VERDICTS[verdict]
    low, high = (value_text(each, unit, seen.scope) for each in (seen.low, seen.high))
    return TriedRow(
        scope=scope_text(seen.scope),
        value=value_text(seen.value, unit, seen.scope),
        interval=f"{low} to {high}" if seen.low is not None and seen.high is not None else "",
        rows=seen.rows,
        tone=tone,
        verdict=text,
        because=seen.because if verdict == Verdict.BREACHED else "",
    )
