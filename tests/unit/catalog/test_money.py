"""Decimal text becomes integer minor units exactly, or is refused."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.currency import EXPONENTS, convert_minor, format_minor, is_rounded, minor_units
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Money


@pytest.mark.parametrize(
    ("raw", "currency", "minor"),
    [
        ("12.34", "USD", 1234),
        ("12.3", "USD", 1230),
        ("12", "USD", 1200),
        (12.34, "USD", 1234),
        (0.1, "USD", 10),
        (1e3, "USD", 100_000),
        (7, "USD", 700),
        (" 5.00 ", "USD", 500),
        ("12.340", "USD", 1234),
        ("12.5000", "USD", 1250),
        (Decimal("12.3400"), "USD", 1234),
        (Decimal("1E+2"), "USD", 10_000),
        ("1500.00", "JPY", 1500),
        ("1500.", "JPY", 1500),
        (".50", "USD", 50),
        ("+5", "USD", 500),
        ("-0.00", "USD", 0),
        (-0.0, "USD", 0),
        (17.13 * 5, "USD", 8565),
        (0.1 + 0.2, "USD", 30),
        (1234.5600000000002, "USD", 123_456),
        ("85.64999999999999", "USD", 8565),
        (12.34000015258789, "USD", 1234),
        ("0.10000000149011612", "USD", 10),
        ("12.3400001525879", "USD", 1234),
        (4096.10009765625, "USD", 409610),
        (32768.1015625, "USD", 3276810),
        (499.99999999999994, "JPY", 500),
        ("0", "USD", 0),
        ("500", "JPY", 500),
        (500.0, "JPY", 500),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
    ],
)
def test_amounts_become_minor_units(raw: Any, currency: str, minor: int) -> None:
    assert minor_units(raw, currency) == minor


@pytest.mark.parametrize(
    ("raw", "currency", "problem"),
    [
        ("-1", "USD", "must not be negative"),
        (-0.01, "USD", "must not be negative"),
        ("1.001", "USD", "has more decimals than USD has"),
        ("7.1250", "USD", "has more decimals than USD has"),
        (7.125, "USD", "has more decimals than USD has"),
        (85.6499999, "USD", "has more decimals than USD has"),
        (123456.789, "USD", "has more decimals than USD has"),
        (0.123456789012345, "USD", "has more decimals than USD has"),
        ("0." + "1" * 300, "USD", "has more decimals than USD has"),
        ("-7", "USD", "must not be negative"),
        ("-+7", "USD", "must be a decimal amount"),
        (".", "USD", "must be a decimal amount"),
        ("1" * 1000, "USD", "must be a decimal amount"),
        (1e300, "USD", "is too large"),
        (Decimal("NaN"), "USD", "must be a decimal amount"),
        ("1.5", "JPY", "has more decimals than JPY has"),
        ("1e3", "USD", "must be a decimal amount"),
        ("1,000.00", "USD", "must be a decimal amount"),
        ("", "USD", "must be a decimal amount"),
        ("١٢", "USD", "must be a decimal amount"),
        ("NaN", "USD", "must be a decimal amount"),
        (float("inf"), "USD", "must be a decimal amount"),
        (True, "USD", "must be a decimal amount"),
        ([1], "USD", "must be a decimal amount"),
        ("100000000000.01", "USD", "is too large"),
    ],
)
def test_invalid_amounts_are_refused(raw: Any, currency: str, problem: str) -> None:
    with pytest.raises(FieldError, match=problem):
        minor_units(raw, currency)


@given(st.integers(0, 10**13), st.sampled_from(sorted(EXPONENTS)))
def test_every_amount_survives_a_round_trip_through_text(minor: int, currency: str) -> None:
    text = f"{Decimal(minor).scaleb(-EXPONENTS[currency]):f}"
    assert minor_units(text, currency) == minor


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(1, 9))
def test_floats_computed_from_decimals_are_read_as_the_intended_decimal(
    minors: list[int], times: int
) -> None:
    computed = sum(minor / 100 for minor in minors)
    assert minor_units(computed, "USD") == sum(minors)
    assert minor_units(minors[0] / 100 * times, "USD") == minors[0] * times


@pytest.mark.parametrize(
    ("raw", "currency", "rounded"),
    [(0.1 + 0.2, "USD", True), (0.3, "USD", False), ("12.3400", "USD", False), ("7.125", "USD", True)],
)
def test_rounded_amounts_are_recognized(raw: Any, currency: str, rounded: bool) -> None:
    assert is_rounded(raw, currency) is rounded


def test_extra_decimals_are_rounded_only_if_a_rounding_is_given() -> None:
    assert minor_units("7.125", "USD", rounding=ROUND_HALF_UP) == 713
    assert Money().parse("7.125", rounding=ROUND_HALF_EVEN) == {"minor": 712, "currency": "USD"}


def test_conversion_rounds_half_to_even_and_uses_both_exponents() -> None:
    assert convert_minor(250, currency="EUR", base="USD", rate=Decimal("0.5")) == 125
    assert convert_minor(1, currency="EUR", base="USD", rate=Decimal("0.5")) == 0
    assert convert_minor(3, currency="EUR", base="USD", rate=Decimal("0.5")) == 2
    assert convert_minor(1000, currency="JPY", base="USD", rate=Decimal("0.0067")) == 670
    assert convert_minor(670, currency="USD", base="JPY", rate=Decimal("150")) == 1005


def test_a_converted_amount_records_its_rate() -> None:
    rates = {"EUR": Decimal("1.0876000000")}
    assert Money().parse("11.33", "EUR", "USD", rates) == {
        "minor": 1133,
        "currency": "EUR",
        "rate": "1.0876",
        "base_minor": 1232,
    }


def test_an_amount_without_a_rate_is_refused_with_the_currencies_that_have_one() -> None:
    with pytest.raises(FieldError, match="no exchange rate from CHF to USD") as refused:
        Money().parse("1", "CHF", "USD", {"EUR": Decimal(1)})
    assert refused.value.allowed == ["EUR", "USD"]


def test_amounts_are_formatted_for_people() -> None:
    assert format_minor(123456, "USD") == "1,234.56 USD"
    assert format_minor(500, "JPY") == "500 JPY"
    assert format_minor(19.5, "USD") == "0.20 USD"


# How many digits after the decimal point each currency has had since amounts were first stored.
DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK "
    "PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def test_no_currency_ever_changes_its_minor_unit() -> None:
    """Stored amounts are integers in it: a newer list of currencies must not move their decimal point."""
    known = {code: digits for digits, codes in DIGITS.items() for code in codes.split()}
    assert {code: EXPONENTS.get(code) for code in known} == known


def test_codes_without_a_minor_unit_are_no_currencies_of_amounts() -> None:
    assert not {"XAU", "XDR", "XTS", "XXX"} & EXPONENTS.keys()
