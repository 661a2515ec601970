"""What messages say: subject, text, the events of signed webhooks, and the blocks of Slack. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from monitoring.alerts.words import title_of, unit_of, value_text
from monitoring.notifications.planning import FIRED
from scoring.timestamps import from_iso, to_iso

MAX_SUBJECT = 200
MAX_BLOCKS = 15  # alerts of a Slack message; the others are counted
_MARKS = {"critical": "[critical]", "warning": "[warning]", "info": "[info]"}


@dataclass(frozen=True, slots=True)
class AlertNews:
    """A transition of an alert: its key, what its entry says, and when. `data`: as of `alert.fired`."""

    alert: str
    position: int
    transition: str
    severity: str
    data: Mapping[str, Any]
    at: datetime

    @property
    def title(self) -> str:
        """The metric with what the alert is about: "Share of fallbacks (payment)"."""
        about = ", ".join(str(value) for value in self.data["scope"].values())
        metric = title_of(self.data["metric"])
        return f"{metric} ({about})" if about else metric

    @property
    def headline(self) -> str:
        state = "" if self.transition == FIRED else " resolved"
        return f"{_MARKS.get(self.severity, '')}{state} {self.title}".strip()

    def lines(self) -> list[str]:
        """What changed and its likely cause, the figures, since when, and the runbook."""
        if self.transition != FIRED:
            reason = self.data.get("reason")
            return [f"Resolved at {self.at:%Y-%m-%d %H:%M} UTC{f': {reason}' if reason else ''}."]
        since = from_iso(self.data["since"])
        return [
            *([str(self.data["because"])] if self.data["because"] else []),
            f"{self._figures()}, since {since:%Y-%m-%d %H:%M} UTC.",
            f"Alert rule: {self.data['rule']}.",
            *([f"Runbook: {self.data['runbook']}"] if self.data["runbook"] else []),
        ]

    def _figures(self) -> str:
        """The value against its threshold: "4.2 %, above 1.0 %"."""
        unit, scope = unit_of(self.data["metric"]), self.data["scope"]
        value, limit = (value_text(self.data[name], unit, scope) for name in ("value", "threshold"))
        return f"{value}, {self.data['side']} {limit}"


def alert_link(home: str, alert: str) -> str:
    """The address of an alert's page, where it is acknowledged, snoozed and acted on; a link changes nothing.

    `home`: the admin's address, with a slash at its end.
    """
    return f"{home}alerts/{quote(alert)}/"


def subject_of(news: Sequence[AlertNews], *, kind: str) -> str:
    """One line: the most severe alert, and how many others."""
    if kind == "digest":
        return f"Assay: digest of {len(news)} alert{'' if len(news) == 1 else 's'}"
    worst = min(news, key=lambda each: (each.transition != FIRED, list(_MARKS).index(each.severity)))
    others = f" and {len(news) - 1} more" if len(news) > 1 else ""
    return f"Assay: {worst.headline}{others}"[:MAX_SUBJECT]


def text_of(news: Sequence[AlertNews], *, home: str, kind: str) -> str:
    """The text of an e-mail."""
    intro = {"digest": "These alerts were not sent one by one.\n\n"}.get(kind, "")
    parts = [
        "\n".join(
            [each.headline, *(f"  {line}" for line in each.lines()), f"  {alert_link(home, each.alert)}"]
        )
        for each in news
    ]
    return intro + "\n\n".join(parts) + f"\n\nWho is notified, how and when: {home}notifications/\n"


def events_of(news: Sequence[AlertNews], *, home: str) -> list[dict[str, Any]]:
    """The alerts as data, for signed webhooks."""
    return [
        {
            "type": f"alert.{each.transition}",
            "alert": each.alert,
            "position": each.position,
            "at": to_iso(each.at),
            "severity": each.severity,
            "title": each.title,
            "text": " ".join(each.lines()),
            "link": alert_link(home, each.alert),
            **{
                name: each.data[name]
                for name in ("rule", "metric", "scope", "value", "threshold", "since", "because", "runbook")
                if name in each.data
            },
        }
        for each in news
    ]


def signed_body(*, kind: str, subject: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a signed webhook."""
    return {"type": f"assay.{kind}", "subject": subject, "alerts": list(events)}


def slack_body(*, subject: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a webhook that Slack, Mattermost and others read: a text, and blocks with a button each."""
    blocks: list[dict[str, Any]] = [_section(f"*{_escaped(subject)}*")]
    for each in events[:MAX_BLOCKS]:
        button = {
            "type": "button",
            "text": {"type": "plain_text", "text": "Open the alert"},
            "url": each["link"],
        }
        text = f"*{_escaped(each['title'])}*\n{_escaped(each['text'])}"
        blocks.append(_section(text) | {"accessory": button})
    if len(events) > MAX_BLOCKS:
        blocks.append(_section(f"and {len(events) - MAX_BLOCKS} more"))
    return {"text": subject, "blocks": blocks}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}


def _escaped(text: str) -> str:
    """Slack's three control characters as entities, so that no value becomes a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
