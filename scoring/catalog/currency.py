"""Converts amounts between decimal text and integer minor units, by the exponents of ISO 4217."""

import math
import re
import struct
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from iso4217 import Currency

from scoring.catalog.errors import FieldError

# Withdrawn from the standard; stored amounts are still in them.
_WITHDRAWN = {"ANG": 2, "BGN": 2}
# Digits after the decimal point by currency. The standard's, because stored amounts are in minor units;
# not those of CLDR (Babel), which are what people write: 0 for HUF or IDR.
EXPONENTS: Mapping[str, int] = {
    **{currency.code: currency.exponent for currency in Currency if currency.exponent is not None},
    **_WITHDRAWN,
}
# Every minor amount stays an exact float64, even summed by the thousand.
MAX_MINOR = 10**13

# Wide enough for any number in files (DECIMAL(38, 38), the largest float), and a bound for senders.
_DECIMAL = re.compile(r"\+?(?=\.?[0-9])([0-9]{0,400})(?:\.([0-9]{0,400}))?")
# A product or sum of a few decimals is off by at most this many units in the last place of a float: 17.13 * 5
# is 85.64999999999999.
_NOISE_ULPS = 4
# Fewer digits may match a 32-bit float by chance.
_MIN_NARROW_DIGITS = 11


def minor_units(raw: object, currency: str, *, rounding: str | None = None) -> int:
    """The amount "12.34" (text or a number) as integer minor units of `currency`: 1234 for USD.

    Trailing zeros are ignored, and a float within rounding error of a decimal counts as that decimal. Other
    amounts with more decimals than the currency has are rounded by `rounding` (a constant of `decimal`), or
    refused. Raises FieldError if the amount is not a decimal, is negative, has too many decimals, or is too
    large.
    """
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, Decimal)):
        raise FieldError("must be a decimal amount", "text such as '12.34'")
    text = raw.strip() if isinstance(raw, str) else _plain(raw)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return _refuse(text)
    exponent = EXPONENTS[currency]
    fraction = match[2] or ""
    if len(fraction) > exponent:
        fraction = fraction.rstrip("0")
    if len(fraction) > exponent:
        minor = _rounded(text, currency, rounding)
    else:
        minor = int(match[1] + fraction.ljust(exponent, "0") or "0")
    if minor > MAX_MINOR:
        raise FieldError("is too large", format_minor(MAX_MINOR, currency))
    return minor


def is_rounded(raw: object, currency: str) -> bool:
    """Whether `minor_units` rounds this valid amount to a decimal that `currency` has.

    >>> is_rounded(0.1 + 0.2, "USD"), is_rounded("12.3400", "USD")
    (True, False)
    """
    text = raw.strip() if isinstance(raw, str) else _plain(raw)  # type: ignore[arg-type]
    return len(text.partition(".")[2].rstrip("0")) > EXPONENTS[currency]


def _refuse(text: str) -> int:
    """0 for a zero with a minus sign. Raises FieldError for everything else."""
    match = _DECIMAL.fullmatch(text.removeprefix("-"))
    if match is None or text.startswith("-+"):
        raise FieldError("must be a decimal amount", "text such as '12.34'")
    if (match[1] + (match[2] or "")).strip("0"):
        raise FieldError("must not be negative", ">= 0")
    return 0


def _rounded(text: str, currency: str, rounding: str | None) -> int:
    """Minor units of an amount with more decimals than the currency has. Raises FieldError."""
    exponent = EXPONENTS[currency]
    minor = Decimal(text).scaleb(exponent)
    nearest = minor.to_integral_value(rounding=ROUND_HALF_EVEN)
    noise = Decimal(_NOISE_ULPS * math.ulp(float(text))).scaleb(exponent)
    if abs(minor - nearest) <= noise:
        return int(nearest)
    if (narrow := _of_narrow_float(Decimal(text)).scaleb(exponent)) == int(narrow):
        return int(narrow)
    if rounding is None:
        raise FieldError(f"has more decimals than {currency} has", f"at most {exponent} decimals")
    return int(minor.to_integral_value(rounding=rounding))


def _of_narrow_float(number: Decimal) -> Decimal:
    """The shortest decimal of the 32-bit float that the number was widened from; else the number itself.

    12.34 stored in 32 bits reads as 12.34000015258789.
    """
    digits = len(number.normalize().as_tuple().digits)
    narrow = _narrowed(float(number))
    if digits < _MIN_NARROW_DIGITS or Decimal(f"{narrow:.{digits}g}") != number:
        return number
    return next(
        Decimal(text) for length in range(1, 10) if _narrowed(float(text := f"{narrow:.{length}g}")) == narrow
    )


def _narrowed(number: float) -> float:
    """The nearest 32-bit float; infinity if it is out of range."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.inf


def _plain(number: int | float | Decimal) -> str:
    """Shortest decimal text of a number, without an exponent."""
    return format(Decimal(repr(number) if isinstance(number, float) else number), "f")


def convert_minor(minor: int, *, currency: str, base: str, rate: Decimal) -> int:
    """Minor units of `currency` converted to those of `base`, rounded half to even.

    `rate`: base units for one unit of the currency.
    """
    shift = Decimal(10) ** (EXPONENTS[base] - EXPONENTS[currency])
    return int((Decimal(minor) * rate * shift).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def decimal_text(minor: int, currency: str) -> str:
    """Minor units as decimal text for payloads: 123456 USD is "1234.56"."""
    return f"{Decimal(minor).scaleb(-EXPONENTS[currency]):f}"


def format_minor(minor: float, currency: str) -> str:
    """Minor units for people to read: 123456 USD is "1,234.56 USD"."""
    exponent = EXPONENTS[currency]
    return f"{minor / 10**exponent:,.{exponent}f} {currency}"
