"""Amounts with a currency beside them, and negative ones as ledgers write them."""

import pytest

from scoring.catalog.errors import FieldError
from scoring.ingest.values.currency_signs import without_currency


@pytest.mark.parametrize(
    ("text", "currency", "number"),
    [
        ("$134.09", "USD", "134.09"),
        ("$ 5", "CAD", "5"),
        ("12,50 €", "EUR", "12,50"),
        ("USD 1,000", "USD", "1,000"),
        ("1000 jpy", "JPY", "1000"),
        ("R$ 3,10", "BRL", "3,10"),
        ("10 zł", "PLN", "10"),
        ("£.50", "GBP", ".50"),
        ("12 kr.", "DKK", "12"),
        ("-$99.00", "USD", "-99.00"),
        ("$-99.00", "USD", "-99.00"),
        ("(12.50)", "USD", "-12.50"),
        ("($12.50)", "USD", "-12.50"),
        ("12.50-", "USD", "-12.50"),
    ],
)
def test_the_number_is_extracted_from_next_to_the_sign(text: str, currency: str, number: str) -> None:
    assert without_currency(text, currency) == number


@pytest.mark.parametrize(
    "text", ["12.34", "-5", "+5", "x", "5%", "0x10", "1_000", "12 34", "(5", "USD", "$", "-"]
)
def test_text_without_a_currency_is_unchanged(text: str) -> None:
    assert without_currency(text, "USD") == text


@pytest.mark.parametrize(
    ("text", "currency"), [("€5", "USD"), ("5 EUR", "USD"), ("$5", "EUR"), ("$5 EUR", "USD")]
)
def test_an_amount_in_another_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(FieldError, match=f"which is not in {currency}"):
        without_currency(text, currency)
