"""An alert as pages show it: in words, with a plot of its recent values, links and actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.urls import Resolver404, resolve, reverse

from monitoring.alerts.actions import Action, actions
from monitoring.alerts.models import Alert, AlertChange, RecentValues
from monitoring.alerts.rules.rule import AlertRule, Severity
from monitoring.alerts.scopes import key_of, scope_text
from monitoring.alerts.words import headline, title_of, unit_of, value_text
from monitoring.metrics.metric import Unit
from scoring.admin_kit.pages import registered_pages
from scoring.admin_kit.plots import Axis, Format, Plot, Series
from scoring.admin_kit.time_zones import zoned_text
from scoring.timestamps import from_iso

TONES: Mapping[str, str] = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
FORMATS: Mapping[Unit, Format] = {Unit.SHARE: "percent"}


@dataclass(frozen=True)
class AlertCard:
    """`value`: when it fired; `now`: the last one that was observed, "" if there is none since. `page`: the
    address of the page that shows the metric, "" if the user may not see it.
    """

    alert: Alert
    title: str
    tone: str
    value: str
    now: str
    interval: str
    limit: str
    scope: str
    page: str
    runbook: str
    plot: Plot | None
    actions: list[Action]


def card_of(
    alert: Alert,
    user: User | AnonymousUser,
    *,
    rule: AlertRule | None = None,
    recent: RecentValues | None = None,
) -> AlertCard:
    """The card of an alert. `rule`: that it is of, if it still holds; `recent`: the values to plot."""
    unit = unit_of(alert.metric)
    low, high = (value_text(each, unit, alert.scope) for each in (alert.low, alert.high))
    known = alert.low is not None and alert.high is not None
    return AlertCard(
        alert=alert,
        title=headline(alert),
        tone=TONES[alert.severity],
        value=value_text(alert.value, unit, alert.scope),
        now=_last_text(alert, recent) if recent and alert.state == Alert.State.FIRING else "",
        interval=f"{low} to {high}" if known else "",
        limit=f"{alert.side} {value_text(alert.threshold, unit, alert.scope)}",
        scope=scope_text(alert.scope),
        page=address_of(alert.path, user),
        runbook=alert.runbook if alert.runbook.startswith("http") else "",
        plot=plot_of(alert, recent) if recent else None,
        actions=offered_actions(alert, rule, user),
    )


def _last_text(alert: Alert, recent: RecentValues) -> str:
    """The last value since the alert fired, "" if none is known."""
    if recent.times[-1] <= alert.fired_at or recent.values[-1] is None:
        return ""
    return value_text(recent.values[-1], unit_of(alert.metric), alert.scope)


def offered_actions(alert: Alert, rule: AlertRule | None, user: User | AnonymousUser) -> list[Action]:
    """The actions that the rule offers for a firing alert and the user may take."""
    if rule is None or alert.state != Alert.State.FIRING:
        return []
    known = actions()
    found = [known[each.name] for each in rule.actions if each.name in known]
    return [action for action in found if user.has_perm(action.may) and action.fits(alert)]


def plot_of(alert: Alert, recent: RecentValues) -> Plot:
    """The last values of the alert's metric in its scope, beside the threshold."""
    points = list(zip(recent.times, recent.values, strict=True))
    return Plot(
        title=f"{title_of(alert.metric)}, {scope_text(alert.scope)}",
        x=Axis("Time", "time"),
        y=Axis("Value", FORMATS.get(unit_of(alert.metric), "number")),
        series=[Series("value", points, kind="dots" if len(points) < 4 else "line")],
        lines=[("threshold", alert.threshold)],
        height=140,
    )


def value_key(alert: Alert) -> str:
    """The key of the recent values of an alert."""
    return key_of(alert.metric, alert.scope)


def address_of(path: str, user: User | AnonymousUser) -> str:
    """The address of an admin page by its path below the home, "" if the user may not open it."""
    address = reverse("admin:index") + path
    try:
        name = str(resolve(address.partition("?")[0]).url_name)
    except Resolver404:
        return ""
    return address if path and user.has_perm(_permission(name)) else ""


def _permission(name: str) -> str:
    """The permission that an admin page needs: its own, or that to view the rows of a list."""
    for page in registered_pages():
        if page.name == name:
            return page.permission
    app, _, rest = name.partition("_")
    return f"{app}.view_{rest.partition('_')[0]}"


def change_text(change: AlertChange) -> str:
    """What happened to an alert, in a sentence without its end."""
    data = change.data
    reason = f": {data['reason']}" if data.get("reason") else ""
    if change.change == "fired":
        value = value_text(data["value"], unit_of(data["metric"]), data["scope"])
        flapping = ", and flaps" if data["flapping"] else ""
        return f"fired with {value}{flapping}. {data['because']}".rstrip(". ")
    if change.change == "acted":
        by_itself = " by itself" if data["automatic"] else ""
        done = data["result"].rstrip(".") or f"nothing was done, because {data['why_not']}"
        return f"action {data['action']}{by_itself}: {done}"
    if change.change == "sent":
        return f"a message went to {data.get('owner', '')} by {data.get('channel', '')}"
    until = f" until {_moment(data['until'])}" if data.get("until") else ""
    return f"{change.change}{until}{reason}"


def _moment(text: str) -> str:
    moment: datetime = from_iso(text)
    return zoned_text(moment)
