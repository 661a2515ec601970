"""`{% load admin_kit %}`: number formats, badges and plots, the same on every admin page."""

import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scoring.admin_kit import formatting
from scoring.admin_kit.badges import badge as badge_html
from scoring.admin_kit.outcomes import outcome_badge as outcome_badge_html
from scoring.admin_kit.outcomes import outcome_color, outcome_text
from scoring.admin_kit.plots import Plot
from scoring.admin_kit.time_zones import moment_text, zone_words, zoned_text

register = template.Library()

TO_THE_SECOND = "%Y-%m-%d %H:%M:%S"

register.filter("count", formatting.count_text)
register.filter("decimal", formatting.decimal_text)
register.filter("percent", formatting.percent_text)
register.filter("money", formatting.money_text)
register.filter("duration", formatting.duration_text)
register.filter(outcome_color)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """A time as "3 min ago", with the exact time as a tooltip."""
    if moment is None:
        return formatting.NO_VALUE
    return _timed(moment, formatting.ago_text(moment, timezone.now()))


@register.filter
def at(moment: datetime | None) -> SafeString | str:
    """A time to the minute, with the seconds and the time zone as a tooltip."""
    return formatting.NO_VALUE if moment is None else _timed(moment, moment_text(moment))


@register.filter("moment")
def at_in_zone(moment: datetime | None) -> SafeString | str:
    """A time to the minute with its time zone, where nothing beside it says which it is."""
    return formatting.NO_VALUE if moment is None else _timed(moment, zoned_text(moment))


def _timed(moment: datetime, text: str) -> SafeString:
    exact = zoned_text(moment, TO_THE_SECOND)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, text)


@register.simple_tag
def zone() -> str:
    """The name of the time zone in which the page tells times, for the header of a table."""
    return zone_words()


@register.filter
def breakable(name: str) -> SafeString:
    """A name that may break after its slashes and underscores: "rule/card_testing"."""
    parts = re.split(r"(?<=[/_])", name)
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))


@register.simple_tag
def badge(word: str, tone: str = "", text: str = "") -> SafeString:
    """A colored badge: `{% badge "block" %}`, `{% badge "stable" tone="good" %}`."""
    return badge_html(word, tone=tone, text=text)


@register.simple_tag
def outcome_badge(outcome: str, event_type: str = "") -> SafeString:
    """An outcome in the words of its event type, colored by severity: `{% outcome_badge "block" type %}`."""
    return outcome_badge_html(outcome, event_type)


@register.filter
def called_by(outcome: str, event_type: str) -> str:
    """An outcome in the words of its event type: `{{ outcome|called_by:type }}`."""
    return outcome_text(outcome, event_type)


@register.inclusion_tag("admin_kit/plot.html")
def plot(spec: Plot) -> dict[str, Any]:
    """A plot with its title, drawn by plots.js in the colors of the theme."""
    return {"plot": spec, "data": spec.as_json()}


@register.inclusion_tag("admin_kit/stat.html")
def stat(label: str, value: Any, note: Any = "", tone: str = "", href: str = "") -> dict[str, Any]:
    """A figure with its label, a note and a link."""
    return {"label": label, "value": value, "note": note, "tone": tone, "href": href}
