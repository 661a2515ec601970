"""Admin pages of alerts: those that fire, and one with its history and what can be done."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from monitoring.alerts import handling
from monitoring.alerts.acting import act
from monitoring.alerts.actions import find_action
from monitoring.alerts.evaluation.observing import recent_values
from monitoring.alerts.models import Alert
from monitoring.alerts.pages.cards import AlertCard, card_of, change_text, value_key
from monitoring.alerts.reading import (
    FATIGUE_DAYS,
    AlertGroup,
    changes_of,
    fatigue,
    firing_groups,
    is_in_hand,
    resolved_alerts,
    silences,
    visible_alerts,
)
from monitoring.alerts.rules.rule import AlertRule
from monitoring.alerts.rules.stored import alert_rules, find_rule
from monitoring.alerts.scopes import PLACE, filter_text
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import sees_type
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.errors import ScoringError

LOOK, HANDLE, SET = "monitoring.view_alert", "monitoring.handle_alert", "monitoring.set_alerts"
SNOOZES = {"1 hour": 1, "4 hours": 4, "1 day": 24, "3 days": 72, "7 days": 168}
SILENCES = {"1 hour": 1, "1 day": 24, "7 days": 168, "30 days": 720, "90 days": 2160}
MAX_PLOTS = 10


@register_page
class AlertsPage(AdminPage):
    """The firing alerts, the most severe first; then those in hand, silences, resolved ones, and figures."""

    path, name, title = "alerts/", "alerts", "Alerts"
    subtitle = "What is wrong, since when, and who looks after it"
    permission = LOOK
    template_name = "monitoring/alerts/alerts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, rules, user = timezone.now(), alert_rules(), self.request.user
        alerts = visible_alerts(Alert.objects.all(), user)
        groups = firing_groups(alerts)
        firing = [group for group in groups if not group.is_in_hand(now=now)]
        recent = recent_values(value_key(group.alert) for group in firing[:MAX_PLOTS])

        def shown(group: AlertGroup) -> tuple[AlertCard, list[AlertCard]]:
            rule, values = rules.get(group.alert.rule), recent.get(value_key(group.alert))
            card = card_of(group.alert, user, rule=rule, recent=values)
            return card, [card_of(member, user) for member in group.members]

        return super().get_context_data(
            firing=[shown(group) for group in firing],
            in_hand=[shown(group) for group in groups if group.is_in_hand(now=now)],
            silences=[
                (each, filter_text(each.scope))
                for each in silences(now=now)
                if PLACE not in each.scope or sees_type(user, each.scope[PLACE])
            ],
            resolved=[card_of(alert, user) for alert in resolved_alerts(alerts, now=now)],
            fatigue=fatigue(((rule.name, rule.owner) for rule in rules.values()), now=now),
            fatigue_days=FATIGUE_DAYS,
            rules=sum(rule.on for rule in rules.values()),
            may_handle=user.has_perm(HANDLE),
            may_set=user.has_perm(SET),
            now=now,
            max_reason=MAX_REASON_LENGTH,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """End a silence."""
        self.require(SET)
        key = request.POST.get("unsilence", "")
        try:
            handling.unsilence(
                key, reason=request.POST.get("reason", ""), actor=actor_of(request), now=timezone.now()
            )
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        else:
            messages.success(request, "The silence has ended; the rule fires again.")
        return redirect("admin:alerts")


@register_page
class AlertPage(AdminPage):
    """One alert: what it says, what happened to it, and what can be done. Posting does it."""

    path, name, title = "alerts/<str:rule_name>/<str:digest>/", "alert", "Alert"
    permission = LOOK
    template_name = "monitoring/alerts/alert.html"

    @property
    def key(self) -> str:
        return f"{self.kwargs['rule_name']}/{self.kwargs['digest']}"

    def shown_types(self) -> Iterable[str]:
        """That of the scope, if it names one."""
        yield from super().shown_types()
        if PLACE in self.alert.scope:
            yield self.alert.scope[PLACE]

    @property
    def alert(self) -> Alert:
        found = Alert.objects.filter(pk=self.key).first()
        if found is None:
            raise Http404(f"There is no alert {self.key!r}.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        alert, now, user = self.alert, timezone.now(), self.request.user
        members = visible_alerts(Alert.objects.filter(parent=alert.key), user)
        recent = recent_values([value_key(alert)]).get(value_key(alert))
        rule = alert_rules().get(alert.rule)
        card = card_of(alert, user, rule=rule, recent=recent)
        self.title = card.title
        return super().get_context_data(
            card=card,
            alert=alert,
            rule=rule,
            in_hand=is_in_hand(alert, now=now),
            members=[card_of(each, user) for each in members.order_by("key")],
            history=[(change, change_text(change)) for change in changes_of(alert.key)],
            snoozes=SNOOZES,
            silences=SILENCES,
            may_handle=user.has_perm(HANDLE),
            may_set=user.has_perm(SET),
            now=now,
            max_reason=MAX_REASON_LENGTH,
            **kwargs,
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        do = DEEDS.get(request.POST.get("action", ""), take_action)
        try:
            done = do(self, actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        else:
            messages.success(request, done)
        return redirect("admin:alerts" if request.POST.get("back") == "alerts" else request.path)

    @property
    def reason(self) -> str:
        return str(self.request.POST.get("reason", ""))

    def until(self, choices: Mapping[str, int], *, now: datetime) -> datetime:
        """The end that was chosen, the earliest one if none was."""
        hours = self.request.POST.get("hours", "")
        chosen = [value for value in choices.values() if str(value) == hours]
        return now + timedelta(hours=(chosen or list(choices.values()))[0])


def acknowledge(page: AlertPage, *, actor: str, now: datetime) -> str:
    page.require(HANDLE)
    handling.acknowledge(page.key, reason=page.reason, actor=actor, now=now)
    return "You look after this alert."


def snooze(page: AlertPage, *, actor: str, now: datetime) -> str:
    page.require(HANDLE)
    until = page.until(SNOOZES, now=now)
    handling.snooze(page.key, until=until, reason=page.reason, actor=actor, now=now)
    return f"No messages about this alert are sent until {zoned_text(until)}."


def resolve(page: AlertPage, *, actor: str, now: datetime) -> str:
    page.require(HANDLE)
    handling.resolve(page.key, reason=page.reason, actor=actor, now=now)
    return "The alert is resolved. It fires again only after its condition did not hold at least once."


def silence(page: AlertPage, *, actor: str, now: datetime) -> str:
    page.require(SET)
    rule: AlertRule = find_rule(page.alert.rule)
    scope = {} if page.request.POST.get("everywhere") else page.alert.scope
    until = page.until(SILENCES, now=now)
    handling.silence(rule, scope, until=until, reason=page.reason, actor=actor, now=now)
    return f"{rule.name} does not fire for {filter_text(scope)} until {zoned_text(until)}."


def take_action(page: AlertPage, *, actor: str, now: datetime) -> str:
    """Take the action that is named in the form. Raises what `act` does."""
    action = find_action(page.request.POST.get("action", ""))
    page.require(action.may)
    entry = act(page.key, action.name, actor=actor, now=now)
    if entry.data["why_not"]:
        raise ScoringError(entry.data["why_not"])
    return str(entry.data["result"])


DEEDS: dict[str, Callable[..., str]] = {
    "acknowledge": acknowledge,
    "snooze": snooze,
    "resolve": resolve,
    "silence": silence,
}
