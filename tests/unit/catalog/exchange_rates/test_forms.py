"""A rate that would never be looked up is not saved."""

from typing import Any

import pytest

from scoring.catalog.exchange_rates.forms import ExchangeRateForm, base_currencies
from scoring.catalog.exchange_rates.models import ExchangeRate

RATE = {"currency": "EUR", "base": "USD", "rate": "1.08", "valid_from": "2026-01-01 00:00:00"}


@pytest.fixture(autouse=True)
def without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uniqueness needs the database, and is not tested here."""
    monkeypatch.setattr(ExchangeRateForm, "validate_unique", lambda self: None)
    monkeypatch.setattr(ExchangeRate, "validate_constraints", lambda self, exclude=None: None)


def errors_of(**changes: Any) -> dict[str, list[str]]:
    form = ExchangeRateForm({**RATE, **changes})
    form.is_valid()
    return {name: list(map(str, errors)) for name, errors in form.errors.items()}


def test_the_base_is_that_of_an_event_type() -> None:
    assert base_currencies() == ["USD"]


@pytest.mark.parametrize("currency", ["EUR", "eur", " eur "])
def test_a_currency_is_saved_in_capital_letters(currency: str) -> None:
    form = ExchangeRateForm({**RATE, "currency": currency, "base": "usd"})
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["currency"], form.cleaned_data["base"]) == ("EUR", "USD")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"currency": "XXX"}, "currency", "'XXX' is not an ISO 4217 currency. Enter a code"),
        ({"currency": "BTC"}, "currency", "'BTC' is not an ISO 4217 currency"),
        ({"currency": "USD"}, "currency", "The base currency itself needs no rate."),
        (
            {"base": "GBP"},
            "base",
            "No event type has the base currency GBP, so this rate would never be used. Enter ",
        ),
        ({"base": "zzz"}, "base", "'zzz' is not an ISO 4217 currency"),
        ({"rate": "0"}, "rate", "Enter a rate greater than zero."),
        ({"rate": "-1"}, "rate", "Enter a rate greater than zero."),
    ],
)
def test_a_rate_that_would_never_be_used_is_refused(changes: dict[str, Any], field: str, said: str) -> None:
    errors = errors_of(**changes)
    assert list(errors) == [field]
    assert errors[field][0].startswith(said)
