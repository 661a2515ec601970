"""The form with the exploration of an event type: shares in percent, amounts in the base currency."""

from decimal import Decimal
from typing import Any

from django import forms

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.event_type import EventType
from scoring.rules.exploration.changing import new_salt
from scoring.rules.exploration.settings import MAX_AMOUNT, MAX_SHARE, Exploration
from scoring.rules.ruleset.reason_field import ReasonField

NBSP = "\N{NO-BREAK SPACE}"
DRAW_ANEW = "draw_anew"


class ExplorationForm(forms.Form):
    """Share and caps, whether other events are to be drawn, and the reason of the change."""

    share = forms.FloatField(
        label="Share of would-be blocks, in %",
        min_value=0,
        max_value=100 * MAX_SHARE,
        help_text=f"0 switches exploration off. With 1{NBSP}%, each label counts for a hundred events.",
    )
    amount_cap = forms.DecimalField(help_text="No event of a larger amount is let through.")
    daily_cap = forms.DecimalField(
        help_text="The most money that is let through on a day (UTC), good and bad together."
    )
    draw_anew = forms.BooleanField(
        label="Draw other events",
        required=False,
        help_text="Uses a new salt. Events are otherwise drawn by the present one, also under another share.",
    )
    reason = ReasonField()

    def __init__(self, data: Any = None, *, kind: type[EventType], exploration: Exploration | None) -> None:
        """`data`: what was posted, None for an unsent form, which shows the present settings."""
        self.kind, self.exponent = kind, EXPONENTS[kind.base_currency]
        super().__init__(data, initial=self._initial(exploration))
        for name, what in (("amount_cap", "Cap of one event"), ("daily_cap", "Cap of a day")):
            cap = self.fields[name] = forms.DecimalField(
                label=f"{what}, in {kind.base_currency}",
                min_value=0,
                max_value=Decimal(MAX_AMOUNT).scaleb(-self.exponent),
                decimal_places=self.exponent,
                help_text=self.fields[name].help_text,
            )
            cap.widget.attrs["step"] = "any"
        if exploration is None:
            del self.fields[DRAW_ANEW]

    def exploration(self) -> Exploration:
        """The valid form as settings; a salt of "" keeps the present one, if there is one."""
        given = self.cleaned_data
        return Exploration(
            self.kind.name,
            share=round(given["share"] / 100, 8),
            amount_cap=self._minor(given["amount_cap"]),
            daily_cap=self._minor(given["daily_cap"]),
            salt=new_salt() if given.get(DRAW_ANEW) else "",
        )

    def _minor(self, amount: Decimal) -> int:
        return int(amount.scaleb(self.exponent))

    def _initial(self, exploration: Exploration | None) -> dict[str, Any]:
        if exploration is None:
            return {"share": 0}
        caps = {"amount_cap": exploration.amount_cap, "daily_cap": exploration.daily_cap}
        return {
            "share": f"{100 * exploration.share:g}",
            **{name: f"{Decimal(cap).scaleb(-self.exponent):f}" for name, cap in caps.items()},
        }
