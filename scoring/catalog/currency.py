"""Amounts: decimal text to integer minor units and back, by the exponents of ISO 4217."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from scoring.errors import FieldError

# ISO 4217 (List One): currencies without a minor unit or with another than the hundredth, then the others.
_OTHER_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_HUNDREDTHS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR "
    "RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD "
    "TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
EXPONENTS: Mapping[str, int] = {
    **dict.fromkeys(_HUNDREDTHS.split(), 2),
    **{code: exponent for exponent, codes in _OTHER_EXPONENTS.items() for code in codes.split()},
}
# Every minor amount stays an exact float64, also when thousands of them are added up.
MAX_MINOR = 10**13

_DECIMAL = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")


def minor_units(raw: object, currency: str) -> int:
    """The amount "12.34" (text or a JSON number) as integer minor units of `currency`: 1234 for USD.

    Raises FieldError: not a decimal, negative, more decimals than the currency has, or too large.
    """
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, Decimal)):
        raise FieldError("must be a decimal amount", "text such as '12.34'")
    text = raw.strip() if isinstance(raw, str) else _plain(raw)
    if text.startswith("-"):
        raise FieldError("must not be negative", ">= 0")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise FieldError("must be a decimal amount", "text such as '12.34'")
    exponent = EXPONENTS[currency]
    fraction = match[2] or ""
    if len(fraction) > exponent:
        raise FieldError(f"has more decimals than {currency} has", exponent)
    minor = int(match[1] + fraction.ljust(exponent, "0"))
    if minor > MAX_MINOR:
        raise FieldError("is too large", format_minor(MAX_MINOR, currency))
    return minor


def _plain(number: int | float | Decimal) -> str:
    """Shortest decimal text of a number, without an exponent."""
    return format(Decimal(repr(number) if isinstance(number, float) else number), "f").removesuffix(".0")


def convert_minor(minor: int, *, currency: str, base: str, rate: Decimal) -> int:
    """Minor units of `currency` in those of `base`; `rate` base units buy one of currency. Half to even."""
    shift = Decimal(10) ** (EXPONENTS[base] - EXPONENTS[currency])
    return int((Decimal(minor) * rate * shift).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def decimal_text(minor: int, currency: str) -> str:
    """Minor units as payloads write them: 123456 USD is "1234.56"."""
    return f"{Decimal(minor).scaleb(-EXPONENTS[currency]):f}"


def format_minor(minor: float, currency: str) -> str:
    """Minor units as people write them: 123456 USD is "1,234.56 USD"."""
    exponent = EXPONENTS[currency]
    return f"{minor / 10**exponent:,.{exponent}f} {currency}"
