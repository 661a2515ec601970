"""The form for exchange rates, which accepts only rates that conversions can use."""

from decimal import Decimal
from typing import Any

from django import forms

from scoring.catalog.errors import FieldError
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.catalog.fields import parse_currency
from scoring.catalog.registry import event_types


def base_currencies() -> list[str]:
    """The base currencies of the event types; rates to any other are never used."""
    return sorted({kind.base_currency for kind in event_types().values()})


class ExchangeRateForm(forms.ModelForm[ExchangeRate]):
    """A rate from an ISO 4217 currency to a base currency of the catalog; "eur" is saved as "EUR"."""

    class Meta:
        model = ExchangeRate
        fields = ("currency", "base", "rate", "valid_from")
        help_texts = {
            "currency": "ISO 4217 code, such as EUR",
            "base": "Base currency of the event types, to which amounts are converted",
            "rate": "Units of the base currency for one unit of the currency",
        }

    def clean_currency(self) -> str:
        return _read_currency(self.cleaned_data["currency"])

    def clean_base(self) -> str:
        base = _read_currency(self.cleaned_data["base"])
        if base not in base_currencies():
            raise forms.ValidationError(
                f"No event type has the base currency {base}, so this rate would never be used. "
                f"Enter {' or '.join(base_currencies())}."
            )
        return base

    def clean_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise forms.ValidationError("Enter a rate greater than zero.")
        return rate

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("currency") and given.get("currency") == given.get("base"):
            self.add_error("currency", "The base currency itself needs no rate.")
        return given


def _read_currency(text: str) -> str:
    try:
        return parse_currency(text)
    except FieldError:
        raise forms.ValidationError(
            f"{text!r} is not an ISO 4217 currency. Enter a code of three letters, such as EUR."
        ) from None
