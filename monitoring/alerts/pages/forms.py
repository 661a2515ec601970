"""The form of an alert rule."""

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.forms import BoundField

from monitoring.alerts.actions import actions
from monitoring.alerts.rules.rule import MAX_A_DAY, MAX_MINUTES, AlertRule, AllowedAction, Severity, Side
from monitoring.alerts.words import UNIT_HELP
from monitoring.metrics.registry import metrics
from scoring.rules.ruleset.reason_field import ReasonField

NOT_OFFERED, OFFERED, AUTOMATIC = "", "offered", "automatic"
OFFERS = ((NOT_OFFERED, "not offered"), (OFFERED, "offered as a button"), (AUTOMATIC, "taken by itself"))
SHOWN = ("metric", "side", "threshold", "clear_at", "min_rows", "for_minutes", "clear_minutes")


class ScopeField(forms.CharField):
    """A filter as text, such as "event_type=payment, feature=amount"."""

    def to_python(self, value: Any) -> Any:
        pairs = [each.partition("=") for each in str(value or "").split(",") if each.strip()]
        if any(not name.strip() or not found.strip() for name, _, found in pairs):
            raise ValidationError(f"{value!r} is not a scope; enter pairs such as event_type=payment.")
        return {name.strip(): found.strip() for name, _, found in pairs}


def scope_input(scope: Any) -> str:
    """A filter as the field shows it."""
    return ", ".join(f"{name}={value}" for name, value in scope.items())


class AlertRuleForm(forms.Form):
    """All of a rule but its name, and the reason. `reason` is not needed to try the rule."""

    on = forms.BooleanField(label="On", required=False)
    metric = forms.ChoiceField(label="Metric")
    scope = ScopeField(
        label="Scope",
        required=False,
        max_length=300,
        help_text="Pairs such as event_type=payment, feature=amount. Empty: everywhere.",
    )
    side = forms.ChoiceField(label="Bad values are", choices=[(each, each) for each in Side])
    threshold = forms.FloatField(label="Threshold")
    clear_at = forms.FloatField(
        label="Resolves at", required=False, help_text="A better value than the threshold, or empty."
    )
    min_rows = forms.IntegerField(label="Minimum rows", min_value=0, help_text="Fewer rows tell nothing.")
    for_minutes = forms.IntegerField(label="Fires after minutes", min_value=0, max_value=MAX_MINUTES)
    clear_minutes = forms.IntegerField(label="Resolves after minutes", min_value=0, max_value=MAX_MINUTES)
    severity = forms.ChoiceField(label="Severity", choices=[(each, each) for each in Severity])
    owner = forms.ChoiceField(label="Owner", help_text="Who looks after the alerts.")
    runbook = forms.CharField(
        label="Runbook", required=False, max_length=300, help_text="An https address, or a page below docs/."
    )
    reason = ReasonField()

    def __init__(self, *args: Any, trying: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = metrics()
        self._choose("metric", [(name, f"{metric.title} ({name})") for name, metric in known.items()])
        self._choose("owner", [(each, each) for each in owners()])
        for name, action in actions().items():
            self.fields[f"action_{name}"] = forms.ChoiceField(
                label=action.title, choices=OFFERS, required=False, help_text=action.effect
            )
            self.fields[f"max_{name}"] = forms.IntegerField(
                label="Within 24 hours, at most", min_value=1, max_value=MAX_A_DAY, initial=1, required=False
            )
        if trying:
            self.fields["reason"].required = False

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        """The choices of a field; the present value stays one, even if there is no such thing any more."""
        present = self.initial.get(name)
        gone = [(present, str(present))] if present and present not in dict(choices) else []
        cast("forms.ChoiceField", self.fields[name]).choices = [*gone, *choices]

    @classmethod
    def showing(cls, rule: AlertRule) -> "AlertRuleForm":
        """An unsent form with a rule."""
        return cls(initial=initial_of(rule))

    def condition(self) -> list[BoundField]:
        return [self[name] for name in SHOWN]

    def offers(self) -> Iterator[tuple[BoundField, BoundField]]:
        """For each action: whether it is offered, and how often it may be taken by itself."""
        for name in actions():
            yield self[f"action_{name}"], self[f"max_{name}"]

    def rule(self, name: str) -> AlertRule:
        """The valid form as a rule."""
        sent = {key: value for key, value in self.cleaned_data.items() if key in AlertRule.__slots__}
        return AlertRule.of({**sent, "name": name, "actions": list(self._sent_actions())})

    def _sent_actions(self) -> Iterator[dict[str, Any]]:
        for name in actions():
            offer = self.cleaned_data.get(f"action_{name}", NOT_OFFERED)
            if offer != NOT_OFFERED:
                most = self.cleaned_data.get(f"max_{name}") or 1
                yield {"name": name, "automatic": offer == AUTOMATIC, "max_a_day": most}


class NewAlertRuleForm(AlertRuleForm):
    """A rule with its name."""

    name = forms.CharField(
        label="Name", max_length=60, help_text="Lower-case letters, digits, dots, hyphens and underscores."
    )


def initial_of(rule: AlertRule) -> dict[str, Any]:
    """A rule as the values of the form's fields."""
    numbers = {
        name: None if getattr(rule, name) is None else f"{getattr(rule, name):.10g}"
        for name in ("threshold", "clear_at")
    }
    offers = {f"action_{each.name}": _offer(each) for each in rule.actions}
    most = {f"max_{each.name}": each.max_a_day for each in rule.actions}
    return {**rule.as_data(), **numbers, "scope": scope_input(rule.scope), **offers, **most}


def _offer(action: AllowedAction) -> str:
    return AUTOMATIC if action.automatic else OFFERED


def owners() -> list[str]:
    """Every group, and every active member of the staff."""
    groups = Group.objects.order_by("name").values_list("name", flat=True)
    users = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    return [*(f"group/{name}" for name in groups), *(f"user/{user.get_username()}" for user in users)]


def unit_help(metric: str) -> str:
    """In what a metric's thresholds are written."""
    found = metrics().get(metric)
    return UNIT_HELP[found.unit] if found else ""
