"""Card numbers (PANs), which must not be stored: the log is append-only, and many pages show ids.

A text contains a card number if 13 to 19 digits, grouped or not, stand apart from other digits and letters,
have the prefix and length of a card brand, and pass the Luhn check. Device ids (IMEI), UUIDs, hashes,
timestamps and most numeric ids fail the first or second condition. Of random numbers that pass both, nine in
ten fail the third.
"""

import re
from collections.abc import Iterator

from scoring.texts.surveys.survey import survey

MIN_LENGTH, MAX_LENGTH = 13, 19
_DIGITS = re.compile(
    r"(?<![\w.-])"  # not inside a longer word or number such as a UUID
    rf"(?=(\d(?:[\s._\u2010-\u2015\u2212-]{{0,3}}\d){{{MIN_LENGTH - 1},{MAX_LENGTH - 1}}}))"
)
_END = re.compile(r"(?!\w|[.-]\w)")
# Prefixes and lengths by brand (ISO/IEC 7812).
_BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12})"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:30[0-5]\d|3095|36\d\d|3[89]\d\d)\d{10}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|81\d\d)\d{12,15}"  # Discover, UnionPay, RuPay
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:220[0-4]|9792|60\d\d|82\d\d|508\d)\d{12}"  # Mir, Troy, RuPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}"  # Maestro
)
_DOUBLED = [sum(divmod(2 * digit, 10)) for digit in range(10)]


def has_card_number(text: str) -> bool:
    """Whether the text contains a card number.

    >>> has_card_number("4111 1111 1111 1111"), has_card_number("4111 1111 1111 1112")
    (True, False)
    """
    if len(text) < MIN_LENGTH or (text.isalnum() and not text.isdecimal()):
        return False  # like most ids: in one word of letters and digits no number stands apart
    if text.isdecimal():
        return len(text) <= MAX_LENGTH and _is_card_number(str(int(text)))
    return any(True for _ in _find(text))


def mask_card_numbers(text: str) -> str:
    """The text with all but the last four digits of each card number replaced by asterisks.

    >>> mask_card_numbers("use 4111 1111 1111 1111 today")
    'use ************1111 today'
    """
    if len(text) < MIN_LENGTH or survey(text).count("Nd") < MIN_LENGTH:
        return text
    parts, kept = [], 0
    for start, end, number in _find(text):
        if start >= kept:
            parts += [text[kept:start], "*" * (len(number) - 4), number[-4:]]
            kept = end
    return "".join([*parts, text[kept:]])


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, digits) of each card number in the text."""
    for found in _DIGITS.finditer(text):
        number = ""
        for place, character in enumerate(found[1], found.start() + 1):
            if not character.isdecimal():
                continue
            number += str(int(character))
            if len(number) >= MIN_LENGTH and _END.match(text, place) and _is_card_number(number):
                yield found.start(), place, number


def _is_card_number(number: str) -> bool:
    return bool(_BRANDS.fullmatch(number)) and _passes_luhn(number)


def _passes_luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B: from the right, every second digit doubled, the sum divisible by ten."""
    digits = list(map(int, reversed(number)))
    return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0
