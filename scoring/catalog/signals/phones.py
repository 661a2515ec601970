"""Phone numbers: their canonical form, and what is measured of one at receipt, by Google's metadata."""

import re

from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
    region_code_for_number,
)
from phonenumbers.phonenumberutil import NumberParseException

from scoring.declare import Measured

_SEPARATORS = re.compile(r"[\s()./-]+")
TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
REGIONS = frozenset(SUPPORTED_REGIONS)
NO_COUNTRY = "001"  # numbers of no country, such as +800


def canonical_phone(text: str, region: str) -> str:
    """The number in E.164 ("+436601234567") if it can be read; otherwise without blanks and the like.

    `region`: the country of numbers without a country code; "" if they cannot be read.
    """
    number = _parse(text, region)
    return _SEPARATORS.sub("", text) if number is None else format_number(number, PhoneNumberFormat.E164)


def phone_signals(phone: str) -> Measured:
    """The signals of a canonical number (see docs/reference/signals.md), without those that it lacks.

    >>> phone_signals("+436601234567")
    {'is_valid': True, 'country': 'AT', 'type': 'mobile'}
    >>> phone_signals("+4366")
    {'is_valid': False}
    """
    number = _parse(phone, "")
    if number is None or not is_valid_number(number):
        return {"is_valid": False}
    country = region_code_for_number(number)
    signals: Measured = {"is_valid": True}
    if country and country != NO_COUNTRY:
        signals["country"] = country
    signals["type"] = TYPES.get(number_type(number), "other")
    return signals


def _parse(text: str, region: str) -> PhoneNumber | None:
    try:
        return parse(text, region or None)
    except NumberParseException:
        return None
