"""`{% load monitoring %}`: sparklines of distributions, and badges of drift states."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from monitoring.drift.distance import State
from scoring.admin_kit.badges import badge

register = template.Library()

TONES = {
    State.NO_DATA: "neutral",
    State.NOT_COMPARED: "neutral",
    State.ALL_MISSING: "warn",
    State.STABLE: "good",
    State.CHANCE: "info",
    State.ORDINARY: "info",
    State.MODERATE: "warn",
    State.SHIFTED: "bad",
}
WIDTH, HEIGHT = 120, 32


@register.filter
def psi(value: float) -> str:
    """A PSI with three decimals; a positive one is never written as 0.000."""
    return "< 0.001" if 0 < value < 0.0005 else f"{value:.3f}"


@register.simple_tag
def state_badge(state: State) -> SafeString:
    """A drift state as a colored badge."""
    return badge(state.value, tone=TONES[state])


@register.simple_tag
def distribution(then: Sequence[float], now: Sequence[float]) -> SafeString:
    """Two distributions over the same bins: bars for then, a stepped line for now. Visual only."""
    highest = max(*then, *now, 1e-9)
    return format_html(
        '<svg class="mon-picture" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true"'
        ' preserveAspectRatio="none"><path class="mon-picture__then" d="{}"/>'
        '<path class="mon-picture__now" d="{}"/></svg>',
        *(WIDTH, HEIGHT, WIDTH, HEIGHT),
        _bars(then, highest),
        _steps(now, highest),
    )


def _bars(shares: Sequence[float], highest: float) -> str:
    step = WIDTH / len(shares)
    return "".join(
        f"M{place * step + 0.5:.1f} {HEIGHT}V{_y(share, highest)}H{(place + 1) * step - 0.5:.1f}V{HEIGHT}Z"
        for place, share in enumerate(shares)
        if share
    )


def _steps(shares: Sequence[float], highest: float) -> str:
    step = WIDTH / len(shares)
    corners = (f"V{_y(share, highest)}H{(place + 1) * step:.1f}" for place, share in enumerate(shares))
    return f"M0 {HEIGHT}{''.join(corners)}"


def _y(share: float, highest: float) -> str:
    return f"{HEIGHT - 1 - (HEIGHT - 3) * share / highest:.1f}"
