"""Amounts with a currency sign or code: $12.34, 12,50 €, USD 5, and negative amounts as in ledgers."""

import re

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.errors import FieldError

# The currencies of each sign.
_SIGNS = {
    "$": "USD AUD BSD BBD BMD BND BZD CAD CLP COP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD"
    " UYU XCD ARS",
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "HK$": "HKD",
    "MX$": "MXN",
    "NZ$": "NZD",
    "R$": "BRL",
    "S$": "SGD",
    "€": "EUR",
    "£": "GBP EGP FKP GIP LBP SHP SYP",
    "¥": "JPY CNY",
    "￥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "₦": "NGN",
    "₱": "PHP",
    "฿": "THB",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "kr": "SEK NOK DKK ISK",
    "kr.": "DKK ISK",
    "Fr.": "CHF",
    "R": "ZAR",
}
_CURRENCIES = {sign: frozenset(codes.split()) for sign, codes in _SIGNS.items()}
_CODES = {code: frozenset([code]) for code in EXPONENTS}
_NUMBER = r"(?P<number>\d[\d.,'\u2019\s]*|[.,]\d+)"
_SIGN = r"(?:[^\W\d]{2,3}\.|[^\d\s.,()+'-]{1,4})"
_AMOUNT = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[+-]?)\s*(?P<before>{_SIGN})?\s*(?P<inner>[+-]?)\s*{_NUMBER}"
    rf"\s*(?P<after>{_SIGN})?\s*(?P<behind>-?)\s*(?P<close>\))?"
)


def without_currency(text: str, currency: str) -> str:
    """The number in an amount of `currency`; other text is unchanged.

    A trailing minus and parentheses become a leading minus. Raises FieldError for the sign or code of another
    currency.

    >>> without_currency("$1,234.50", "USD"), without_currency("(12.50 EUR)", "EUR")
    ('1,234.50', '-12.50')
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        return text
    signs = [sign for sign in (found["before"], found["after"]) if sign]
    known = [_CURRENCIES.get(sign) or _CODES.get(sign.upper()) for sign in signs]
    if None in known or (not signs and not found["open"] and not found["behind"]):
        return text
    if any(currency not in (codes or ()) for codes in known):
        raise FieldError(
            f"is {text.strip()[:40]!r}, which is not in {currency}",
            "the row's currency; set it with --set currency=CODE or --map currency=COLUMN",
        )
    is_negative = "-" in (found["minus"], found["inner"], found["behind"]) or bool(found["open"])
    return ("-" if is_negative else "") + found["number"].strip()
