"""The form with the limits of an event type's breakers."""

from typing import Any

from django import forms

from scoring.rules.breaker.settings import MAX_BLOCKS_RANGE, MIN_EVENTS_RANGE, SECONDS_RANGE, BreakerSettings
from scoring.rules.ruleset.reason_field import ReasonField

NBSP = "\N{NO-BREAK SPACE}"


class LimitsForm(forms.Form):
    """Limits in percent and minutes, and the reason of the change."""

    max_share = forms.FloatField(
        label="Maximum share of blocks, in %",
        min_value=0.1,
        max_value=100,
        help_text=f"Of the latest events of a source. 100{NBSP}% is no limit on the share.",
    )
    min_events = forms.IntegerField(
        label="Events that the share is of",
        min_value=MIN_EVENTS_RANGE[0],
        max_value=MIN_EVENTS_RANGE[1],
        help_text="A blast trips the breaker within this many events. Fewer trip it sooner, and more often by"
        " chance.",
    )
    max_blocks = forms.IntegerField(
        label="Maximum number of blocks",
        required=False,
        min_value=MAX_BLOCKS_RANGE[0],
        max_value=MAX_BLOCKS_RANGE[1],
        help_text="In the window, whatever their share. Empty: no limit.",
    )
    window = forms.FloatField(
        label="Window, in minutes",
        min_value=SECONDS_RANGE[0] / 60,
        max_value=SECONDS_RANGE[1] / 60,
        help_text="Earlier events do not count.",
    )
    cool_down = forms.FloatField(
        label="Cool-down, in minutes",
        min_value=SECONDS_RANGE[0] / 60,
        max_value=SECONDS_RANGE[1] / 60,
        help_text="How long a breaker stays open. After it, it closes if the limits hold again.",
    )
    reason = ReasonField()

    @classmethod
    def showing(cls, settings: BreakerSettings) -> "LimitsForm":
        """An unsent form with the present limits."""
        return cls(
            initial={
                "max_share": f"{100 * settings.max_share:g}",
                "min_events": settings.min_events,
                "max_blocks": settings.max_blocks,
                "window": f"{settings.window_s / 60:g}",
                "cool_down": f"{settings.cool_down_s / 60:g}",
            }
        )

    def settings(self) -> BreakerSettings:
        """The valid form as settings."""
        given: dict[str, Any] = self.cleaned_data
        return BreakerSettings(
            max_share=round(given["max_share"] / 100, 6),
            max_blocks=given["max_blocks"],
            min_events=given["min_events"],
            window_s=round(60 * given["window"]),
            cool_down_s=round(60 * given["cool_down"]),
        )
